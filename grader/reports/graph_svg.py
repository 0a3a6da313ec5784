"""Draws the graphs of two computations beside each other as SVG, laid out in layers.

The layout is igraph's, of the extra `report`; without it there is no drawing.
"""

import importlib.util
import itertools
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from markupsafe import Markup
from msgspec import Struct

from grader.messages import Language, Message, render
from grader.reports.chart_svg import canvas, markup, write
from grader.results import Edge, Graph, GraphPicture, Mark, Node

_CHARACTER = 7.4
_LONGEST_LABEL = 18
_BOX, _LAYER, _GAP, _EDGE = 38, 78, 18, 12

Point = tuple[float, float]


class _Layout(Struct, frozen=True):
    """Where the nodes' middles are, and the points that each edge passes, ends included."""

    nodes: Sequence[Point]
    edges: Sequence[Sequence[Point]]
    width: float
    height: float


def beside(picture: GraphPicture, *, titles: tuple[str, str], language: Language) -> Markup | None:
    """The student's graph and the reference's, each under its title; None without the extra."""
    if importlib.util.find_spec("igraph") is None:
        return None
    own, reference = titles
    return Markup('<div class="beside">{}{}</div>').format(
        _titled(own, _drawn(picture.own, picture.mark, own, language=language)),
        _titled(reference, _drawn(picture.reference, None, reference, language=language)),
    )


def _titled(title: str, svg: Markup) -> Markup:
    return Markup('<div><div class="muted">{}</div>{}</div>').format(title, svg)


def _drawn(graph: Graph, mark: Mark | None, label: str, *, language: Language) -> Markup:
    labels = [_labels(node, language) for node in graph.nodes]
    widths = [max(len(name), 0.85 * len(below)) * _CHARACTER + 20 for name, below in labels]
    layout = _laid_out(graph, max(widths) + _GAP)
    drawing = canvas(layout.width, layout.height, label)
    for edge, points in zip(graph.edges, layout.edges, strict=True):
        _draw_edge(drawing, points, edge, is_marked=_is_marked(edge, mark))
    for number, (node, (x, y)) in enumerate(zip(graph.nodes, layout.nodes, strict=True)):
        is_marked = mark is not None and mark.source is None and mark.node == number
        kind = f"node {node.kind}{' marked' if is_marked else ''}"
        group = ET.SubElement(drawing, "g", {"class": kind})
        _draw_box(group, x, y, widths[number], rounded=node.kind == "leaf")
        name, below = labels[number]
        write(group, name, x, y - 2 if below else y + 4)
        if below:
            write(group, below, x, y + 12, kind="small")
        if is_marked:
            write(group, "≠" if mark and mark.kind == "differs" else "✗",
                  x + widths[number] / 2 + 9, y + 5, kind="mark")  # fmt: skip
    return markup(drawing)


def _labels(node: Node, language: Language) -> tuple[str, str]:
    """A node's name, and its shape and line; of one that is not told, nothing."""
    if node.name is None:
        return "…", ""
    name = node.name or "·"
    line = (
        "" if node.line is None else render(Message("line_alone", {"number": node.line}), language)
    )
    below = " · ".join(one for one in (node.shape or "", line) if one)
    return _cut(name), _cut(below, _LONGEST_LABEL + 8)


def _cut(text: str, most: int = _LONGEST_LABEL) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _is_marked(edge: Edge, mark: Mark | None) -> bool:
    return mark is not None and (edge.source, edge.target) == (mark.source, mark.node)


def _draw_box(group: ET.Element, x: float, y: float, width: float, *, rounded: bool) -> None:
    box = {
        "x": f"{x - width / 2:.1f}",
        "y": f"{y - _BOX / 2:.1f}",
        "width": f"{width:.1f}",
        "height": str(_BOX),
        "rx": str(_BOX / 2 if rounded else 4),
    }
    ET.SubElement(group, "rect", box)


def _draw_edge(
    drawing: ET.Element, points: Sequence[Point], edge: Edge, *, is_marked: bool
) -> None:
    """A line that leaves and arrives upright, with a head, and a character where it is marked."""
    kind = f"edge {edge.kind}{' marked' if is_marked else ''}"
    group = ET.SubElement(drawing, "g", {"class": kind})
    (x, y), *others = points
    path = [f"M{x:.1f} {y:.1f}"]
    for ahead_x, ahead_y in others:
        half = (y + ahead_y) / 2
        path.append(f"C{x:.1f} {half:.1f} {ahead_x:.1f} {half:.1f} {ahead_x:.1f} {ahead_y:.1f}")
        x, y = ahead_x, ahead_y
    ET.SubElement(group, "path", {"d": " ".join(path)})
    head = f"M{x - 4:.1f} {y - 7:.1f}L{x + 4:.1f} {y - 7:.1f}L{x:.1f} {y:.1f}Z"
    ET.SubElement(group, "path", {"class": "head", "d": head})
    if is_marked:
        (x, y), (ahead_x, ahead_y) = points[-2:]
        glyph = "✂" if edge.kind == "cut" else "≠"
        write(group, glyph, (x + ahead_x) / 2, (y + ahead_y) / 2 + 7, kind="mark")


def _laid_out(graph: Graph, pitch: float) -> _Layout:
    """The nodes in layers, each below all that it is computed from, with few crossings.

    An edge across several layers passes points of its own in those between.
    """
    from igraph import Graph as Layered  # noqa: PLC0415 - an extra, and a tenth of a second

    layers = _layers(graph)
    chains = []
    for edge in graph.edges:
        between = range(layers[edge.source] + 1, layers[edge.target])
        first = len(layers)
        layers.extend(between)
        chains.append([edge.source, *range(first, len(layers)), edge.target])
    links = [pair for chain in chains for pair in itertools.pairwise(chain)]
    coordinates = Layered(n=len(layers), edges=links, directed=True).layout_sugiyama(layers=layers)
    across = [x for x, _ in coordinates.coords]
    leftmost = min(across)
    at = [
        ((x - leftmost + 0.5) * pitch, layer * _LAYER + _BOX / 2 + 4)
        for x, layer in zip(across, layers, strict=True)
    ]
    ends = [
        [(at[one][0], at[one][1] + _BOX / 2), *(at[each] for each in middle),
         (at[other][0], at[other][1] - _BOX / 2)]
        for one, *middle, other in chains
    ]  # fmt: skip
    width = (max(across) - leftmost + 1) * pitch + _EDGE
    return _Layout(at[: len(graph.nodes)], ends, width, max(layers) * _LAYER + _BOX + 8)


def _layers(graph: Graph) -> list[int]:
    """Each node one below the lowest that it is computed from; a leaf just above its first use."""
    layers = [0] * len(graph.nodes)
    for edge in sorted(graph.edges, key=lambda one: one.target):
        layers[edge.target] = max(layers[edge.target], layers[edge.source] + 1)
    for number, node in enumerate(graph.nodes):
        uses = [layers[one.target] for one in graph.edges if one.source == number]
        if node.kind == "leaf" and uses:
            layers[number] = max(0, min(uses) - 1)
    return layers
