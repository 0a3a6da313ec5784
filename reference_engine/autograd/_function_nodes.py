"""The node of a Function's application, which is the context of its passes too, as in PyTorch."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors, _saved
from reference_engine._graph import Edge, Gradient, Node, sequence
from reference_engine._tensor import Tensor


class FunctionCtx:
    """What the forward pass of a Function hands to its backward pass; its own notes besides."""

    to_save: tuple[Tensor | None, ...] = ()
    dirty_tensors: tuple[Tensor, ...] = ()
    non_differentiable: tuple[Tensor, ...] = ()
    materialize_grads = True
    _materialize_non_diff_grads = True
    _is_pure_view = False

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs; `saved_tensors` gives them back, unless they were changed."""
        for position, one in enumerate(tensors):
            if one is not None and not isinstance(one, Tensor):
                raise TypeError(
                    _errors.SAVE_TYPE.format(position=position, type=type(one).__name__)
                )
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep nothing: there is no forward-mode differentiation."""

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs the forward pass has changed in place."""
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether the backward pass is given zeros (the default) or None where nothing arrived."""
        self.materialize_grads = value


class BackwardCFunction(FunctionCtx, Node):
    """One application of a Function. A subclass for each Function knows it as `_forward_cls`.

    An output that is no tensor has None for its shape, and None arrives for it.
    """

    several = True
    takes_none = True
    _forward_cls: Any

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        super().__init__((), (), ())
        self.needs_input_grad = needs_input_grad
        self.saved: tuple[Any, ...] | None = None
        self.versions: tuple[int | None, ...] = ()
        self._recorded = False
        self.places_of_tensors: tuple[int, ...] = ()
        self._given_undifferentiable: frozenset[int] = frozenset()

    @property
    def next_functions(self) -> tuple[Edge, ...]:
        """As of any node; arguments that are no tensors do not count."""
        pairs = super().next_functions
        return tuple(pairs[place] for place in self.places_of_tensors)

    def record(self, edges: tuple[Any, ...], outputs: Sequence[Any]) -> None:
        """Take the place in the graph of the operation that gave these outputs, and save."""
        tensors = [one if isinstance(one, Tensor) else None for one in outputs]
        self.edges = edges
        self.sequence = next(sequence)  # younger than what the edges lead to, whatever forward did
        self.shape = tuple(None if one is None else one._array.shape for one in tensors)
        self.dtype = tuple(None if one is None else one._array.dtype for one in tensors)
        unmarked = {id(one) for one in self.non_differentiable}
        self._given_undifferentiable = frozenset(
            number for number, one in enumerate(tensors) if id(one) in unmarked
        )
        numbers = {id(one): number for number, one in enumerate(tensors) if one is not None}
        self.saved = tuple(_without_node(one, numbers) for one in self.to_save)
        self.versions = tuple(None if one is None else one._counter[0] for one in self.to_save)
        self.to_save = self.dirty_tensors = self.non_differentiable = ()
        self._recorded = True
        if _saved.saved_hooks:
            _saved.pack(self)

    def name(self) -> str:
        return type(self).__name__

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was saved; raises where it was freed, or modified in place since."""
        if not self._recorded:
            return ()
        if self.saved is None:
            raise RuntimeError(_errors.SECOND_BACKWARD)
        found = tuple(
            _saved.unpack(value, version, self)
            for value, version in zip(self.saved, self.versions, strict=True)
        )
        if getattr(self._forward_cls, "clear_saved_tensors_on_access", False):
            if self.saved == (_CLEARED,):
                raise RuntimeError(_errors.SAVED_ONCE)
            self.saved, self.versions = (_CLEARED,), (None,)
        return found

    @property
    def saved_variables(self) -> tuple[Tensor | None, ...]:
        """The old name of `saved_tensors`."""
        warnings.warn(_errors.SAVED_VARIABLES, DeprecationWarning, stacklevel=2)
        return self.saved_tensors

    @property
    def _raw_saved_tensors(self) -> tuple[_saved.SavedTensor, ...]:
        if self.saved is None and self._recorded:
            raise RuntimeError(_errors.SECOND_BACKWARD)
        return tuple(_saved.SavedTensor(self, place) for place in range(len(self.saved or ())))

    def apply(self, received: list[Gradient], operations: Any) -> Sequence[Gradient]:
        given = [operations.to_tensor(one) for one in received]
        if self.materialize_grads:
            given = [self._materialized(*one) for one in enumerate(given)]
        found = self._forward_cls._backward_pass()(self, *given)
        results = list(found) if isinstance(found, tuple) else [found]
        expected = len(self.edges) // 2
        while len(results) > expected and results[-1] is None:
            results.pop()
        if len(results) != expected:
            raise RuntimeError(
                _errors.GRADIENTS_RETURNED.format(
                    name=self.name(), expected=expected, found=len(results)
                )
            )
        for index, one in enumerate(results):
            self._check_result(index, one)
        return [operations.from_tensor(one) for one in results]

    def _materialized(self, number: int, gradient: Tensor | None) -> Tensor | None:
        shape = self.shape[number]
        if gradient is not None or shape is None:
            return gradient
        if number in self._given_undifferentiable and not self._materialize_non_diff_grads:
            return None
        return _dispatch.wrap(np.zeros(shape, self.dtype[number]))

    def _check_result(self, index: int, gradient: Any) -> None:
        """Refuse what is no gradient, or not of a shape that the input's broadcasts to."""
        if gradient is None:
            return
        if not isinstance(gradient, Tensor):
            raise RuntimeError(_errors.GRADIENT_RETURNED_TYPE.format(type=_type_name(gradient)))  # noqa: TRY004 - PyTorch's
        following, number = self.edges[2 * index : 2 * index + 2]
        if following is None:
            return
        shape = following.shape[number] if following.several else following.shape
        found = gradient._array.shape
        front = len(found) - len(shape)
        pairs = zip(shape, found[max(front, 0) :], strict=False)
        if front < 0 or any(have not in {1, wanted} for have, wanted in pairs):
            raise RuntimeError(
                _errors.INVALID_GRADIENT.format(
                    name=self.name(), index=index, found=list(found), expected=list(shape)
                )
            )

    def release(self) -> None:
        if self.saved:
            self.saved = None

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at 0x{id(self):x}>"


_CLEARED = object()
"""Stands for what was given out, where it is given out but once."""


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


class Error(Node):
    """A node that refuses to be applied: what led to it has no derivative."""

    __slots__ = ("_text",)

    several = True

    def __init__(self, edges: tuple[Any, ...], outputs: Sequence[Tensor], text: str) -> None:
        shapes = tuple(one._array.shape for one in outputs)
        super().__init__(edges, shapes, tuple(one._array.dtype for one in outputs))
        self._text = text

    def name(self) -> str:
        return "torch::autograd::Error"

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        raise RuntimeError(self._text)


class UndefinedGradBackward(Node):
    """A node that gives no gradient."""

    __slots__ = ()

    def name(self) -> str:
        return "torch::autograd::UndefinedGradBackward"

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        return [None] * (len(self.edges) // 2)


def delayed_error(text: str, tensors: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
    """The same tensors by a node that raises a RuntimeError with this text where it is applied."""
    aliases = [None if one is None else one.detach() for one in tensors]
    edges: list[Any] = []
    for one in tensors:
        edges += _dispatch.gradient_edge(one)
    node = Error(tuple(edges), [one for one in aliases if one is not None], text)
    number = 0
    for one in aliases:
        if one is not None:
            one._grad_fn, one._output_nr, one._requires_grad = node, number, True
            number += 1
    return tuple(aliases)


def without_gradient(tensor: Tensor) -> Tensor:
    """The same tensor by a node that gives no gradient."""
    alias = tensor.detach()
    edges = _dispatch.gradient_edge(tensor)
    alias._grad_fn = UndefinedGradBackward(edges, alias._array.shape, alias._array.dtype)
    alias._requires_grad = True
    return alias
