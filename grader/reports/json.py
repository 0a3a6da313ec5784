"""The results as results.json, for machines; the format is `grader.results`' own."""

from pathlib import Path

from grader.reports import write_atomically
from grader.results import Results, to_json


def write(results: Results, folder: Path) -> Path:
    """Write results.json into the folder and return its path; raises ReportError."""
    return write_atomically(folder / "results.json", to_json(results))
