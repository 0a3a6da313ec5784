"""Makes the pictures of a result: each as SVG, a sentence and a table that say the same.

It knows a picture's plain data, and nothing of the page that it goes into. All text is as it was
found: the table's is escaped by the page, the drawing's own by whoever writes the SVG.
"""

import math

from markupsafe import Markup
from msgspec import Struct

from grader.messages import Language, Message, Parameter, render
from grader.reports import chart_svg, graph_svg
from grader.results import (
    EntriesPicture,
    Graph,
    GraphPicture,
    Mark,
    Picture,
    QuestionResult,
    StepsPicture,
)

_CUTS = {
    "data": "`.data`",
    "detach": "`detach()`",
    "no_grad": "`torch.no_grad()`",
    "item": "`item()`",
    "numpy": "`numpy()`",
    "tensor": "`torch.tensor()`",
}
_MOST = 1_000
"""Nodes, entries and steps of a picture: the grader draws no larger ones."""
_ENTRIES = {"~": "picture.near", "x": "picture.wrong", "?": "picture.not_finite"}


class Drawing(Struct, frozen=True):
    """A picture, and what it shows in words; `svg` is None where it takes an extra to draw it."""

    title: str
    svg: Markup | None
    sentence: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def of(question: QuestionResult, language: Language = "en") -> tuple[Drawing, ...]:
    """The drawings of a question, in the order of its pictures."""
    return tuple(_drawing(one, language) for one in question.pictures if _fits_together(one))


def _fits_together(picture: Picture) -> bool:
    """Whether its parts belong to each other, as the grader's own do; a gradebook is anybody's."""
    match picture:
        case GraphPicture(own=own, reference=reference, mark=mark):
            return (
                _is_whole(own)
                and _is_whole(reference)
                and {mark.node, mark.source or 0} <= {*range(len(own.nodes))}
            )
        case EntriesPicture(shape=shape, pattern=pattern):
            fits = min(shape, default=0) > 0 and math.prod(shape) == len(pattern) <= _MOST
            return fits and {*pattern} <= {"=", *_ENTRIES} and not {*pattern} <= {"="}
        case StepsPicture(deviations=deviations):
            known = [one for one in deviations if one is not None]
            return min(known, default=-1.0) >= 0 and max(known) > 0 and len(deviations) <= _MOST


def _is_whole(graph: Graph) -> bool:
    count = len(graph.nodes)
    return count <= _MOST and all(0 <= one.source < one.target < count for one in graph.edges)


def _drawing(picture: Picture, language: Language) -> Drawing:
    match picture:
        case GraphPicture():
            return _graphs(picture, language)
        case EntriesPicture():
            return _entries(picture, language)
        case StepsPicture():
            return _steps(picture, language)


def percent(part: float) -> str:
    """A part of one: "40 %"."""
    return f"{100 * part:g} %"


# -- graphs ---------------------------------------------------------------------------------------


def _graphs(picture: GraphPicture, language: Language) -> Drawing:
    yours, reference = _say("picture.yours", language), _say("picture.reference", language)
    svg = graph_svg.beside(picture, titles=(yours, reference), language=language)
    header = (
        "picture.graph", "picture.number", "picture.operation", "picture.shape", "picture.line",
        "picture.from",
    )  # fmt: skip
    return Drawing(
        title=_say("picture.graphs", language),
        svg=svg,
        sentence=_marked(picture.own, picture.mark, language),
        header=tuple(_say(one, language) for one in header),
        rows=(
            *_nodes(picture.own, picture.mark, yours, language=language),
            *_nodes(picture.reference, None, reference, language=language),
        ),
    )


def _marked(graph: Graph, mark: Mark, language: Language) -> str:
    known: dict[str, Parameter] = {"name": graph.nodes[mark.node].name}
    if mark.source is not None:
        known["source"] = graph.nodes[mark.source].name
    if mark.line is not None:
        known["line"] = Message("line_alone", {"number": mark.line})
    match mark.kind:
        case "cut" if mark.by is not None:
            return _say("picture.cut_by", language, by=_CUTS[mark.by], **known)
        case "cut":
            return _say("picture.cut", language, **known)
        case "not_cut":
            return _say("picture.not_cut", language, **known)
        case "unrecorded":
            return _say("picture.unrecorded", language, **known)
        case "differs":
            return _say("picture.differs", language, **known)


def _nodes(
    graph: Graph, mark: Mark | None, whose: str, *, language: Language
) -> tuple[tuple[str, ...], ...]:
    notes = {"flows": "", "cut": _say("picture.is_cut", language), "none": ""}
    notes["none"] = _say("picture.is_none", language)

    def sources(number: int) -> str:
        return ", ".join(
            f"{edge.source + 1}{notes[edge.kind] and f' ({notes[edge.kind]})'}"
            for edge in graph.edges
            if edge.target == number
        )

    return tuple(
        (
            whose,
            f"{number + 1}{' ◀' if mark is not None and mark.node == number else ''}",
            node.name or "…",
            node.shape or "",
            "" if node.line is None else str(node.line),
            sources(number),
        )
        for number, node in enumerate(graph.nodes)
    )


# -- entries and steps ----------------------------------------------------------------------------


def _entries(picture: EntriesPicture, language: Language) -> Drawing:
    wrong = [
        (str(list(chart_svg.place(number, picture.shape))), _say(_ENTRIES[one], language))
        for number, one in enumerate(picture.pattern)
        if one in _ENTRIES
    ]
    title = _say("picture.entries_of", language, name=picture.output)
    return Drawing(
        title=title,
        svg=chart_svg.entries(picture, title),
        sentence=_say(
            "picture.entries",
            language,
            name=picture.output,
            wrong=len(wrong),
            count=len(picture.pattern),
            entry=wrong[0][0],
        ),
        header=(_say("picture.entry", language), _say("report.verdict", language)),
        rows=tuple(wrong),
    )


def _steps(picture: StepsPicture, language: Language) -> Drawing:
    def verdict(deviation: float | None) -> str:
        if deviation is None:
            return f"✗ {_say('picture.not_finite', language)}"
        right = deviation == 0
        word = _say("picture.right" if right else "picture.wrong", language)
        return f"{'✓' if right else '✗'} {word}"

    first = next(number for number, one in enumerate(picture.deviations) if one != 0)
    title = _say("picture.steps_of", language, name=picture.output)
    return Drawing(
        title=title,
        svg=chart_svg.steps(picture, title, first_wrong=_say("picture.first_wrong", language)),
        sentence=_say(
            "picture.steps",
            language,
            name=picture.output,
            entry=first,
            count=len(picture.deviations),
            most=percent(max(one for one in picture.deviations if one is not None)),
        ),
        header=(
            _say("picture.step", language),
            _say("picture.off_by", language),
            _say("report.verdict", language),
        ),
        rows=tuple(
            (str(number), "" if one is None else percent(one), verdict(one))
            for number, one in enumerate(picture.deviations)
        ),
    )


def _say(identifier: str, language: Language, **parameters: Parameter) -> str:
    return render(Message(identifier, parameters), language)
