"""What a notebook's screen showed beside what a fresh run prints: sums of several runs of a cell.

A stored output is a claim of the file's. It explains, and never scores.
"""

import re

from grader.diagnosis.findings import Finding, finding
from grader.notebooks import CodeCell

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MOST_RUNS = 1000


def stale_output(cell: CodeCell, fresh: str) -> Finding | None:
    """That a cell's screen adds up several runs, if each number that differs is so many times ours.

    None where the words around the numbers differ, where nothing does, or where the notebook was
    not run often enough for it.
    """
    if not cell.shown or not fresh or _words(cell.shown) != _words(fresh):
        return None
    pairs = [
        (stored, found)
        for stored, found in zip(_NUMBER.findall(cell.shown), _NUMBER.findall(fresh), strict=True)
        if float(stored) != float(found)
    ]
    runs = {_runs(float(stored), float(found)) for stored, found in pairs}
    if len(runs) != 1:
        return None
    (k,) = runs
    if k is None or (cell.execution_count is not None and cell.execution_count < k):
        return None
    stored, found = (one.rstrip(".") for one in pairs[0])
    return finding("stale_output", None, exact=False, stored=stored, fresh=found, k=k)


def _words(text: str) -> str:
    """A text without its numbers, and without the spaces that follow from their lengths."""
    return re.sub(r"\s+", "", _NUMBER.sub("#", text))


def _runs(stored: float, fresh: float) -> int | None:
    """How many equal runs add up to what is stored; printed numbers have few digits."""
    ratio = stored / fresh if fresh else 0.0
    k = round(ratio) if abs(ratio) < _MOST_RUNS else 0
    return k if k >= 2 and abs(ratio - k) <= 1e-3 * k else None
