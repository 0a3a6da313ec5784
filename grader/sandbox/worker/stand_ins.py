"""What students meet instead of a notebook's front end, a missing library, a forbidden package.

It knows nothing of where and when these are served.
"""

import dis
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, Self


class ForbiddenUse(RuntimeError):  # noqa: N818 - students read the name
    """An autograd package was used where the gradient is to be worked out by hand."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not allowed here: this is to be done with NumPy alone")
        self.name = name


def refuse_forbidden(name: str) -> NoReturn:
    """Raise what the use of a forbidden package raises."""
    raise ForbiddenUse(name)


def refuse_missing(name: str) -> NoReturn:
    """Raise what the use of a library raises that is not installed."""
    library = name.partition(".")[0]
    raise ModuleNotFoundError(
        f"No module named {library!r} (it is not installed where your work is graded)",
        name=library,
    )


def _is_internal(name: str) -> bool:
    # Python probes objects for names such as __wrapped__ or __len__: there they must be absent.
    return name.startswith("__") and name.endswith("__") and name != "__version__"


_SWITCHES = frozenset(
    f"torch.{name}"
    for name in (
        "no_grad", "inference_mode", "enable_grad", "set_grad_enabled", "autograd.no_grad",
        "autograd.set_detect_anomaly", "manual_seed", "random.manual_seed", "cuda.manual_seed",
        "cuda.manual_seed_all", "set_printoptions", "set_default_dtype", "set_num_threads",
        "use_deterministic_algorithms",
    )
)  # fmt: skip
"""What computes nothing: a function that is worked out by hand is the same under it."""


class StandIn:
    """A module, or anything reached through it, that may be named and annotated with, not used.

    Calling it, computing with it or deriving from it calls `refuse` with its dotted name, unless
    what is forbidden is but a switch.
    """

    def __init__(self, name: str, refuse: Callable[[str], NoReturn]) -> None:
        self._stand_in = (name, refuse)

    def __getattr__(self, name: str) -> "StandIn | Harmless":
        if _is_internal(name) or name == "_stand_in":
            raise AttributeError(name)
        own, refuse = self._stand_in
        if refuse is refuse_forbidden and f"{own}.{name}" in _SWITCHES:
            return Uncompiled()
        return StandIn(f"{own}.{name}", refuse)

    def __repr__(self) -> str:
        return f"<{self._stand_in[0]}: not available here>"

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, StandIn)

    def __subclasscheck__(self, _: type) -> bool:
        return False

    def __or__(self, other: object) -> "StandIn":
        return self  # `Tensor | None` in an annotation

    __ror__ = __or__


def _refusing(self: StandIn, *_: object, **__: object) -> NoReturn:
    name, refuse = self._stand_in
    refuse(name)


_OPERATIONS = """
    call getitem setitem delitem iter next len contains enter exit await array float int index
    and rand xor rxor lshift rshift invert mro_entries
"""
_ARITHMETIC = """
    add radd sub rsub mul rmul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow
    neg pos abs lt le gt ge
"""
for _operation in (*_OPERATIONS.split(), *_ARITHMETIC.split()):
    setattr(StandIn, f"__{_operation}__", _refusing)


class Harmless:
    """Something whose use has no effect: it may be called, entered, indexed and computed with."""

    __array_ufunc__ = None  # an array leaves what is computed with both to this

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __getattr__(self, name: str) -> "Harmless":
        if _is_internal(name):
            raise AttributeError(name)
        return Harmless()

    def __call__(self, *_: object, **__: object) -> object:
        """Do nothing."""
        return Harmless()

    def __getitem__(self, _: object) -> "Harmless":
        return Harmless()

    def __setitem__(self, _: object, __: object) -> None:
        pass

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        # What is derived from it calls the methods that it would inherit; no base may come twice.
        first = next(one for one in bases if isinstance(one, Harmless))
        return (Harmless,) if first is self else ()

    def __format__(self, _: str) -> str:
        return ""

    def __iter__(self) -> Iterator[object]:
        # `fig, ax = plt.subplots()` takes as many as it asks for, a loop takes none.
        frame = sys._getframe(1)  # noqa: SLF001 - the instruction that asks is only to be seen there
        code = frame.f_code.co_code
        asking = dis.opname[code[frame.f_lasti]]
        count = code[frame.f_lasti + 1] if asking == "UNPACK_SEQUENCE" else 0
        return iter([Harmless() for _ in range(count)])


def _harmless(*_: object) -> Harmless:
    return Harmless()


for _operation in _ARITHMETIC.split():
    setattr(Harmless, f"__{_operation}__", _harmless)


class Progress(Harmless):
    """What a bar of progress is made of, without the bar."""

    write = staticmethod(print)

    def __init__(self, values: Iterable[object] = (), *_: object, **__: object) -> None:
        self._values = values

    def __iter__(self) -> Iterator[object]:
        return iter(self._values)


class ProgressBars(Harmless):
    """`tqdm` and its submodules, which most loops can do without."""

    tqdm = tqdm_notebook = Progress

    @staticmethod
    def trange(*bounds: int, **_: object) -> Progress:
        """A bar over a range."""
        return Progress(range(*bounds))

    tnrange = trange


class Uncompiled(Harmless):
    """A library of decorators such as `numba`, which give back what they decorate."""

    prange = range

    def __getattr__(self, name: str) -> "Harmless":
        if _is_internal(name):
            raise AttributeError(name)
        return Uncompiled()

    def __call__(self, *values: object, **_: object) -> object:
        """The function itself, or what will give it back."""
        return values[0] if len(values) == 1 and callable(values[0]) else Uncompiled()


_RUN_WHAT_THEY_TIME = frozenset({"time", "timeit", "prun", "memit", "capture"})
_WRITE_A_FILE = frozenset({"writefile", "file"})


class Shell:
    """What get_ipython() gives: magics that time something run it, those that write a file do.

    `%run` runs a file. All others do nothing.

    `run_line` runs the text of a line magic, `run_body` that of a cell magic, `run_file` a file by
    its path. `names` are those that the cells define.
    """

    def __init__(
        self,
        run_line: Callable[[str], object],
        run_body: Callable[[str], None],
        *,
        run_file: Callable[[str], None],
        names: dict[str, Any],
    ) -> None:
        self._run_line = run_line
        self._run_body = run_body
        self._run_file = run_file
        self._names = names

    def run_line_magic(self, name: str, line: str, *_: object, **__: object) -> object:
        """`%name line`."""
        words = line.split()
        if name in _RUN_WHAT_THEY_TIME:
            value = self._run_line(line)
            return Harmless() if name == "timeit" and "-o" in words else value
        if name == "run" and (paths := [one for one in words if not one.startswith("-")]):
            self._run_file(paths[0].strip("\"'"))
        return None

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        """`%%name` and the cell below it."""
        if name in _RUN_WHAT_THEY_TIME:
            self._run_body(body)
            for kept in line.split() if name == "capture" else ():
                if kept.isidentifier():
                    self._names[kept] = Harmless()
        elif name in _WRITE_A_FILE:
            *options, path = line.split() or [""]
            with open(path, "a" if "-a" in options else "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(body)

    def magic(self, line: str) -> object:
        """A line magic as notebooks that were saved as modules spell it."""
        name, _, rest = line.partition(" ")
        return self.run_line_magic(name, rest)

    def system(self, *_: object) -> None:
        """`!command`: nothing is run."""

    def getoutput(self, *_: object, **__: object) -> list[str]:
        """`x = !command`: nothing is run, nothing was said."""
        return []

    def __getattr__(self, _: str) -> Harmless:
        return Harmless()


def no_display(*_: object, **__: object) -> None:
    """`display(x)`: there is no screen."""


def no_input(_: object = "", /) -> str:
    """`input()`: nobody answers."""
    return ""


class WakeUp:
    """One end of a pair of sockets as far as an event loop uses it to wake itself up."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._reading

    def setblocking(self, flag: bool) -> None:
        """Whether the other methods wait."""
        for descriptor in (self._reading, self._writing):
            os.set_blocking(descriptor, flag)

    def recv(self, size: int) -> bytes:
        """At most `size` bytes of what the other end sent."""
        return os.read(self._reading, size)

    def send(self, data: bytes) -> int:
        """How many of the bytes were sent."""
        return os.write(self._writing, data)

    def close(self) -> None:
        """Give both descriptors back."""
        os.close(self._reading)
        os.close(self._writing)


def wake_up_pair(*_: object) -> tuple[WakeUp, WakeUp]:
    """What stands for `socket.socketpair` where there are no sockets: `asyncio` needs one."""
    (first, to_first), (second, to_second) = os.pipe(), os.pipe()
    return WakeUp(first, to_second), WakeUp(second, to_first)
