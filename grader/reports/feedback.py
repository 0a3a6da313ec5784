"""Everyone's page in a zip that Canvas or Moodle takes in as feedback files.

It knows the names that the systems gave to what was handed in, and nothing of the pages.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Literal, TypeAlias

from msgspec import Struct

from grader.reports import write_atomically, write_zip
from grader.reports.escaping import visible
from grader.results import Results, SubmissionResult

System: TypeAlias = Literal["canvas", "moodle"]

PAGE = "feedback.html"
"""The page's own name; Canvas takes no file whose name's last part begins with "link"."""

# The first number is Moodle's; a student's own file name may hold another.
_MOODLE_NAME = re.compile(
    r"(?P<name>[^/]+?)_(?P<number>\d+)_(?P<end>assignsubmission_(?:file|onlinetext)_?)"
)


class Written(Struct, frozen=True):
    """A zip of pages: where it is, how many are in it, and the ids of those that it is not for."""

    path: Path
    count: int
    unmatched: tuple[str, ...]


def write(
    results: Results, folder: Path, *, system: System, page: Callable[[SubmissionResult], str]
) -> Written:
    """Write `canvas-feedback.zip` or `moodle-feedback.zip` into the folder; raises ReportError.

    A student is found by the name under which the system handed out what counted; a submission
    that came another way has no page in it. With no page at all nothing is written.
    """
    path = folder / f"{system}-feedback.zip"
    students = dict(_names(results, system))
    names = {student: name for name, student in students.items()}

    def pages(file: IO[bytes]) -> None:
        found = (one for one in results.submissions if one.id in names)
        write_zip(file, ((names[one.id], page(one).encode()) for one in found))

    if names:
        write_atomically(path, pages)
    unmatched = tuple(one.id for one in results.submissions if one.id not in names)
    return Written(path, len(names), unmatched)


def _names(results: Results, system: System) -> Iterator[tuple[str, str]]:
    """The names in the zip, and whose they are."""
    name_of = {"canvas": _canvas_name, "moodle": _moodle_name}[system]
    for one in results.submissions:
        if one.lms.get("system") == system and (name := name_of(one)):
            yield name, one.id


def _canvas_name(result: SubmissionResult) -> str | None:
    """The downloaded name and more; Canvas reads its numbers, and knows none of typed text."""
    if "attachment_id" not in result.lms:
        return None
    return f"{_plain(PurePosixPath(result.path).name)}_{PAGE}"


def _moodle_name(result: SubmissionResult) -> str | None:
    """The downloaded folder; in the flat layout, and before Moodle 4.1, its name ends in `_`."""
    found = _MOODLE_NAME.search(result.path)
    if found is None:
        return None
    # Moodle takes what stands between the first two underscores for the number.
    name = _plain(found["name"]).replace("_", " ")
    return f"{name}_{found['number']}_{found['end']}/{PAGE}"


def _plain(name: str) -> str:
    """The name, without what a path or a screen could stumble over."""
    return re.sub(r'[\\/:*?"<>|]', "-", " ".join(visible(name).split()))
