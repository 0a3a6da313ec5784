"""The graph of a computation: nodes, their edges, and the hooks on them.

A node stands for one application of an operation; its edges lead to the nodes that made the
operation's inputs. How a backward pass walks along them: `_walk`.
"""

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

if TYPE_CHECKING:
    from reference_engine._tensor import Tensor

Gradient: TypeAlias = Any
"""An ndarray (or NumPy scalar) in an ordinary backward pass, a Tensor under create_graph."""

Edge: TypeAlias = "tuple[Node | None, int]"

sequence = itertools.count()
"""Numbers nodes (and hooks) in the order in which they are made, each by its `next`."""


class Node:
    """One application of an operation. Its class is named as PyTorch names it.

    `edges` lead to the nodes of the inputs, two entries each: a node and the number of its output,
    or None and 0 where the input needs no gradient. `shape` and `dtype` say what a gradient that
    arrives must look like; where the operation has `several` outputs they are tuples of those.
    """

    __slots__ = ("__weakref__", "_metadata", "dtype", "edges", "hooks", "sequence", "shape")

    plan: Any = None
    """How a row's node is applied, which the walk then does itself: a call less for each."""
    several = False
    takes_none = False
    """Whether the node is applied also where no gradient has arrived, as a Function's are."""

    def __init__(self, edges: tuple[Any, ...], shape: Any, dtype: Any) -> None:
        self.edges = edges
        self.shape = shape
        self.dtype = dtype
        self.sequence = next(sequence)
        self.hooks: NodeHooks | None = None

    def name(self) -> str:
        """PyTorch's name of the node, such as "MulBackward0"."""
        return type(self).__name__

    def shown(self) -> Self:
        """The node as it is to be seen by those to whom its class matters."""
        return self

    @property
    def next_functions(self) -> tuple[Edge, ...]:
        """The edges as PyTorch shows them: pairs of a node and the number of its output."""
        nodes = [None if one is None else one.shown() for one in self.edges[::2]]
        return tuple(zip(nodes, self.edges[1::2], strict=True))

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for the user's own notes on this node."""
        try:
            return self._metadata
        except AttributeError:  # nobody has asked before
            self._metadata: dict[Any, Any] = {}
            return self._metadata

    @property
    def requires_grad(self) -> bool:
        """True: a node exists only where a gradient is due."""
        return True

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        """The gradients of the inputs, in the order of the edges.

        `received` is the gradient of the output; where there are several, a list with None where
        nothing arrived. `operations` says what formulas compute with: arrays or recorded tensors.
        """
        raise NotImplementedError

    def release(self) -> None:
        """Free what was saved for the backward pass."""

    @property
    def _input_metadata(self) -> list["Arriving"]:
        """What the gradients that arrive look like, one for each output."""
        if self.several:
            return [Arriving(*one) for one in zip(self.shape, self.dtype, strict=True)]
        return [Arriving(self.shape, self.dtype)]

    def _sequence_nr(self) -> int:
        return self.sequence

    def __call__(self, *gradients: Any) -> Any:
        """Apply the node to gradients that are tensors, as a backward pass would."""
        from reference_engine._running import apply_node

        return apply_node(self, gradients)

    def register_hook(self, hook: Callable[..., Any]) -> "RemovableHandle":
        """Call `hook(grad_inputs, grad_outputs)` after the node was applied."""
        return RemovableHandle(hooks_of(self).post, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> "RemovableHandle":
        """Call `hook(grad_outputs)` before the node is applied."""
        return RemovableHandle(hooks_of(self).pre, hook)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at 0x{id(self):x}>"


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor arrives: a node, and which of its outputs."""

    node: Node
    output_nr: int
    ownership_token: Any = None


class Arriving:
    """What a gradient that arrives at a node looks like."""

    is_nested_tensor = is_cpp_nested_tensor = False

    def __init__(self, shape: Any, kind: Any) -> None:
        self._shape = shape
        self._kind = kind

    @property
    def shape(self) -> Any:
        """The sizes."""
        return list(self._shape)

    @property
    def dtype(self) -> Any:
        """The element type."""
        from reference_engine._types import of_numpy

        return of_numpy(self._kind)

    @property
    def device(self) -> Any:
        """Always the CPU."""
        from reference_engine._types import cpu

        return cpu


class AccumulateGrad(Node):
    """The end of a path: adds what arrives to a leaf's `.grad`."""

    __slots__ = ("variable",)

    sequence = 2**64 - 1  # leaves accumulate before any other node that is ready, as in PyTorch
    variable: "Tensor"

    __init__ = object.__init__  # written field by field, by `_dispatch.accumulator`

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        operations.accumulate(self.variable, received)
        return ()


class RemovableHandle:
    """Takes a hook away again."""

    __module__ = "torch.utils.hooks"

    def __init__(self, hooks: "Hooks", hook: Callable[..., Any]) -> None:
        self.id = next(sequence)
        self._hooks = weakref.ref(hooks)
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Hooks(dict[int, Callable[..., Any]]):
    """Hooks in the order of their registration; a dict that can be referred to weakly."""

    __slots__ = ("__weakref__",)


class NodeHooks:
    """The hooks of one node: on its outputs' tensors, before, and after it is applied.

    `tensors` are keyed by output; `retained` holds the tensors whose `.grad` is kept, which sees
    the gradient after all other hooks; `accumulated` are called once a leaf's `.grad` has grown.
    """

    __slots__ = ("accumulated", "post", "pre", "retained", "tensors")

    def __init__(self) -> None:
        self.tensors: dict[int, Hooks] = {}
        self.retained: dict[int, weakref.ref[Tensor]] = {}
        self.pre = Hooks()
        self.post = Hooks()
        self.accumulated = Hooks()

    def of_tensor(self, number: int) -> Hooks:
        """The hooks of the tensor that is this output."""
        return self.tensors.setdefault(number, Hooks())


def hooks_of(node: Node) -> NodeHooks:
    """A node's hooks, made when first asked for."""
    if node.hooks is None:
        node.hooks = NodeHooks()
    return node.hooks
