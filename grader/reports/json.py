"""The results as results.json, for machines; the format is `grader.results`' own."""

from collections.abc import Iterable
from pathlib import Path

from grader.messages import Language
from grader.reports import write_atomically
from grader.results import Results, to_json, to_json_pieces


def write(results: Results, folder: Path, *, language: Language = "en") -> Path:
    """Write results.json into the folder and return its path; raises ReportError."""
    return write_atomically(folder / "results.json", to_json(results, language))


def write_pieces(
    frame: Results, rows: Iterable[bytes], folder: Path, *, language: Language = "en"
) -> Path:
    """The same for results without submissions and these as JSON, in the order of their ids."""
    return write_atomically(folder / "results.json", to_json_pieces(frame, rows, language))
