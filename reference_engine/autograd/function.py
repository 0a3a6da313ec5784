"""Functions with a backward pass of their own: `torch.autograd.Function` and its context."""

import functools
import warnings
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, ClassVar

from reference_engine import _dispatch, _errors, _views
from reference_engine._modes import is_grad_enabled, no_grad, state
from reference_engine._tensor import Tensor
from reference_engine.autograd._function_nodes import (
    BackwardCFunction,
    FunctionCtx,
    delayed_error,
)

__all__ = [
    "BackwardCFunction", "Function", "FunctionCtx", "InplaceFunction", "once_differentiable",
]  # fmt: skip


class Function:
    """A step of a computation whose derivative its author writes.

    Subclasses define `forward(ctx, *inputs)` and `backward(ctx, *gradients)` as static methods (or
    `forward(*inputs)` and `setup_context(ctx, inputs, output)`), and are called by `apply`.
    """

    generate_vmap_rule = False
    clear_saved_tensors_on_access = False
    _backward_cls: ClassVar[type[BackwardCFunction]]

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        name = f"{cls.__name__}Backward"
        members = {"_forward_cls": cls, "__module__": __name__.replace("reference_engine", "torch")}
        cls._backward_cls = type(name, (BackwardCFunction,), members)

    def __init__(self, *_: Any, **__: Any) -> None:
        warnings.warn(
            _errors.FUNCTION_INSTANTIATED.format(cls=type(self)), DeprecationWarning, stacklevel=2
        )

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError(_errors.FUNCTION_LEGACY)

    @staticmethod
    def forward(*_: Any, **__: Any) -> Any:
        """Compute the outputs from the inputs."""
        raise NotImplementedError(_errors.FUNCTION_FORWARD)

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep what the backward pass will need, where `forward` takes no context."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: Any) -> Any:
        """Compute the gradients of the inputs from those of the outputs."""
        raise NotImplementedError(_errors.FUNCTION_BACKWARD)

    vjp = backward

    @staticmethod
    def jvp(ctx: FunctionCtx, *tangents: Any) -> Any:
        """The outputs' tangents; never called, for forward mode differentiates `backward`."""
        raise NotImplementedError(_errors.FUNCTION_JVP)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *inputs: Any) -> Any:
        """A rule for a batch of calls."""
        raise NotImplementedError(_errors.FUNCTION_VMAP)

    @classmethod
    def _backward_pass(cls) -> Callable[..., Any]:
        if cls.backward is Function.backward:
            return cls.vjp
        if cls.vjp is not Function.vjp:
            raise RuntimeError(_errors.FUNCTION_BOTH)
        return cls.backward

    @classmethod
    def apply(cls, *inputs: Any, **named: Any) -> Any:
        """Run the forward pass; what it returns, with this Function as its history."""
        if cls is Function:
            raise NotImplementedError(_errors.FUNCTION_FORWARD)
        if cls.setup_context is not Function.setup_context and (named or cls.forward.__defaults__):
            inputs, named = _with_defaults(cls.forward, inputs, named), {}
        required = [isinstance(one, Tensor) and one._requires_grad for one in inputs]
        recording = state.enabled and any(required)
        ctx = cls._backward_cls(tuple(required))
        with no_grad():
            if cls.setup_context is Function.setup_context:
                returned = cls.forward(ctx, *inputs, **named)
            else:
                returned = cls.forward(*inputs, **named)
                cls.setup_context(ctx, inputs, returned)
        outputs = list(returned) if isinstance(returned, tuple) else [returned]
        results = _outputs(ctx, inputs, outputs, recording=recording)
        return tuple(results) if isinstance(returned, tuple) else results[0]


def _with_defaults(
    forward: Callable[..., Any], inputs: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, ...]:
    """All arguments of a call of `forward` in order, those too that were left out."""
    import inspect  # only here: it loads much

    bound = inspect.signature(forward).bind(*inputs, **named)
    bound.apply_defaults()
    return bound.args


class InplaceFunction(Function):
    """A Function that may change its input in place."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


def _outputs(
    ctx: BackwardCFunction, inputs: Sequence[Any], outputs: list[Any], *, recording: bool
) -> list[Any]:
    """The outputs as the caller gets them; if recorded, on the Function's node."""
    dirty = ctx.dirty_tensors
    _check_dirty(dirty, inputs, outputs, recording=recording)
    aliased = {
        id(one): _alias(one)
        for one in outputs
        if isinstance(one, Tensor) and _among(one, inputs) and not _among(one, dirty)
    }
    results = [aliased.get(id(one), one) for one in outputs]
    tensors = [one for one in results if isinstance(one, Tensor)]
    origin = "function" if len(tensors) == 1 else "several"
    if ctx._is_pure_view:
        if len(tensors) != 1 or sum(isinstance(one, Tensor) for one in inputs) != 1:
            raise RuntimeError(_errors.PURE_VIEW)
        origin = ""
    for one in tensors:
        if one._view is not None and not _among(one, dirty):
            one._view.origin = origin
    if not recording:
        return results
    unmarked = {id(one) for one in ctx.non_differentiable}
    given = {number: one for number, one in enumerate(results) if isinstance(one, Tensor)}
    differentiable = {
        number: one
        for number, one in given.items()
        if one._array.dtype.kind == "f" and id(one) not in unmarked
    }
    if any(one._view is not None and _among(one, dirty) for one in tensors) and len(given) > 1:
        raise RuntimeError(_errors.DIRTY_VIEW)
    ctx.places_of_tensors = tuple(
        place for place, one in enumerate(inputs) if isinstance(one, Tensor)
    )
    ctx.record(tuple(chain.from_iterable(map(_dispatch.gradient_edge, inputs))), results)
    note = getattr(_dispatch.observer, "note", None)  # anomaly detection's
    if note is not None:
        note(ctx)
    for number, one in given.items():
        if number not in differentiable:
            one._requires_grad = False
    for number, one in differentiable.items():
        if one._view is not None and _among(one, dirty):
            _views.rebase_history(one, ctx)
        else:
            one._grad_fn, one._output_nr, one._requires_grad = ctx, number, True
    return results


def _check_dirty(
    dirty: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], *, recording: bool
) -> None:
    """Refuse what was wrongly marked as changed in place, or may not be changed."""
    for one in dirty:
        if not _among(one, outputs):
            raise RuntimeError(_errors.DIRTY_NOT_RETURNED)
        if not _among(one, inputs):
            if one._view is not None:
                raise RuntimeError(_errors.DIRTY_NO_INPUT)
            warnings.warn(_errors.DIRTY_NO_INPUT, UserWarning, stacklevel=5)
        if not recording:
            continue
        if one._view is None and one._requires_grad and one._grad_fn is None:
            raise RuntimeError(_errors.DIRTY_LEAF)
        _views.check_in_place(one, will_require_grad=True)


def _among(tensor: Tensor, others: Sequence[Any]) -> bool:
    return any(tensor is one for one in others)


def _alias(tensor: Tensor) -> Tensor:
    """A view of an input that was returned unchanged."""
    result = _dispatch.wrap(_dispatch.storage(tensor))
    result._counter = tensor._counter
    result._view = _views.View(tensor, several=False)
    result._requires_grad = result._view.base._requires_grad
    return result


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a backward pass compute without being recorded: it cannot be differentiated again."""

    @functools.wraps(function)
    def wrapped(ctx: FunctionCtx, *gradients: Any) -> Any:
        with no_grad():
            found = function(ctx, *gradients)
        required = any(isinstance(one, Tensor) and one._requires_grad for one in gradients)
        if not (required and is_grad_enabled()):
            return found
        results = [one if one is None else one.detach().requires_grad_() for one in _tuple(found)]
        return delayed_error(_errors.TWICE_DIFFERENTIATED, results)

    return wrapped


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
