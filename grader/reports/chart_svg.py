"""Draws which entries of an answer are wrong, and how far each step is off, as SVG.

Colours and fonts are the page's, by class; a character says what a colour does.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from markupsafe import Markup

from grader.reports.escaping import visible
from grader.results import EntriesPicture, StepsPicture

_CELL = 24
_LONGEST_ROW = 16
_GLYPHS = {"=": "·", "~": "≈", "x": "✗", "?": "∞"}
_TONES = {"=": "right", "~": "near", "x": "wrong", "?": "wrong"}
_BAR, _HEIGHT, _FOOT, _LEFT = 34, 110, 36, 64


def canvas(width: float, height: float, label: str) -> ET.Element:
    """An empty drawing that says aloud what it is."""
    return ET.Element(
        "svg",
        {
            "class": "drawn",
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "role": "img",
            "aria-label": visible(label),
        },
    )


def write(parent: ET.Element, text: str, x: float, y: float, *, kind: str = "") -> None:
    """Put a text into a drawing, centred on `x`, its line at `y`."""
    written = ET.SubElement(parent, "text", {"x": f"{x:g}", "y": f"{y:g}"})
    if kind:
        written.set("class", kind)
    written.text = visible(text)


def markup(drawing: ET.Element) -> Markup:
    """The drawing as it stands in a page."""
    return Markup(ET.tostring(drawing, encoding="unicode"))  # noqa: S704 - ElementTree escapes


def place(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    """The indices of an entry, from its number row by row."""
    indices: list[int] = []
    for size in reversed(shape):
        number, index = divmod(number, size)
        indices.insert(0, index)
    return tuple(indices)


def entries(picture: EntriesPicture, label: str) -> Markup:
    """A cell for each entry, its rows as the array's; a long vector is broken into several."""
    *_, last = picture.shape
    columns = min(last, _LONGEST_ROW) if len(picture.shape) == 1 else last
    rows = -(-len(picture.pattern) // columns)
    heads = [_head(row * columns, picture.shape) for row in range(rows)]
    left = 10 + 7 * max(map(len, heads))
    drawing = canvas(left + columns * _CELL + 2, (rows + 1) * _CELL, label)
    for column in range(columns):
        write(drawing, str(column), left + (column + 0.5) * _CELL, 16, kind="small")
    for row, head in enumerate(heads):
        write(drawing, head, left / 2, (row + 1.65) * _CELL, kind="small")
    for number, entry in enumerate(picture.pattern):
        row, column = divmod(number, columns)
        x, y = left + column * _CELL, (row + 1) * _CELL
        group = ET.SubElement(drawing, "g", {"class": _TONES[entry]})
        size = {"width": str(_CELL - 2), "height": str(_CELL - 2)}
        ET.SubElement(group, "rect", {"x": f"{x:g}", "y": f"{y:g}", **size})
        write(group, _GLYPHS[entry], x + _CELL / 2 - 1, y + 0.65 * _CELL)
    return markup(drawing)


def _head(number: int, shape: Sequence[int]) -> str:
    """What a row is called by the indices before the last; a vector's by its first entry."""
    if len(shape) == 1:
        return f"{number}+" if shape[0] > _LONGEST_ROW else ""
    return ", ".join(map(str, place(number, shape)[:-1]))


def steps(picture: StepsPicture, label: str, *, first_wrong: str) -> Markup:
    """A bar for each step, as high as it is off; the first wrong one is named."""
    measured = [one for one in picture.deviations if one is not None]
    top = max(measured)
    count = len(picture.deviations)
    width = _LEFT + count * _BAR + 50
    drawing = canvas(width, _HEIGHT + _FOOT + 20, label)
    floor = _HEIGHT + 20
    for level, y in ((top, 20), (0.0, floor)):
        points = {"x1": str(_LEFT), "x2": str(width), "y1": str(y), "y2": str(y)}
        ET.SubElement(drawing, "line", {"class": "axis", **points})
        write(drawing, f"{100 * level:g} %", _LEFT / 2, y + 4, kind="small")
    first = next(number for number, one in enumerate(picture.deviations) if one != 0)
    for number, deviation in enumerate(picture.deviations):
        middle = _LEFT + (number + 0.5) * _BAR
        height = _HEIGHT * deviation / top if deviation else 0.0
        group = ET.SubElement(drawing, "g", {"class": "right" if deviation == 0 else "wrong"})
        if deviation:
            size = {"width": str(_BAR - 12), "height": f"{height:.1f}"}
            corner = {"x": f"{middle - _BAR / 2 + 6:g}", "y": f"{floor - height:.1f}"}
            ET.SubElement(group, "rect", {**corner, **size})
        glyph = "∞" if deviation is None else "✓" if deviation == 0 else "✗"
        write(group, glyph, middle, floor - height - 5)
        write(drawing, str(number), middle, floor + 15, kind="small")
        if number == first:
            write(drawing, f"▲ {first_wrong}", middle, floor + 30, kind="mark")
    return markup(drawing)
