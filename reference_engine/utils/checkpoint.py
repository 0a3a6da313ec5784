"""torch.utils.checkpoint: computing a part of a model again in the backward pass, to save memory.

The usual variant saves nothing of what the part computes: each saved tensor is a placeholder, and
the first one that is asked for has the part run again. The older, "reentrant" one is a Function
whose backward pass runs the part, and a backward pass of its own.
"""

import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from typing import Any, Self

from reference_engine import _saved
from reference_engine._drawing import get_rng_state, set_rng_state
from reference_engine._modes import enable_grad, no_grad, state
from reference_engine._running import running_pass
from reference_engine._tensor import Tensor
from reference_engine.autograd import backward
from reference_engine.autograd.function import Function
from reference_engine.autograd.graph import saved_tensors_hooks
from reference_engine.random import fork_rng

__all__ = [
    "CheckpointError", "CheckpointFunction", "GraphExecGroup", "checkpoint",
    "checkpoint_sequential", "noop_context_fn", "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
]  # fmt: skip


class CheckpointError(RuntimeError):
    """What ran again is not what had run."""


class _Stop(Exception):  # noqa: N818 - it ends a computation, and is no error
    """All that was saved is computed again."""


_settings: dict[str, bool | None] = {"debug": None, "early stop": None}


@contextmanager
def _setting(name: str, value: bool | None) -> Iterator[None]:
    former = _settings[name]
    _settings[name] = value
    try:
        yield
    finally:
        _settings[name] = former


def set_checkpoint_debug_enabled(enabled: bool | None) -> AbstractContextManager[None]:
    """Overrule `debug` of the checkpoints inside."""
    return _setting("debug", enabled)


def set_checkpoint_early_stop(enable: bool) -> AbstractContextManager[None]:
    """Overrule `early_stop` of the checkpoints inside."""
    return _setting("early stop", enable)


def noop_context_fn() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Contexts that do nothing: for the first run, and for the one that computes again."""
    return nullcontext(), nullcontext()


class GraphExecGroup:
    """Backward passes inside compute each checkpointed part again but once."""

    _current: "GraphExecGroup | None" = None

    def __enter__(self) -> Self:
        if GraphExecGroup._current is not None:
            raise RuntimeError(
                "GraphExecGroup contexts cannot be nested. Already inside group "
                f"{GraphExecGroup._current}"
            )
        GraphExecGroup._current = self
        return self

    def __exit__(self, *_: object) -> None:
        GraphExecGroup._current = None


def checkpoint(
    function: Callable[..., Any], *args: Any, use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default", debug: bool = False, early_stop: bool = True, **kwargs: Any,
) -> Any:  # fmt: skip
    """What `function` gives for these arguments; for the gradient it is run again.

    `context_fn` gives the contexts of the two runs. `early_stop` ends the second one when all that
    was saved is there again. `preserve_rng_state` (default True) lets it draw the same numbers.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
            "Starting in PyTorch 2.9, calling checkpoint without use_reentrant will raise an "
            "exception. use_reentrant=False is recommended, but if you need to preserve the "
            "current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.",
            UserWarning,
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve, *args)
    forward_context, recompute_context = context_fn()
    if not state.enabled:
        return function(*args, **kwargs)
    generator = get_rng_state() if preserve else None

    def run_again(*given: Any) -> None:
        with fork_rng(enabled=preserve), recompute_context:
            if generator is not None:
                set_rng_state(generator)
            function(*given, **kwargs)

    if determinism_check not in {"default", "none"}:
        raise ValueError(
            "determinism_check should be one of ['default', 'none'], but got " + determinism_check
        )
    stop = early_stop if _settings["early stop"] is None else _settings["early stop"]
    told = debug if _settings["debug"] is None else _settings["debug"]
    frame = _Frame(run_again, args, early_stop=bool(stop), debug=bool(told))
    frame.compares = determinism_check == "default"
    with saved_tensors_hooks(frame.pack, frame.unpack), forward_context:
        found = function(*args, **kwargs)
    frame.complete = True
    return found


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """`checkpoint` for each of so many segments of a Sequential, but the last."""
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be "
            "passed explicitly. In version 2.9 we will raise an exception if use_reentrant is not "
            "passed. use_reentrant=False is recommended, but if you need to preserve the current "
            "default behavior, you can pass use_reentrant=True. Refer to docs for more details on "
            "the differences between the two variants.",
            UserWarning,
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def run(part: Sequence[Callable[[Any], Any]], value: Any) -> Any:
        for step in part:
            value = step(value)
        return value

    size = len(steps) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        part = steps[start:end]
        input = checkpoint(
            lambda value, part=part: run(part, value), input, use_reentrant=use_reentrant,
            preserve_rng_state=preserve,
        )  # fmt: skip
    return run(steps[end:], input)


# -- placeholders ---------------------------------------------------------------------------------


class _Placeholder:
    """Stands for a tensor that was saved; `given` says in which passes it was taken out."""

    __slots__ = ("__weakref__", "given", "values")

    def __init__(self) -> None:
        self.values: dict[Any, Tensor] = {}
        self.given: set[Any] = set()


class _Frame:
    """One checkpointed run: what it saved, and how it is run again."""

    def __init__(
        self, run_again: Callable[..., None], arguments: Sequence[Any], *, early_stop: bool,
        debug: bool,
    ) -> None:  # fmt: skip
        self._run_again = run_again
        self._arguments = [_packed(one) for one in arguments]
        self._early_stop = early_stop
        self._debug = debug
        self._saved: list[weakref.ref[_Placeholder]] = []
        self._looks: list[dict[str, Any]] = []
        self._runs: dict[Any, int] = {}
        self.compares = True
        self.complete = False
        self._nested = False

    def pack(self, tensor: Tensor) -> _Placeholder:
        """The placeholder of a tensor."""
        made = _Placeholder()
        self._saved.append(weakref.ref(made))
        self._looks.append(_look(tensor))
        return made

    def unpack(self, placeholder: _Placeholder) -> Tensor:
        """The tensor, after the part was run again, once in a pass."""
        task = GraphExecGroup._current or _task()
        if task not in self._runs:
            self._compute(task)
        if task in placeholder.given:
            inside = ""
            if GraphExecGroup._current is not None:
                inside = (
                    "Performing two backward calls that overlap (i.e. require the same saved "
                    "activation in order to compute gradients) is not allowed while under the "
                    "torch.utils.checkpoint.GraphExecGroup context. "
                )
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already "
                f"unpacked once. {inside}If you are calling ctx.saved_tensors in backward, make "
                "sure to do so only once. Otherwise please open an issue with details on your use "
                "case."
            )
        placeholder.given.add(task)
        return placeholder.values.pop(task)

    def _compute(self, task: Any) -> None:
        self._runs[task] = 0
        try:
            keeping = saved_tensors_hooks(lambda one: self._keep(task, one), lambda one: one)
            with keeping, enable_grad():
                self._run_again(*[_unpacked(one) for one in self._arguments])
        except _Stop:
            pass
        try:
            self._check(task)
        except CheckpointError as error:
            if not self._debug:
                raise
            raise CheckpointError(
                "An error happened while unpacking tensors; dumping logs of latest computation "
                "because you passed `debug=True` to `torch.utils.checkpoint.checkpoint()`.\n"
                "You are seeing this error because you passed `debug=True` to checkpoint and "
                "tensors to be saved during the original forward and recomputation differ.\n"
                f"{error}"
            ) from error

    def _keep(self, task: Any, tensor: Tensor) -> Tensor:
        """Give a tensor that the second run saves to the placeholder in its place."""
        number = self._runs[task]
        self._runs[task] += 1
        if number >= len(self._saved):
            if not self.complete:  # a backward pass inside the part itself
                self._nested = True
                return tensor
            raise CheckpointError(
                "torch.utils.checkpoint: trying to save more tensors during recomputation than "
                f"during the original forward pass.\n{_TIP}"
            )
        placeholder = self._saved[number]()
        if placeholder is not None:
            placeholder.values[task] = tensor.detach() if tensor._requires_grad else tensor
        if self._early_stop and self._runs[task] == len(self._saved):
            raise _Stop
        return tensor

    def _check(self, task: Any) -> None:
        """Refuse a second run that saved something else than the first."""
        if self._nested:
            return
        if self._runs[task] != len(self._saved):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self._saved)}\n"
                f"Number of tensors saved during recomputation: {self._runs[task]}.\n{_TIP}"
            )
        different = ""
        for number, (reference, look) in enumerate(zip(self._saved, self._looks, strict=True)):
            placeholder = reference()
            if placeholder is None or not self.compares:
                continue
            found = _look(placeholder.values[task])
            if found != look:
                different += (
                    f"tensor at position {number}:\nsaved metadata: {look}\n"
                    f"recomputed metadata: {found}\n"
                )
        if different:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                f"different metadata than during the forward pass.\n{different}.\n{_TIP}"
            )


_TIP = (
    "\nTip: To see a more detailed error message, either pass `debug=True` to\n"
    "`torch.utils.checkpoint.checkpoint(...)` or wrap the code block\n"
    "with `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to\n"
    "enable checkpoint\u2011debug mode globally.\n\n"
    "If this error occurs under torch.compile with automatic_dynamic_shapes enabled,\n"
    "it may be because the recomputation selected a different compiled graph than the\n"
    "forward pass (e.g., a dynamic graph instead of the original static graph).\n"
    "To fix this, either:\n"
    "  - Use torch._dynamo.mark_dynamic() to explicitly mark varying dimensions as\n"
    "    dynamic upfront, avoiding the static-to-dynamic transition.\n"
    "  - Call torch._C._dynamo.eval_frame._set_lru_cache(False) to disable LRU cache\n"
    "    reordering, which can change which graph is checked first between forward\n"
    "    and recompute.\n"
    "See https://github.com/pytorch/pytorch/issues/166926 for more details and\n"
    "workaround examples.\n"
)

_outside = count(-2, -1).__next__
"""Numbers what is taken out while no backward pass is running: each time for itself."""


def _task() -> int:
    found = running_pass()
    return _outside() if found is None else found[1]["task"]


def _look(tensor: Tensor) -> dict[str, Any]:
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}


def _packed(argument: Any) -> Any:
    """An argument as the hooks around the checkpoint, if any, keep it."""
    if isinstance(argument, Tensor) and _saved.saved_hooks:
        return _saved.Packed(argument, *_saved.saved_hooks[-1])
    return argument


def _unpacked(argument: Any) -> Any:
    return argument.tensor() if isinstance(argument, _saved.Packed) else argument


# -- the older variant ----------------------------------------------------------------------------


class CheckpointFunction(Function):
    """Runs without being recorded; its backward pass runs again and goes back through that."""

    @staticmethod
    def forward(ctx: Any, function: Callable[..., Any], preserve: bool, *inputs: Any) -> Any:
        """Keep the function and the inputs."""
        if not any(isinstance(one, Tensor) and one._requires_grad for one in inputs):
            warnings.warn(
                "None of the inputs have requires_grad=True. Gradients will be None",
                UserWarning,
                stacklevel=3,
            )
        ctx.function = function
        ctx.generator = get_rng_state() if preserve else None
        ctx.places = [number for number, one in enumerate(inputs) if isinstance(one, Tensor)]
        ctx.inputs = [None if isinstance(one, Tensor) else one for one in inputs]
        ctx.save_for_backward(*(inputs[number] for number in ctx.places))
        with no_grad():
            return function(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Run again on the inputs as leaves, and go back from there."""
        running = running_pass()
        if running is not None and running[0]["applied"] is not None:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to .backward(). To resolve this error, you can "
                "either set use_reentrant=False, or call .backward() without passing the `inputs` "
                "argument."
            )
        inputs = list(ctx.inputs)
        for number, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[number] = tensor.detach().requires_grad_(tensor._requires_grad)
        with fork_rng(enabled=ctx.generator is not None), enable_grad():
            if ctx.generator is not None:
                set_rng_state(ctx.generator)
            found = ctx.function(*inputs)
        outputs = found if isinstance(found, tuple) else (found,)
        followed = [
            (one, way)
            for one, way in zip(outputs, gradients, strict=True)
            if isinstance(one, Tensor) and one._requires_grad
        ]
        if not followed:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        backward([one for one, _ in followed], [way for _, way in followed])
        found_gradients = [one._grad if isinstance(one, Tensor) else None for one in inputs]
        return None, None, *found_gradients
