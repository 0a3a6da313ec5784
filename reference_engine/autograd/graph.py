"""torch.autograd.graph: nodes and edges of the graph, and hooks on what they save."""

import abc
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from reference_engine import _dispatch, _errors, _graph, _saved
from reference_engine._graph import GradientEdge
from reference_engine._tensor import Tensor

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks",
    "get_gradient_edge", "increment_version", "register_multi_grad_hook", "save_on_cpu",
    "saved_tensors_hooks",
]  # fmt: skip


class Node(abc.ABC):  # noqa: B024 - it is asked about, never made
    """What every node of a graph is an instance of."""


Node.register(_graph.Node)


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge at which the gradient of a tensor arrives."""
    if not tensor._requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    node, number = _dispatch.gradient_edge(tensor)
    assert node is not None  # noqa: S101 - a tensor that requires grad has an edge
    return GradientEdge(node.shown(), number)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Say that tensors were written, where that could not be seen."""
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        if not one.is_inference():
            one._counter[0] += 1


class saved_tensors_hooks:
    """What is saved inside is kept as `pack_hook` returns it, and read by `unpack_hook`."""

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if _saved.hooks_refused:
            raise RuntimeError(_saved.hooks_refused[-1])
        hooks: tuple[Any, Any] = self.pack_hook, self.unpack_hook
        if not all(map(callable, hooks)):
            text = _errors.HOOKS_TYPE.format(pack=self.pack_hook, unpack=self.unpack_hook)
            raise TypeError(text)
        _saved.saved_hooks.append((self.pack_hook, self.unpack_hook))

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        _saved.saved_hooks.pop()


class save_on_cpu(saved_tensors_hooks):
    """Keeps what is saved on the CPU, where it is anyway."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: _dispatch.wrap(tensor._array.copy()), lambda tensor: tensor)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse hooks on saved tensors inside, with this message."""
    if _saved.saved_hooks:
        raise RuntimeError(error_message)
    _saved.hooks_refused.append(error_message)
    try:
        yield
    finally:
        _saved.hooks_refused.pop()


# -- one hook for several tensors -----------------------------------------------------------------


class _Handles:
    """Takes several hooks away again."""

    def __init__(self, handles: tuple[_graph.RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        """Take them all away."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all"
) -> _Handles:
    """Call `fn` once in each backward pass.

    With all the tensors' gradients, when the last one that the pass computes is there, None for
    those that it does not; or, in mode "any", with the first gradient.
    """
    if mode not in {"all", "any"}:
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    register = _when_all_are_there if mode == "all" else _when_one_is_there
    return register(tensors, fn)


def _when_all_are_there(tensors: Sequence[Tensor], fn: Callable[..., None]) -> _Handles:
    from reference_engine import _C

    if not all(one._requires_grad for one in tensors):
        raise AssertionError("Expected gradient function to be set")
    nodes = [get_gradient_edge(one).node for one in tensors]
    passes: dict[int, tuple[list[Tensor | None], list[int]]] = {}

    def hook_of(place: int) -> Callable[[Tensor], None]:
        def hook(gradient: Tensor) -> None:
            task = _C._current_graph_task_id()
            if task not in passes:
                missing = sum(map(_C._will_engine_execute_node, nodes))
                passes[task] = [None] * len(tensors), [missing]
            found, missing_still = passes[task]
            found[place] = gradient
            missing_still[0] -= 1
            if not missing_still[0]:
                del passes[task]
                fn(found)

        return hook

    return _Handles(tuple(one.register_hook(hook_of(n)) for n, one in enumerate(tensors)))


def _when_one_is_there(tensors: Sequence[Tensor], fn: Callable[..., None]) -> _Handles:
    from reference_engine import _C

    called: set[int] = set()

    def hook(gradient: Tensor) -> None:
        task = _C._current_graph_task_id()
        if task not in called:
            called.add(task)
            fn(gradient)

    return _Handles(tuple(one.register_hook(hook) for one in tensors if one._requires_grad))


# -- saved tensors that may be written ------------------------------------------------------------


class _Handle:
    """Stands for a saved tensor as long as some node keeps it."""

    __slots__ = ("__weakref__", "copied", "tensor", "version")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.version = tensor._counter[0]
        self.copied = _dispatch.wrap(tensor._array.copy())
        self.copied._grad_fn, self.copied._output_nr = tensor.grad_fn, tensor._output_nr
        self.copied._requires_grad = tensor._requires_grad

    def is_written(self) -> bool:
        """Whether the tensor was written since it was saved."""
        return self.tensor._counter[0] != self.version


class _AllowMutationOnSavedContext:
    """What is saved while saved tensors may be written."""

    def __init__(self) -> None:
        self._handles: weakref.WeakSet[_Handle] = weakref.WeakSet()

    @property
    def original(self) -> dict[_Handle, Tensor]:
        """What is as it was."""
        return {one: one.tensor for one in self._handles if not one.is_written()}

    @property
    def tid_to_weakhandle(self) -> dict[tuple[int, int], _Handle]:
        """What is saved, by the tensor and its version."""
        return {(id(one.tensor), one.version): one for one in self._handles}

    @property
    def cloned(self) -> dict[_Handle, Tensor]:
        """What was written since, as it was."""
        return {one: one.copied for one in self._handles if one.is_written()}

    def pack(self, tensor: Tensor) -> _Handle:
        """The handle of a tensor as it is now."""
        for one in self._handles:
            if one.tensor is tensor and not one.is_written():
                return one
        made = _Handle(tensor)
        self._handles.add(made)
        return made

    def unpack(self, handle: _Handle) -> Tensor:
        """The tensor as it was when it was saved."""
        if not _allowing or handle not in self._handles:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' contextin "
                "which the graph was originally recorded."
            )
        return handle.copied if handle.is_written() else handle.tensor

    def clear(self) -> None:
        """Forget everything."""
        self._handles.clear()


_allowing: list[_AllowMutationOnSavedContext] = []


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_AllowMutationOnSavedContext]:
    """Tensors that are saved inside may be written afterwards: the values are kept as they were."""
    if _allowing:
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    context = _AllowMutationOnSavedContext()
    _allowing.append(context)
    try:
        with saved_tensors_hooks(context.pack, context.unpack):
            yield context
    finally:
        _allowing.pop()
        context.clear()
