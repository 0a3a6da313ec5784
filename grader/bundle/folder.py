"""Writes what students are given: notebooks in every language, and the file to check them with.

It knows the folder, and leaves to others what goes into the files. No solution gets there.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from grader.assignment import Assignment, AssignmentError
from grader.authoring import statements
from grader.bundle import SUFFIX
from grader.bundle.recording import record
from grader.messages import LANGUAGES, Language, Message, render
from grader.reports import ReportError


def write(assignment: Assignment, folder: Path, *, modules: bool = False) -> list[Path]:
    """Write the folder for students, and return the paths of what is in it.

    A file that is there already must be the same, else nothing is written. Raises AssignmentError
    for that and where a solution fails, ReportError where the folder cannot be written.
    """
    contents = {folder / name: content for name, content in _files(assignment, modules=modules)}
    for path, content in contents.items():
        if path.exists() and path.read_bytes() != content:
            raise AssignmentError(
                f"{path} is already here with other content, and nothing was written: move it "
                "away, or choose another folder with -o"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            path.write_bytes(content)
    except OSError as error:
        raise ReportError(
            f"{folder} cannot be written ({error.strerror or error}): choose another with -o"
        ) from None
    return list(contents)


def bundle(assignment: Assignment) -> bytes:
    """The content of the file that students check themselves with; the same for the same."""
    return msgspec.json.encode(record(assignment)) + b"\n"


def _files(assignment: Assignment, *, modules: bool) -> Iterator[tuple[str, bytes]]:
    """The files by their names."""
    data = f"{assignment.id}{SUFFIX}"
    yield data, bundle(assignment)
    told = []
    for language in _languages(assignment):
        name = f"{assignment.id}.{language}"
        content = msgspec.json.encode(statements.notebook(assignment, language))
        yield f"{name}.ipynb", msgspec.json.format(content, indent=1) + b"\n"
        if modules:
            yield f"{name}.py", statements.module(assignment, language, name=f"{name}.py").encode()
        words = {"title": assignment.title_in(language), "file": f"{name}.ipynb", "data": data}
        told.append(render(Message("release.readme", words), language))
    yield "README.md", "\n\n".join(told).encode() + b"\n"


def _languages(assignment: Assignment) -> list[Language]:
    """The languages in which there is a statement; English decides where there is none at all."""
    folder = assignment.path or Path()
    return [one for one in LANGUAGES if (folder / f"statement.{one}.md").is_file()] or ["en"]
