"""Functions with a backward pass of their own: `torch.autograd.Function` and its context."""

import functools
import warnings
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors, _saved, _views
from reference_engine._graph import Gradient, Node
from reference_engine._modes import no_grad, state
from reference_engine._tensor import Tensor


class FunctionCtx:
    """What the forward pass of a Function hands to its backward pass."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self.materialize_grads = True
        self._to_save: tuple[Tensor | None, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._non_differentiable: tuple[Tensor, ...] = ()
        self._node: FunctionNode | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs; `saved_tensors` gives them back, unless they were changed."""
        for position, one in enumerate(tensors):
            if one is not None and not isinstance(one, Tensor):
                raise TypeError(
                    _errors.SAVE_TYPE.format(position=position, type=type(one).__name__)
                )
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was saved; raises where it was freed, or modified in place since."""
        return self._to_save if self._node is None else self._node.unpacked()

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs the forward pass has changed in place."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether the backward pass is given zeros (the default) or None where nothing arrived."""
        self.materialize_grads = value


class FunctionNode(Node):
    """The node of one application of a Function; stands for its context too, as in PyTorch."""

    __slots__ = ("_function", "ctx", "saved", "versions")

    several = True

    def __init__(
        self, edges: tuple[Any, ...], outputs: Sequence[Tensor], function: Any, ctx: FunctionCtx
    ) -> None:
        shapes = tuple(one._array.shape for one in outputs)
        super().__init__(edges, shapes, tuple(one._array.dtype for one in outputs))
        self._function = function
        self.ctx = ctx
        numbers = {id(one): number for number, one in enumerate(outputs)}
        self.saved: tuple[Any, ...] | None = tuple(
            _without_node(one, numbers) for one in ctx._to_save
        )
        self.versions: tuple[int | None, ...] = tuple(
            None if one is None else one._counter[0] for one in ctx._to_save
        )
        if _saved.saved_hooks:
            _saved.pack(self)

    def unpacked(self) -> tuple[Tensor | None, ...]:
        """What was saved; raises where it was freed, or modified in place since."""
        if self.saved is None:
            raise RuntimeError(_errors.SECOND_BACKWARD)
        return tuple(
            _saved.unpack(value, version, self)
            for value, version in zip(self.saved, self.versions, strict=True)
        )

    def apply(self, received: list[Gradient], operations: Any) -> Sequence[Gradient]:
        gradients = [operations.to_tensor(gradient) for gradient in received]
        if self.ctx.materialize_grads:
            gradients = [
                _dispatch.wrap(np.zeros(shape, dtype)) if gradient is None else gradient
                for gradient, shape, dtype in zip(gradients, self.shape, self.dtype, strict=True)
            ]
        found = self._function.backward(self.ctx, *gradients)
        results = list(found) if isinstance(found, (tuple, list)) else [found]
        expected = len(self.edges) // 2
        while len(results) > expected and results[-1] is None:
            results.pop()
        if len(results) != expected:
            raise RuntimeError(
                _errors.GRADIENTS_RETURNED.format(
                    name=self.name(), expected=expected, found=len(results)
                )
            )
        for one in results:
            if one is not None and not isinstance(one, Tensor):
                raise RuntimeError(_errors.GRADIENT_RETURNED_TYPE.format(type=_type_name(one)))
        return [operations.from_tensor(one) for one in results]

    def release(self) -> None:
        if self.saved:
            self.saved = None

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at 0x{id(self):x}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in {"ctx", "saved", "versions"}:
            raise AttributeError(name)
        return getattr(self.ctx, name)


def _without_node(tensor: Tensor | None, outputs: dict[int, int]) -> Any:
    """A tensor to save: an output without its node, so that the two do not hold each other."""
    if tensor is None or id(tensor) not in outputs:
        return tensor
    return _saved.Saved(tensor._array, tensor._counter, outputs[id(tensor)])


def _type_name(value: Any) -> str:
    """A type as PyTorch's messages name it: with its module, unless it is Python's own."""
    kind = type(value)
    inside = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return inside + kind.__qualname__


class Function:
    """A step of a computation whose derivative its author writes.

    Subclasses define `forward(ctx, *inputs)` and `backward(ctx, *gradients)` as static methods (or
    `forward(*inputs)` and `setup_context(ctx, inputs, output)`), and are called by `apply`.
    """

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
    def setup_context(ctx: FunctionCtx, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what the backward pass needs, where `forward` takes no context."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: Tensor | None) -> Any:
        """The gradient of each input from those of the outputs; None where there is none."""
        raise NotImplementedError(_errors.FUNCTION_BACKWARD)

    vjp = backward

    @classmethod
    def apply(cls, *inputs: Any, **named: Any) -> Any:
        """Run the forward pass; what it returns, with this Function as its history."""
        required = [isinstance(one, Tensor) and one._requires_grad for one in inputs]
        ctx = FunctionCtx(tuple(required))
        with no_grad():
            if cls.setup_context is Function.setup_context:
                returned = cls.forward(ctx, *inputs, **named)
            else:
                returned = cls.forward(*inputs, **named)
                cls.setup_context(ctx, inputs, returned)
        outputs = list(returned) if isinstance(returned, tuple) else [returned]
        if state.enabled and any(required):
            outputs = _record(cls, ctx, inputs, outputs)
        return tuple(outputs) if isinstance(returned, tuple) else outputs[0]


def _record(
    function: type[Function], ctx: FunctionCtx, inputs: Sequence[Any], outputs: list[Any]
) -> list[Any]:
    """Hang the outputs on a node of the Function, but those that are not differentiable."""
    for dirty in ctx._dirty:
        if not any(dirty is one for one in outputs):
            raise RuntimeError(_errors.DIRTY_NOT_RETURNED)
        if dirty._requires_grad and dirty._grad_fn is None:
            raise RuntimeError(_errors.DIRTY_LEAF)
        _views.check_in_place(dirty, will_require_grad=True)
    edges = tuple(chain.from_iterable(map(_dispatch.gradient_edge, inputs)))
    results = [_as_output(ctx, inputs, one) for one in outputs]
    tensors = [one for one in results if isinstance(one, Tensor)]
    node = ctx._node = _node_class(function)(edges, tensors, function, ctx)
    unmarked = {id(one) for one in ctx._non_differentiable}
    for number, one in enumerate(tensors):
        if one._array.dtype.kind != "f" or id(one) in unmarked:
            continue
        if one._view is not None and any(one is dirty for dirty in ctx._dirty):
            _views.rebase_history(one, node)
            continue
        if one._view is not None:
            one._view.origin = "function" if len(tensors) == 1 else "several"
        one._grad_fn = node
        one._output_nr = number
        one._requires_grad = True
    return results


def _as_output(ctx: FunctionCtx, inputs: Sequence[Any], output: Any) -> Any:
    """An output as it is, but an input that was returned unchanged as a view of itself."""
    if any(output is one for one in inputs) and not any(output is one for one in ctx._dirty):
        result = _dispatch.wrap(_dispatch.storage(output))
        result._counter = output._counter
        result._view = _views.View(output, several=False)
        return result
    return output


def _node_class(function: type[Function]) -> type[FunctionNode]:
    """The class of a Function's nodes, made once and kept with it."""
    found: type[FunctionNode] | None = function.__dict__.get("_node_class")
    if found is None:
        found = type(f"{function.__name__}Backward", (FunctionNode,), {"__slots__": ()})
        function._node_class = found  # type: ignore[attr-defined]
    return found


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a backward pass compute without being recorded: it cannot be differentiated again."""

    @functools.wraps(function)
    def wrapped(ctx: FunctionCtx, *gradients: Any) -> Any:
        with no_grad():
            return function(ctx, *gradients)

    return wrapped
