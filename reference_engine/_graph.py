"""The graph of a computation and the walk backwards through it.

A node stands for one application of an operation; its edges lead to the nodes that made the
operation's inputs. The walk pops a node whose gradients have all arrived, applies it, and hands
the results on. It knows nodes and gradients, and no operation.
"""

import itertools
import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

if TYPE_CHECKING:
    from reference_engine._tensor import Tensor

Gradient: TypeAlias = Any
"""An ndarray (or NumPy scalar) in an ordinary backward pass, a Tensor under create_graph."""

Edge: TypeAlias = "tuple[Node | None, int]"

next_sequence = itertools.count().__next__
"""Numbers nodes (and hooks) in the order in which they are made."""
_LAST = 2**62  # leaves accumulate before any other node that is ready, as in PyTorch


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
        self.sequence = next_sequence()
        self.hooks: NodeHooks | None = None

    def name(self) -> str:
        """PyTorch's name of the node, such as "MulBackward0"."""
        return type(self).__name__

    @property
    def next_functions(self) -> tuple[Edge, ...]:
        """The edges as PyTorch shows them: pairs of a node and the number of its output."""
        return tuple(zip(self.edges[::2], self.edges[1::2], strict=True))

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

    variable: "Tensor"

    __init__ = object.__init__  # written field by field, by `accumulate_grad`

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        operations.accumulate(self.variable, received)
        return ()


def accumulate_grad(variable: "Tensor") -> AccumulateGrad:
    """A leaf's own node."""
    made: AccumulateGrad = AccumulateGrad()
    array = variable._array
    made.edges = ()
    made.shape = array.shape
    made.dtype = array.dtype
    made.sequence = next_sequence() + _LAST
    made.hooks = variable._hooks
    made.variable = variable
    return made


class RemovableHandle:
    """Takes a hook away again."""

    __module__ = "torch.utils.hooks"

    def __init__(self, hooks: "Hooks", hook: Callable[..., Any]) -> None:
        self.id = next_sequence()
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


def run_backward(  # noqa: PLR0915 - one loop, whose parts would cost a call for every node
    roots: Sequence[Any],
    gradients: Sequence[Gradient],
    keep_graph: bool,
    operations: Any,
    *,
    step: Callable[[Node, Gradient, Any], Sequence[Gradient]] | None = None,
    wanted: Sequence[tuple[Node, int]] | None = None,
    capture: bool = True,
) -> list[Gradient]:
    """Walk from the roots to the leaves, or to the `wanted` outputs, and return those's gradients.

    `roots` are edges as a node has them, `gradients` what goes along each. Without `wanted`,
    leaves accumulate and the list is empty. With it, only nodes on a path to a wanted output are
    applied, and nothing accumulates; unless `capture` is False: then the wanted nodes themselves
    are applied too, and the list is empty. `step` applies a node in place of its own `apply`, to
    watch over it.

    A node is made after the nodes that it leads to, so that the youngest that was reached has all
    its gradients. Leaves come before any other node as soon as they have theirs, which are counted.
    """
    waiting: dict[Node, int] | None = None  # the gradients still to come, counted when first asked
    applied: set[Node] | None = None
    targets: Collection[Node] = ()
    if wanted is not None:
        waiting = count_arrivals(roots[::2])
        targets = {node for node, _ in wanted}
        applied = _leading_to(targets, waiting)
        if not capture:
            applied.update(targets)
            wanted = ()
    captured: dict[tuple[Node, int], Gradient] = {}
    fit, add, accumulate = operations.fit, operations.add, operations.accumulate
    recorded, namespace = operations.recorded, operations.namespace
    leaves: list[tuple[Any, Gradient]] = []  # those that have all their gradients
    latest: Node | None = None  # a node that was reached, kept out of the heap while it is alone
    held: Gradient = None  # what has arrived at it
    reached: list[tuple[int, Node]] = []  # a heap of the others, the youngest first
    arrived: dict[Node, Gradient] = {}  # what has arrived at those, and at leaves that wait
    edges: Sequence[Any] = roots
    results: Any = gradients
    while True:
        place = -2
        for gradient in results:
            place += 2
            following = edges[place]
            if following is None:
                continue
            if gradient is not None and (
                gradient.shape != following.shape or gradient.dtype is not following.dtype
            ):
                number = edges[place + 1]
                gradient = fit(gradient, following, number)  # noqa: PLW2901 - the same one
                if following.several:
                    gradient = _at_output(following, number, gradient)  # noqa: PLW2901 - as it arrives
            if type(following) is AccumulateGrad:
                if waiting is None and (latest is not None or reached or len(edges) > 2):
                    waiting = count_arrivals((*edges[::2], latest, *[node for _, node in reached]))
                if waiting is not None:
                    if following in arrived:
                        gradient = _joined(arrived.pop(following), gradient, add)  # noqa: PLW2901 - all
                    left = waiting[following] = waiting[following] - 1
                    if left:
                        arrived[following] = gradient
                        continue
                leaves.append((following, gradient))
            elif following is latest:
                held = _joined(held, gradient, add)
            elif arrived and following in arrived:
                arrived[following] = _joined(arrived[following], gradient, add)
            elif latest is None:
                latest, held = following, gradient
            else:
                arrived[following] = gradient
                heappush(reached, (-following.sequence, following))
        # Henceforth nothing but these holds what goes on: see ArrayOperations.accumulate.
        results = gradient = None
        if leaves:
            if len(leaves) > 3 and edges:
                leaves = _as_popped(leaves)
            node, received = leaves.pop(0)
        elif reached and (latest is None or latest.sequence < -reached[0][0]):
            if latest is None:
                _, node = heappop(reached)
            else:
                arrived[latest] = held
                _, node = heapreplace(reached, (-latest.sequence, latest))
                latest = held = None
            received = arrived.pop(node)
        elif latest is not None:
            node, received = latest, held
            latest = held = None
        else:
            return [] if wanted is None else [captured.get(target) for target in wanted]
        edges = node.edges
        hooks = node.hooks
        if applied is not None:
            needed = node in applied
            if hooks is not None and not needed and node in targets:
                received = operations.run_tensor_hooks(node, received)
            _capture(node, received, wanted, captured)
            if not needed:
                results = (None,) * (len(edges) // 2)
                continue
        if hooks is not None:
            received = operations.run_pre_hooks(node, received)
        if received is None:
            if not node.takes_none:
                results = (None,) * (len(edges) // 2)
                if hooks is not None and hooks.post:
                    nothing = [None] * len(node.next_functions)
                    operations.run_post_hooks(node, nothing, received)
                continue
            received = [None] * len(node.shape)
        plan = node.plan
        if step is not None:
            results = step(node, received, operations)
        elif plan is not None:
            apply = plan.on_tensors if recorded else plan.on_arrays
            results = apply(node, received, namespace)
        elif type(node) is AccumulateGrad:  # not by its `apply`: see ArrayOperations.accumulate
            accumulate(node.variable, received)
            results = ()
        else:
            results = node.apply(received, operations)
        if hooks is not None and hooks.post:
            results = operations.run_post_hooks(node, results, received)
        if not keep_graph and (plan is None or plan.frees):
            node.release()


def _capture(
    node: Node,
    received: Gradient,
    wanted: Any,
    captured: dict[tuple[Node, int], Gradient],
) -> None:
    for target, number in wanted:
        if target is node and received is not None:
            captured[node, number] = received[number] if node.several else received


def count_arrivals(first: Sequence[Node | None]) -> dict[Node, int]:
    """How many gradients arrive at each node from here on, where one goes to each of the first."""
    arriving: dict[Node, int] = {}
    steps: list[Sequence[Node | None]] = [first]
    for nodes in steps:  # grows as it is gone through
        for node in nodes:
            if node in arriving:
                arriving[node] += 1
            elif node is not None:
                arriving[node] = 1
                steps.append(node.edges[::2])
    return arriving


def _joined(former: Gradient, gradient: Gradient, add: Callable[..., Gradient]) -> Gradient:
    """What has arrived at a node once more arrives, which may be nothing."""
    if former is None or gradient is None:
        return gradient if former is None else former
    if type(former) is not list:
        return add(former, gradient)
    return [_joined(*both, add) for both in zip(former, gradient, strict=True)]


def _at_output(node: Node, number: int, gradient: Gradient) -> list[Gradient]:
    """The gradients of several outputs, of which one has arrived."""
    gradients: list[Gradient] = [None] * len(node.shape)
    gradients[number] = gradient
    return gradients


def _as_popped(leaves: list[tuple[Any, Gradient]]) -> list[tuple[Any, Gradient]]:
    """Leaves that are complete at once, in the order in which PyTorch's queue gives them.

    To it they are all alike, so that their order is that of its heap: the hole at the top is
    filled from below, from the right where there are two, and last of all by the last.
    """
    popped = []
    while leaves:
        popped.append(leaves[0])
        last = leaves.pop()
        hole = 0
        while 2 * hole + 1 < len(leaves):
            below = min(2 * hole + 2, len(leaves) - 1)
            leaves[hole] = leaves[below]
            hole = below
        if leaves:
            leaves[hole] = last
    return popped


def _leading_to(targets: Collection[Node], nodes: Iterable[Node]) -> set[Node]:
    """The nodes that a target lies behind: those to apply where only the targets are wanted.

    A node is made after the nodes that it leads to, so that going by age each one's successors
    are decided before it.
    """
    leading: set[Node] = set()
    for node in sorted(nodes, key=_age):
        if any(following in leading or following in targets for following in node.edges[::2]):
            leading.add(node)
    return leading


def _age(node: Node) -> int:
    return node.sequence - _LAST if isinstance(node, AccumulateGrad) else node.sequence
