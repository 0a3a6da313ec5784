"""nbgrader's `submitted/<student>/<assignment>/<notebook>.ipynb`, a `timestamp.txt` beside it."""

import re
from collections.abc import Iterator
from datetime import datetime

from grader.messages import Message, Parameter
from grader.submissions.files import MOST_NAMED, File, IntakeError, Tree, text
from grader.submissions.handins import HandIn, from_system, is_gradable

_SUBMITTED = "submitted"
_TIMESTAMP = "timestamp.txt"
_SIZE = 1_000


def recognises(tree: Tree) -> bool:
    """Whether it is such a folder, one that holds it, or one assignment of a student in it."""
    is_named_so = _SUBMITTED in (tree.name, *tree.place.parts[-3:-2])
    below = is_named_so or any(file.path.startswith(f"{_SUBMITTED}/") for file in tree.files)
    if not below and not any(file.path.endswith(_TIMESTAMP) for file in tree.files):
        return False
    placed = _placed(tree)
    gradable = [parts for file, parts in placed if is_gradable(file.path)]
    if any(file.name == _TIMESTAMP and len(parts) == 3 for file, parts in placed):
        # A student may hand in a file of that name where the others' answers stand elsewhere.
        return is_named_so or all(len(parts) >= 3 for parts in gradable)
    return below and bool(gradable) and all(len(parts) == 3 for parts in gradable)


def find(tree: Tree) -> Iterator[HandIn]:
    """The notebooks under their students' ids; raises IntakeError for several assignments."""
    placed = [(file, parts) for file, parts in _placed(tree) if len(parts) == 3]
    assignments = sorted({parts[1] for _, parts in placed})
    if len(assignments) > 1:
        known: dict[str, Parameter] = {"path": text(tree.path), "count": len(assignments)}
        known["names"] = text(", ".join(assignments[:MOST_NAMED]))
        known["first"] = text(assignments[0])
        raise IntakeError(Message("intake.several_assignments", known))
    times = {parts[0]: _time(file) for file, parts in placed if file.name == _TIMESTAMP}
    for file, (student, assignment, name) in placed:
        if name != _TIMESTAMP:
            time = times.get(student)
            yield from_system(
                "nbgrader",
                text(student),
                file,
                submitted_at=time,
                lms={"student_id": text(student), "assignment_id": text(assignment)},
            )


def _placed(tree: Tree) -> list[tuple[File, tuple[str, ...]]]:
    """The files, each with student, assignment and name, where that is how it is placed."""
    handed_in = [(file, file.parts[1:]) for file in tree.files if file.parts[0] == _SUBMITTED]
    if handed_in:  # beside it a course has source, release, autograded and feedback
        return handed_in
    around = tree.place.parts
    # One student's folder of one assignment, as `submitted/*/ps1` gives them.
    above = around[-2:] if around[-3:-2] == (_SUBMITTED,) else ()
    return [(file, (*above, *file.parts)) for file in tree.files]


def _time(file: File) -> str | None:
    """The time in ISO 8601; nbgrader writes `2015-02-02 15:58:23.948203 America/Los_Angeles`."""
    try:
        written = file.read(_SIZE).decode("ascii", "replace").strip()
    except OSError:
        return None
    found = re.match(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)\S*\s*(.*)", written)
    if found is None:
        return None
    date, clock, zone = found.groups()
    suffix = "+00:00" if zone in ("UTC", "+0000") else ""
    try:
        return datetime.fromisoformat(f"{date}T{clock}{suffix}").isoformat()
    except ValueError:
        return None
