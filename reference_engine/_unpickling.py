"""Runs the pickle programs of PyTorch's files, as far as they make tensors and plain data.

A small machine of its own instead of Python's: it has no way to import or to call what a file
names. Whatever else a program asks for is refused with PyTorch's error.
"""

import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from reference_engine import _errors, _pickling
from reference_engine._types import ALL, Size, device

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
"""The first value in a file of PyTorch's before 1.6."""

WEIGHTS_ONLY = (
    "Weights only load failed. In PyTorch 2.6, we changed the default value of the `weights_only` "
    "argument in `torch.load` from `False` to `True`. Re-running `torch.load` with `weights_only` "
    "set to `False` will likely succeed, but it can result in arbitrary code execution. Do it only "
    "if you got the file from a trusted source.\nPlease file an issue with the following so that "
    "we can make `weights_only=True` compatible with your use case: WeightsUnpickler error: "
    "\n\n{error}\n\nCheck the documentation of torch.load to learn more about types accepted by "
    "default with weights_only https://pytorch.org/docs/stable/generated/torch.load.html."
)
UNSUPPORTED_GLOBAL = (
    "Weights only load failed. This file can still be loaded, to do so you have two options, "
    "\033[1mdo those steps only if you trust the source of the checkpoint\033[0m. \n\t(1) In "
    "PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` from "
    "`False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will likely "
    "succeed, but it can result in arbitrary code execution. Do it only if you got the file from a "
    "trusted source.\n\t(2) Alternatively, to load with `weights_only=True` please check the "
    "recommended steps in the following error message.\n\tWeightsUnpickler error: Unsupported "
    "global: GLOBAL {name} was not an allowed global by default. Please use "
    "`torch.serialization.add_safe_globals([{name}])` or the "
    "`torch.serialization.safe_globals([{name}])` context manager to allowlist this global if you "
    "trust this class/function.\n\nCheck the documentation of torch.load to learn more about types "
    "accepted by default with weights_only "
    "https://pytorch.org/docs/stable/generated/torch.load.html."
)


class _Made:
    """What a file may name: something to call with arguments, or a kind of storage."""

    def __init__(self, name: str, call: Callable[..., Any] | None) -> None:
        self.name = name
        self.call = call


_MARK = object()


def unpickled(program: bytes, storage_of: Any, tensor_over: Any, *, allow_hint: bool) -> Any:
    """What a program makes; `storage_of` finds memory, `tensor_over` shows it as a tensor.

    `allow_hint` chooses PyTorch's error for a refused global over NotCovered.
    """
    machine = _Machine(program, storage_of, tensor_over)
    try:
        return machine.run()
    except _UnknownGlobal as unknown:
        if not allow_hint:
            raise _errors.NotCovered(f"load({unknown})") from None
        raise _unpickling_error(UNSUPPORTED_GLOBAL.format(name=unknown)) from None
    except (LookupError, ValueError, TypeError, struct.error) as error:
        raise _unpickling_error(WEIGHTS_ONLY.format(error=error)) from None


class _UnknownGlobal(Exception):  # noqa: N818 - never leaves this module
    pass


def _unpickling_error(text: str) -> Exception:
    import pickle

    return pickle.UnpicklingError(text)


class _Machine:
    """A stack, a memo and a program; `_STEPS` says what each opcode does."""

    def __init__(self, program: bytes, storage_of: Any, tensor_over: Any) -> None:
        self._program = program
        self._at = 0
        self._storage_of = storage_of
        self._tensor_over = tensor_over
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._callables: dict[str, Callable[..., Any]] = {
            _pickling.ORDERED_DICT: OrderedDict,
            _pickling.REBUILD_TENSOR: self._tensor,
            _pickling.REBUILD_PARAMETER: _parameter,
            "torch Size": Size,
            "torch device": device,
            "__builtin__ set": set,
            "builtins set": set,
        }

    def run(self) -> Any:
        while True:
            opcode = self._take(1)
            if opcode == b".":
                return self._stack.pop()
            step = _STEPS.get(opcode)
            if step is None:
                raise ValueError(f"Unsupported operand {opcode[0]}")
            step(self)

    def _take(self, count: int) -> bytes:
        found = self._program[self._at : self._at + count]
        if len(found) < count:
            raise ValueError("the program ends too early")
        self._at += count
        return found

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _line(self) -> str:
        end = self._program.index(b"\n", self._at)
        return self._take(end + 1 - self._at)[:-1].decode()

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop_marked(self) -> list[Any]:
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise ValueError("a mark is missing")
        found = self._stack[place + 1 :]
        del self._stack[place:]
        return found

    def _several(self, count: int) -> None:
        found = tuple(self._stack[-count:])
        del self._stack[-count:]
        self._push(found)

    def _global(self) -> None:
        name = f"{self._line()} {self._line()}"
        module, _, attribute = name.partition(" ")
        kind = next((one for one in ALL if repr(one) == f"{module}.{attribute}"), None)
        if kind is not None:
            self._push(kind)
        elif name in self._callables:
            self._push(_Made(attribute, self._callables[name]))
        elif module == "torch" and attribute.endswith("Storage"):
            self._push(_Made(attribute, None))
        else:
            raise _UnknownGlobal(f"{module}.{attribute}")

    def _call(self) -> None:
        arguments = self._stack.pop()
        made = self._stack.pop()
        if type(made) is not _Made or made.call is None or type(arguments) is not tuple:
            raise ValueError(f"Unsupported call of {made!r}")
        self._push(made.call(*arguments))

    def _persistent(self) -> None:
        kind, storage, key, location, count = self._stack.pop()
        if kind != "storage" or type(storage) is not _Made:
            raise ValueError("Only persistent_load of storage is allowed")
        self._push(self._storage_of(storage.name, str(key), str(location), int(count)))

    def _build(self) -> None:
        state = self._stack.pop()
        if type(self._stack[-1]) is not OrderedDict or type(state) is not dict:
            raise ValueError("Can only build OrderedDict objects")
        self._stack[-1].__dict__.update(state)

    def _append(self) -> None:
        value = self._stack.pop()
        self._of(list).append(value)

    def _extend(self) -> None:
        values = self._pop_marked()
        self._of(list).extend(values)

    def _set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._of(dict, OrderedDict)[key] = value

    def _set_items(self) -> None:
        values = self._pop_marked()
        self._of(dict, OrderedDict).update(zip(values[::2], values[1::2], strict=True))

    def _of(self, *kinds: type) -> Any:
        """The container on top of the stack."""
        if type(self._stack[-1]) not in kinds:
            raise ValueError(f"Cannot add to {type(self._stack[-1]).__name__}")
        return self._stack[-1]

    def _put(self, number: int) -> None:
        self._memo[number] = self._stack[-1]

    def _get(self, number: int) -> None:
        self._push(self._memo[number])

    def _tensor(
        self, flat: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, *_: Any
    ) -> Any:
        made = self._tensor_over(flat, offset, tuple(size), tuple(stride))
        if requires_grad:
            made.requires_grad_(True)
        return made


def _parameter(data: Any, requires_grad: Any, *_: Any) -> Any:
    from reference_engine.nn.parameter import Parameter

    return Parameter(data, bool(requires_grad))


_STEPS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": lambda one: _check_protocol(one._number("B")),
    b"c": _Machine._global,
    b"q": lambda one: one._put(one._number("B")),
    b"r": lambda one: one._put(one._number("<I")),
    b"h": lambda one: one._get(one._number("B")),
    b"j": lambda one: one._get(one._number("<I")),
    b"N": lambda one: one._push(None),
    b"\x88": lambda one: one._push(True),
    b"\x89": lambda one: one._push(False),
    b"K": lambda one: one._push(one._number("B")),
    b"M": lambda one: one._push(one._number("<H")),
    b"J": lambda one: one._push(one._number("<i")),
    b"\x8a": lambda one: one._push(
        int.from_bytes(one._take(one._number("B")), "little", signed=True)
    ),
    b"G": lambda one: one._push(one._number(">d")),
    b"X": lambda one: one._push(one._take(one._number("<I")).decode("utf-8", "surrogatepass")),
    b"(": lambda one: one._push(_MARK),
    b")": lambda one: one._push(()),
    b"t": lambda one: one._push(tuple(one._pop_marked())),
    b"\x85": lambda one: one._several(1),
    b"\x86": lambda one: one._several(2),
    b"\x87": lambda one: one._several(3),
    b"]": lambda one: one._push([]),
    b"}": lambda one: one._push({}),
    b"a": _Machine._append,
    b"e": _Machine._extend,
    b"s": _Machine._set_item,
    b"u": _Machine._set_items,
    b"R": _Machine._call,
    b"b": _Machine._build,
    b"Q": _Machine._persistent,
}


def _check_protocol(found: int) -> None:
    if found != 2:
        raise ValueError(f"Unsupported pickle protocol {found}")
