"""A complete autograder for Gradescope: a zip with the grader, the assignment and what runs them.

It holds the solutions, so that it is the instructor's alone.
"""

import importlib.metadata
import secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

import grader
import reference_engine
from grader.assignment import Assignment, AssignmentError
from grader.catalogue import FILE_NAME, home
from grader.messages import LANGUAGES, Message, render
from grader.reports import write_atomically, zip_of

Demanded: TypeAlias = Literal["kernel", "limits"]

_EXECUTABLE = ("setup.sh", "run_autograder")
_LEFT_OUT = {"__pycache__", "samples"}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle was released with: settings.json in it.

    `assignment` is the name of the assignment's file, `isolation` the least that students' code
    runs under, `seed` what everyone's cases are drawn from.
    """

    assignment: str
    isolation: Demanded
    seed: str


def write(assignment: Assignment, folder: Path, *, isolation: Demanded = "kernel") -> Path:
    """Write `<assignment>-autograder.zip` into the folder; returns its path.

    Files beside an assignment.py go with it, folders do not. Raises AssignmentError for an
    assignment of no file, and ReportError where the folder cannot be written.
    """
    if assignment.file is None:
        raise AssignmentError(f"{assignment.id} was loaded from no file: name its assignment.py")
    settings = Settings(
        assignment=assignment.file.name, isolation=isolation, seed=secrets.token_hex(8)
    )
    files = {
        "settings.json": msgspec.json.format(msgspec.json.encode(settings), indent=2) + b"\n",
        "unfinished.json": ungraded("autograder.unfinished"),
        "requirements.txt": "".join(f"{one}\n" for one in requirements()).encode(),
        **dict(_scripts()),
        **dict(_assignment(assignment.file)),
        **dict(_package()),
    }
    path = folder / f"{assignment.id}-autograder.zip"
    return write_atomically(path, zip_of(files, executable=_EXECUTABLE))


def ungraded(why: Literal["autograder.unfinished", "autograder.nothing"]) -> bytes:
    """The results.json where nothing came of grading, or nothing was there: it has no score."""
    told = [render(Message(why), language) for language in LANGUAGES]
    content: dict[str, Any] = {
        "output": "\n\n".join(told),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"graded": False},
        "tests": [],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def requirements() -> list[str]:
    """What the grader needs of other packages, as pip takes it."""
    checkout = Path(grader.__file__).parents[1] / "pyproject.toml"
    if checkout.is_file():
        found: list[str] = tomllib.loads(checkout.read_text("utf-8"))["project"]["dependencies"]
        return found
    required = importlib.metadata.requires("autograd-grader") or []
    return [one for one in required if "extra ==" not in one]


def _scripts() -> Iterator[tuple[str, bytes]]:
    here = Path(__file__).parent
    for name in (*_EXECUTABLE, "README.md"):
        yield name, (here / "bundle" / name).read_bytes()


def _assignment(file: Path) -> Iterator[tuple[str, bytes]]:
    if file.name != FILE_NAME:
        yield f"assignment/{file.name}", file.read_bytes()
        return
    for one in sorted(file.parent.iterdir()):
        if one.is_file() and not one.name.startswith("."):
            yield f"assignment/{one.name}", one.read_bytes()


def _package() -> Iterator[tuple[str, bytes]]:
    """The two packages as they are installed, with the bundled assignments inside."""
    tops = {
        "grader/assignments": home(),
        "grader": Path(grader.__file__).parent,
        "reference_engine": Path(reference_engine.__file__).parent,
    }
    for name, top in tops.items():
        for path in sorted(top.rglob("*")):
            inner = path.relative_to(top)
            if path.is_file() and not any(map(_is_left_out, inner.parts)):
                yield f"package/{name}/{inner.as_posix()}", path.read_bytes()


def _is_left_out(part: str) -> bool:
    return part in _LEFT_OUT or part.startswith(".")
