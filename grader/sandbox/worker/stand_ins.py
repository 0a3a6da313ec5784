"""What students meet instead of a notebook's front end, a missing library, a forbidden package.

It knows nothing of where and when these are served.
"""

import dis
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn, Self


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


class StandIn:
    """A module, or anything reached through it, that may be named and annotated with, not used.

    Calling it, computing with it or deriving from it calls `refuse` with its dotted name.
    """

    def __init__(self, name: str, refuse: Callable[[str], NoReturn]) -> None:
        self._stand_in = (name, refuse)

    def __getattr__(self, name: str) -> "StandIn":
        if _is_internal(name) or name == "_stand_in":
            raise AttributeError(name)
        own, refuse = self._stand_in
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
    add radd sub rsub mul rmul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow
    and rand xor rxor lshift rshift neg pos abs invert lt le gt ge mro_entries
"""
for _operation in _OPERATIONS.split():
    setattr(StandIn, f"__{_operation}__", _refusing)


class Harmless:
    """Something whose use has no effect: it may be called, entered, indexed and unpacked."""

    def __getattr__(self, name: str) -> "Harmless":
        if _is_internal(name):
            raise AttributeError(name)
        return Harmless()

    def __call__(self, *_: object, **__: object) -> "Harmless":
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

    def __mro_entries__(self, _: object) -> tuple[type, ...]:
        return ()

    def __iter__(self) -> Iterator[object]:
        # `fig, ax = plt.subplots()` takes as many as it asks for, a loop takes none.
        frame = sys._getframe(1)  # noqa: SLF001 - the instruction that asks is only to be seen there
        code = frame.f_code.co_code
        asking = dis.opname[code[frame.f_lasti]]
        count = code[frame.f_lasti + 1] if asking == "UNPACK_SEQUENCE" else 0
        return iter([Harmless() for _ in range(count)])


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


_RUN_WHAT_THEY_TIME = frozenset({"time", "timeit", "prun", "memit", "capture"})


class Shell:
    """What get_ipython() gives: magics that time something run it, all others do nothing.

    `run_line` runs the text of a line magic, `run_body` that of a cell magic.
    """

    def __init__(self, run_line: Callable[[str], object], run_body: Callable[[str], None]) -> None:
        self._run_line = run_line
        self._run_body = run_body

    def run_line_magic(self, name: str, line: str, *_: object, **__: object) -> object:
        """`%name line`."""
        return self._run_line(line) if name in _RUN_WHAT_THEY_TIME else None

    def run_cell_magic(self, name: str, _: str, body: str) -> None:
        """`%%name` and the cell below it."""
        if name in _RUN_WHAT_THEY_TIME:
            self._run_body(body)

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
