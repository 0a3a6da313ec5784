"""Whether operations are recorded: PyTorch's grad modes, one state for each thread.

Each mode is a context manager and a decorator. Setting a mode is all that happens here; the
dispatch reads it.
"""

import warnings
from _thread import _local  # as `threading` has it, which loads much
from collections.abc import Callable
from functools import partial, wraps
from types import TracebackType
from typing import Any

from reference_engine import _errors


class _State(_local):
    def __init__(self) -> None:
        self.enabled = True  # set by `record` and backward passes only
        self.inference = False


state = _State()
"""`state.enabled`: is this thread recording? True in every new thread, as in PyTorch.
`state.inference`: are the tensors it makes shut out of autograd for good?"""

unrecorded: list[None] = []
"""An entry for each thread that is not recording now, and for each backward pass. While there are
none, as is usual, nobody needs to ask for this thread's own state, which takes longer."""


def record(wanted: bool) -> None:
    """Let this thread record from here on, or not."""
    if state.enabled and not wanted:
        unrecorded.append(None)
        state.enabled = False
    elif wanted and not state.enabled:
        state.enabled = True
        unrecorded.pop()  # last: whatever interrupts this, there are never too few


inference_used = False
"""Whether any thread was ever in inference mode: until then nobody needs to ask."""


_CO_GENERATOR = 0x20  # as `inspect` has it, which loads much
"""The flag of a generator function's code."""


def _around(mode: Callable[[], Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs in a mode; of a generator function, each step does."""

    @wraps(function)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        with mode():
            return function(*args, **kwargs)

    @wraps(function)
    def generating(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        step: Callable[[], Any] = partial(next, generator)
        while True:
            try:
                with mode():
                    value = step()
            except StopIteration as stop:
                return stop.value
            try:
                received = yield value
            except GeneratorExit:
                with mode():
                    generator.close()
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, the generator sees it
                step = partial(generator.throw, error)
            else:
                step = partial(generator.send, received)

    if isinstance(function, type):
        warnings.warn(_errors.CLASS_DECORATED, FutureWarning, stacklevel=3)
    code = getattr(function, "__code__", None)
    return generating if code is not None and code.co_flags & _CO_GENERATOR else decorated


class _Mode:
    """Sets the mode on entering and restores it on leaving, also around a decorated function."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._former: list[bool] = []

    def __enter__(self) -> None:
        self._former.append(state.enabled)
        record(self._enabled)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        record(self._former.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _around(lambda: _Mode(self._enabled), function)


class _FixedMode(_Mode):
    """A mode whose value is its class's; usable as a decorator with or without parentheses."""

    _value: bool

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        mode = object.__new__(cls)
        if function is None:
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__(self._value)

    def clone(self) -> Any:
        """A mode of the same kind."""
        return type(self)()


class no_grad(_FixedMode):
    """Nothing computed inside is recorded."""

    __module__ = "torch.autograd.grad_mode"

    _value = False


class enable_grad(_FixedMode):
    """What is computed inside is recorded, also within `no_grad`."""

    __module__ = "torch.autograd.grad_mode"

    _value = True


class inference_mode(_Mode):
    """As `no_grad`, and what is made inside can never take part in autograd."""

    __module__ = "torch.autograd.grad_mode"

    def __new__(cls, mode: Any = True) -> Any:
        made = object.__new__(cls)
        if not callable(mode):
            return made
        made.__init__()  # type: ignore[misc]
        return made(mode)

    def __init__(self, mode: Any = True) -> None:
        self._inference = mode is not False
        self._outer: list[bool] = []
        super().__init__(not self._inference)

    def __enter__(self) -> None:
        super().__enter__()
        global inference_used
        inference_used = True
        self._outer.append(state.inference)
        state.inference = self._inference

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        state.inference = self._outer.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _around(lambda: inference_mode(self._inference), function)

    def clone(self) -> "inference_mode":
        """The same mode."""
        return inference_mode(self._inference)


def is_inference_mode_enabled() -> bool:
    """Whether tensors made by this thread now are inference tensors."""
    return state.inference


class set_grad_enabled(_Mode):
    """Sets the mode at once; as a context manager, restores the former one on leaving."""

    __module__ = "torch.autograd.grad_mode"

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(_errors.GRAD_MODE_TYPE.format(type=type(mode).__name__))
        super().__init__(mode)
        self._before = state.enabled
        record(mode)

    def __enter__(self) -> None:
        self._former.append(self._before)
        record(self._enabled)

    def __repr__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self._enabled})"

    def clone(self) -> "set_grad_enabled":
        """The same mode, set once more."""
        return set_grad_enabled(self._enabled)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        record(self._before)
        return super().__call__(function)


def is_grad_enabled() -> bool:
    """Whether operations of this thread are recorded now."""
    return state.enabled
