"""Compares the graph of a student's run with the reference's: what to draw, where they differ.

It knows traces alone. A student can forge theirs: it is read as hostile, and never touches a score.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import Struct

from grader.diagnosis.traces import Event
from grader.results import Edge, Graph, GraphPicture, Mark, Node

MOST_NODES = 60
"""A graph of more nodes, or twice as many edges, shows nobody anything, and is not drawn."""

_MOST_PASSES = 4
_MOST_EVENTS = 500
_MOST_INPUTS = 32
_LONGEST_NAME = 40
_CLOSE = 1e-4
"""Values are the same within this part: an answer may be in single precision."""

By = Literal["data", "detach", "no_grad", "item", "numpy", "tensor"]


def compared(own: Sequence[Event], reference: Sequence[Event]) -> GraphPicture | None:
    """The graphs of both up to the first backward pass in which they differ, and where.

    None where the first passes do not, where there is nothing to be compared, and for graphs of
    more than `MOST_NODES`. After the first pass only cuts are looked for: values go back to earlier
    steps there.
    """
    mine, right = _read(own), _read(reference)
    theirs = [_computation(right, roots) for roots in _passes(right)]
    for number, roots in enumerate(_passes(mine)):
        graph = _computation(mine, roots)
        if graph is None or not theirs:
            return None
        same = (one for one in theirs if one is not None and _end_alike(graph, one))
        other = next(same, theirs[min(number, len(theirs) - 1)])
        if other is None or not other.places:
            return None
        by_value = number == 0 and _ends(mine) == _ends(right)
        picture = _Comparison(graph, other).picture(by_value=by_value)
        if picture is not None:
            return picture
    return None


# -- reading a trace ------------------------------------------------------------------------------


class _Step(msgspec.Struct, frozen=True):
    """An event of a trace."""

    event: Literal["leaf", "operation", "cut", "backward"]
    name: str | None = None
    shape: str | None = None
    digest: float | None = None
    recorded: bool = False
    by: By | None = None
    cell: int | None = None
    line: int | None = None
    inputs: str = ""

    def sources(self, place: int) -> list[int]:
        """The places of the earlier events that it comes from."""
        words = self.inputs.split(" ", _MOST_INPUTS)[:_MOST_INPUTS]
        numbers = [int(one) for one in words if one.isdecimal() and len(one) < 4]
        return [one for one in numbers if one < place]

    @property
    def tracked(self) -> bool:
        """Whether a gradient flows back to it."""
        return self.event == "leaf" or self.recorded

    def is_like(self, other: "_Step") -> bool:
        """Whether its values are those of another."""
        if self.digest is None or other.digest is None:
            return False
        return math.isclose(self.digest, other.digest, rel_tol=_CLOSE, abs_tol=1e-12)


_Steps = tuple[_Step, ...]


def _read(events: Sequence[Event]) -> _Steps:
    try:
        return msgspec.convert(events[:_MOST_EVENTS], _Steps)
    except msgspec.ValidationError:
        return ()


def _ends(steps: _Steps) -> bool:
    """Whether there is a backward pass."""
    return any(one.event == "backward" for one in steps)


def _passes(steps: _Steps) -> list[list[int]]:
    """What each backward pass begins at; without any, the last operation."""
    roots = [one.sources(place) for place, one in enumerate(steps) if one.event == "backward"]
    if not roots:
        operations = [place for place, one in enumerate(steps) if one.event == "operation"]
        return [operations[-1:]] if operations else []
    return roots[:_MOST_PASSES]


# -- one computation ------------------------------------------------------------------------------


class _Computation(Struct, frozen=True, dict=True):
    """What a backward pass begins at was computed from: nodes by their places, and edges.

    `edges` have for a source and a target whether a gradient flows; `cuts` the event that cut it.
    """

    steps: _Steps
    places: tuple[int, ...]
    roots: tuple[int, ...]
    edges: Mapping[tuple[int, int], Literal["flows", "cut", "none"]]
    cuts: Mapping[tuple[int, int], _Step | None]

    @property
    def is_small(self) -> bool:
        """Whether anybody would want to look at it."""
        return len(self.places) <= MOST_NODES and len(self.edges) <= 2 * MOST_NODES

    @cached_property
    def after(self) -> Mapping[int, frozenset[int]]:
        """What is computed from each node, itself included."""
        return self._reached(list(self.edges))

    @cached_property
    def flowing(self) -> Mapping[int, frozenset[int]]:
        """The same by edges along which a gradient flows back."""
        return self._reached([edge for edge, kind in self.edges.items() if kind == "flows"])

    @cached_property
    def reached(self) -> set[int]:
        """The nodes that the gradient flows back to."""
        return {one for one in self.places if self.flowing[one] & {*self.roots}}

    def sources(self, place: int) -> list[int]:
        """The nodes that one is computed from."""
        return [source for source, target in self.edges if target == place]

    def _reached(self, edges: list[tuple[int, int]]) -> dict[int, frozenset[int]]:
        targets: dict[int, list[int]] = {place: [] for place in self.places}
        for source, target in edges:
            targets[source].append(target)
        reached: dict[int, frozenset[int]] = {}
        for place in reversed(self.places):
            reached[place] = frozenset({place}).union(*(reached[one] for one in targets[place]))
        return reached

    def without(self, left_out: set[int]) -> "_Computation":
        kept = {edge: kind for edge, kind in self.edges.items() if not left_out & {*edge}}
        places = tuple(one for one in self.places if one not in left_out)
        roots = tuple(one for one in self.roots if one not in left_out)
        return _Computation(self.steps, places, roots, kept, self.cuts)

    @cached_property
    def constants(self) -> set[int]:
        """The nodes that no leaf is in."""
        leaves = [one for one in self.places if self.steps[one].event == "leaf"]
        return {*self.places} - {one for leaf in leaves for one in self.after[leaf]}


def _computation(steps: _Steps, roots: Sequence[int]) -> _Computation | None:
    """The computation that gave `roots`; None where it is too large."""
    edges: dict[tuple[int, int], Literal["flows", "cut", "none"]] = {}
    cuts: dict[tuple[int, int], _Step | None] = {}
    ends = [place for place in (_uncut(steps, root)[0] for root in roots) if place is not None]
    waiting, met = list(ends), set(ends)
    while waiting:
        target = waiting.pop()
        for through in steps[target].sources(target):
            source, cut = _uncut(steps, through)
            if source is None:
                continue
            edge = (source, target)
            edges[edge], cuts[edge] = _edge(steps, edge, cut), cut
            if source not in met:
                met.add(source)
                waiting.append(source)
        if len(met) > 2 * MOST_NODES:
            return None
    places = tuple(sorted(met))
    return _Computation(steps, places, tuple(ends), dict(sorted(edges.items())), cuts)


def _uncut(steps: _Steps, place: int) -> tuple[int | None, _Step | None]:
    """The node that a place comes from, and what cut it off last."""
    cut = None
    while steps[place].event == "cut":
        cut = cut or steps[place]
        sources = steps[place].sources(place)
        if not sources:
            return None, cut
        place = sources[0]
    return (None if steps[place].event == "backward" else place), cut


def _edge(
    steps: _Steps, edge: tuple[int, int], cut: _Step | None
) -> Literal["flows", "cut", "none"]:
    source, target = (steps[one] for one in edge)
    if not source.tracked:
        return "none"
    return "flows" if cut is None and target.recorded else "cut"


def _end_alike(one: _Computation, other: _Computation) -> bool:
    return bool(one.roots and other.roots) and one.steps[one.roots[0]].is_like(
        other.steps[other.roots[0]]
    )


# -- two of them ----------------------------------------------------------------------------------


class _Comparison:
    """A student's computation beside the reference's, its nodes matched by their values."""

    def __init__(self, own: _Computation, reference: _Computation) -> None:
        self._right = reference.without(reference.constants)
        like = {
            place: [
                one
                for one in self._right.places
                if self._right.steps[one].is_like(own.steps[place])
            ]
            for place in own.places
        }
        self._own = own.without({one for one in own.constants if not like[one]})
        self._like = {one: like[one] for one in self._own.places}

    def picture(self, *, by_value: bool) -> GraphPicture | None:
        if not self._own.places or not (self._own.is_small and self._right.is_small):
            return None
        mark = next(self._marks(by_value=by_value), None)
        if mark is None:
            return None
        shared = {one for found in self._like.values() for one in found}
        return GraphPicture(
            own=_graph(self._own, set(self._own.places), lines=True),
            reference=_graph(self._right, shared, lines=False),
            mark=mark,
        )

    def _marks(self, *, by_value: bool) -> Iterator[Mark]:
        """Where the graphs differ, in the order in which the student's was computed."""
        for place in self._own.places:
            step = self._own.steps[place]
            for source in self._own.sources(place):
                kind = self._own.edges[source, place]
                flows, broken = self._between(source, place)
                if kind == "cut" and flows and not broken:
                    cut = self._own.cuts[source, place] or self._no_grad(place)
                    yield self._mark(
                        "cut", place, source, at=cut or step, by=cut.by if cut else None
                    )
                if kind == "flows" and broken and not flows and place in self._own.reached:
                    yield self._mark("not_cut", place, source, at=step)
            if place in self._own.constants and self._recorded(place):
                yield self._mark("unrecorded", place, at=step)
            if by_value and step.event == "operation" and self._leaves(place):
                yield self._mark("differs", place, at=step)

    def _mark(
        self,
        kind: Literal["cut", "not_cut", "unrecorded", "differs"],
        place: int,
        source: int | None = None,
        *,
        at: _Step,
        by: By | None = None,
    ) -> Mark:
        number = self._own.places.index
        return Mark(
            kind=kind,
            node=number(place),
            source=None if source is None else number(source),
            by=by,
            cell=at.cell,
            line=at.line,
        )

    def _between(self, source: int, target: int) -> tuple[bool, bool]:
        """Whether the reference's gradient flows back from where the target is to the source.

        And whether there is a way between them on which none flows. A target that the reference
        does not compute stands for the first thing computed from it that it does.
        """
        ends = next((self._like[one] for one in sorted(self._own.after[target])
                     if self._like[one]), [])  # fmt: skip
        pairs = [(one, end) for one in self._like[source] for end in ends if one != end]
        flows = any(end in self._right.flowing[one] & self._right.reached for one, end in pairs)
        joined = [(one, end) for one, end in pairs if end in self._right.after[one]]
        return flows, any(end not in self._right.flowing[one] for one, end in joined)

    def _no_grad(self, place: int) -> _Step | None:
        """The event that says of an operation that it was run under `no_grad`."""
        following = self._own.steps[place + 1 : place + 2]
        return following[0] if following and following[0].by == "no_grad" else None

    def _recorded(self, place: int) -> bool:
        """Whether the reference records what is not recorded here, for all that it computes."""
        like = self._like[place]
        return bool(like) and all(self._right.steps[one].recorded for one in like)

    def _leaves(self, place: int) -> bool:
        """Whether the student's computation leaves the reference's here, and never comes back."""
        return not any(self._like[one] for one in self._own.after[place]) and all(
            self._like[one] for one in self._own.sources(place)
        )


def _graph(computation: _Computation, named: set[int], *, lines: bool) -> Graph:
    number = {place: one for one, place in enumerate(computation.places)}
    return Graph(
        nodes=tuple(
            _node(computation.steps[place], named=place in named, line=lines)
            for place in computation.places
        ),
        edges=tuple(
            Edge(source=number[source], target=number[target], kind=kind)
            for (source, target), kind in computation.edges.items()
        ),
    )


def _node(step: _Step, *, named: bool, line: bool) -> Node:
    kind: Literal["leaf", "operation"] = "leaf" if step.event == "leaf" else "operation"
    if not named:
        return Node(kind=kind)
    return Node(
        kind=kind,
        name=(step.name or "")[:_LONGEST_NAME],
        shape=(step.shape or "")[:_LONGEST_NAME],
        line=step.line if line else None,
    )
