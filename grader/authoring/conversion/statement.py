"""Writes the statement of a converted notebook: what stands between the graded cells, in order.

It knows Markdown and cells, not what is graded how.
"""

import re
from collections.abc import Iterator, Sequence

from grader.authoring.conversion.asked import Asked
from grader.authoring.conversion.cells import Cell

_HEADING = re.compile(r"^#{1,2} ", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~)")


def title(cells: Sequence[Cell], otherwise: str) -> str:
    """The first heading of the first level, else the name in words."""
    for cell in cells:
        found = None if cell.is_code else re.search(r"^# +(.+?) *#*$", cell.source, re.MULTILINE)
        if found:
            return found[1]
    return otherwise.replace("_", " ").capitalize()


def write(name: str, cells: Sequence[Cell], asked: Sequence[Asked]) -> str:
    """The Markdown: a title, what introduces, and a section for everything that is asked."""
    headed = title(cells, name)
    by_cell: dict[int, list[Asked]] = {}
    for one in asked:
        by_cell.setdefault(one.cell.number, []).append(one)
    done: list[str] = [f"# {headed}"]
    pending: list[tuple[bool, str]] = []
    for cell in cells:
        found = by_cell.get(cell.number, [])
        if not found:
            pending += [(cell.is_code, text) for text in _shown(cell, headed)]
            continue
        before, own = _split(pending) if len(done) == 1 else ([], [text for _, text in pending])
        done += before
        own += _shown(cell, headed)
        for place, one in enumerate(found):
            done.append(f"## {one.id}")
            done += own if place == 0 and own else [_asked_for(one)]
        pending = []
    done += [text for _, text in pending]
    return "\n\n".join(done) + "\n"


def _split(pending: Sequence[tuple[bool, str]]) -> tuple[list[str], list[str]]:
    """What introduces the notebook, and the last words before its first question."""
    words = [at for at, (is_code, _) in enumerate(pending) if not is_code]
    start = words[-1] if words else len(pending)
    return [text for _, text in pending[:start]], [text for _, text in pending[start:]]


def _shown(cell: Cell, headed: str) -> Iterator[str]:
    """What students see of a cell: words, code that is given, never a solution or a mark scheme."""
    if cell.role in {"tests", "damaged"}:
        return
    if cell.is_code:
        text = "" if cell.role in ("manual", "task") else _given(cell)
        if text:
            yield f"```python\n{text}\n```"
    elif cell.role == "plain":
        text = re.sub(
            rf"^# +{re.escape(headed)} *#*$", "", cell.source, count=1, flags=re.MULTILINE
        )
        if text.strip():
            yield _below(text.strip())
    elif cell.role == "task" or cell.inside("SOLUTION"):
        text = cell.without("MARK SCHEME") if cell.role == "task" else cell.without("SOLUTION")
        if text:
            yield _below(text)


def _given(cell: Cell) -> str:
    """The code of a cell but for its solution, statement by statement."""
    if cell.role == "plain":
        return cell.source.strip()
    if cell.tree is None or not cell.inside("SOLUTION"):
        return ""
    given = [cell.text(node) for node in cell.tree.body if not cell.is_solution(node)]
    return "\n\n".join(given)


def _below(text: str) -> str:
    """The text with its headings below those of questions; fenced code stays as it is."""
    fenced, lines = False, []
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        lines.append(line if fenced else _HEADING.sub("### ", line))
    return "\n".join(lines)


def _asked_for(one: Asked) -> str:
    if one.function is None:
        return f"Assign your answer to the name `{one.id}`."
    parameters = ", ".join(each.arg for each in one.function.node.args.args)
    return f"Write a function `{one.id}({parameters})`."
