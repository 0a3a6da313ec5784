"""The walk backwards through the graph of a computation.

It pops a node whose gradients have all arrived, applies it, and hands the results on. It knows
nodes and gradients, and no operation.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from heapq import heappop, heappush, heapreplace
from operator import attrgetter
from typing import Any

from reference_engine._derivatives._row_nodes import RowNode
from reference_engine._graph import AccumulateGrad, Gradient, Node


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
    recorded, namespace = operations.recorded, operations.namespace
    plain = wanted is None and step is None and not recorded
    leaves: list[tuple[Any, Gradient]] = []  # those that have all their gradients
    latest: Node | None = None  # a node that was reached, kept out of the heap while it is alone
    held: Gradient = None  # what has arrived at it
    reached: list[tuple[int, Node]] = []  # a heap of the others, the youngest first
    arrived: dict[Node, Gradient] = {}  # what has arrived at those, and at leaves that wait
    edges: Sequence[Any] = roots
    results: Any = gradients
    while True:
        if plain and latest is None and not reached:
            # Along a chain of rows' nodes there is nothing to decide.
            while len(edges) == 2:
                following = edges[0]
                (gradient,) = results
                if (
                    type(following) is not RowNode
                    or following.hooks is not None
                    or gradient is None
                    or gradient.shape != following.shape
                    or gradient.dtype is not following.dtype
                ):
                    break
                node = following
                plan = node.plan
                apply = plan.on_arrays
                results = apply(node, gradient, namespace)
                edges = node.edges
                if plan.frees and not keep_graph:
                    node.saved = None
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
                gradient = operations.fit(gradient, following, number)  # noqa: PLW2901 - the same one
                if type(following.dtype) is tuple:  # of several outputs
                    gradient = _at_output(following, number, gradient)  # noqa: PLW2901 - as it arrives
            if type(following) is AccumulateGrad:
                if waiting is None and (latest is not None or reached or len(edges) > 2):
                    waiting = count_arrivals((*edges[::2], latest, *[node for _, node in reached]))
                if waiting is not None:
                    if following in arrived:
                        gradient = _joined(arrived.pop(following), gradient, operations.add)  # noqa: PLW2901 - all
                    left = waiting[following] = waiting[following] - 1
                    if left:
                        arrived[following] = gradient
                        continue
                leaves.append((following, gradient))
            elif following is latest:
                held = _joined(held, gradient, operations.add)
            elif arrived and following in arrived:
                arrived[following] = _joined(arrived[following], gradient, operations.add)
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
            if plain and node.hooks is None and received is not None:
                operations.accumulate(node.variable, received)
                edges = results = ()
                continue
        elif not reached or (latest is not None and latest.sequence > -reached[0][0]):
            if latest is None:
                return [] if wanted is None else [captured.get(target) for target in wanted]
            node, received = latest, held
            latest = held = None
        else:
            if latest is None:
                _, node = heappop(reached)
            else:
                arrived[latest] = held
                _, node = heapreplace(reached, (-latest.sequence, latest))
                latest = held = None
            received = arrived.pop(node)
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
            operations.accumulate(node.variable, received)
            results = ()
        else:
            results = node.apply(received, operations)
        if hooks is not None and hooks.post:
            results = operations.run_post_hooks(node, results, received)
        if not keep_graph:
            if plan is None:
                node.release()
            elif plan.frees:
                node.saved = None


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
    for node in sorted(nodes, key=attrgetter("sequence")):
        if any(following in leading or following in targets for following in node.edges[::2]):
            leading.add(node)
    return leading
