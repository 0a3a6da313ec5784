"""Intake: from the files and folders that were given to the submissions in them, one at a time.

Every file becomes code to run or a problem with a sentence for the student; none stops the rest.
It knows no assignment, and nothing in it runs what it reads.
"""

import codecs
import hashlib
import io
import os
import stat
import tokenize
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from operator import itemgetter
from pathlib import Path
from typing import Literal

from grader.notebooks import MAX_BYTES, NotebookError, read_notebook
from grader.results import Problem

NOTEBOOK = ".ipynb"
MODULE = ".py"

_DOCUMENTS = {
    ".pdf": "a PDF",
    ".html": "a web page",
    ".htm": "a web page",
    ".docx": "a Word document",
    ".doc": "a Word document",
    ".odt": "a text document",
    ".txt": "a text file",
    ".zip": "an archive",
    ".tar": "an archive",
    ".gz": "an archive",
    ".rar": "an archive",
    ".7z": "an archive",
}
"""What is plainly handed in as an answer, though it cannot be graded."""

_NOT_ANSWERS = {"conftest", "license", "readme", "requirements", "setup"}
"""Stems of files that lie beside answers in many folders."""

_OUT = {"results.json", "index.html"}
"""A folder with these is an earlier run's OUT: its pages are no hand-ins."""

_NOT_CHARSETS = {"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
"""Text codecs that no source file is written in, and that hostile bytes can make very slow."""


class IntakeError(Exception):
    """What was given cannot be taken in at all; the text is one line for the person who gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One student's file, read.

    `path` is as given, or relative to the folder that was given; `sha256` is of the file's bytes,
    empty where they were not all read. Exactly one of `form` and `problem` is None. A module is
    one cell. `assignment` and `language` are what a notebook says of itself.
    """

    id: str
    path: str
    sha256: str = ""
    form: Literal["notebook", "module"] | None = None
    cells: tuple[str, ...] = ()
    problem: Problem | None = None
    problem_message: str | None = None
    assignment: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A file to read, and its possible ids, the shortest first; the last is its alone."""

    file: Path
    shown: str
    ids: tuple[str, ...]
    follows_links: bool


class _ProblemError(Exception):
    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem: Problem = problem
        self.message = message


@dataclass(frozen=True, slots=True)
class Submissions:
    """What was found, sorted by id: counted at once, each read anew when it is asked for."""

    _found: tuple[tuple[_Found, str], ...]

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Submission]:
        return starmap(_read, self._found)


def collect(paths: Sequence[Path], *, leaving_out: Collection[Path] = ()) -> Submissions:
    """The submissions in these files and folders, sorted by id, each read when it is asked for.

    In a folder, and the folders in it, notebooks and modules are submissions, and so are documents
    of another type that stand where an answer should. Hidden files, names that begin with an
    underscore, data files and symbolic links are passed over. A submission's id is the name of its
    file; in a folder with one folder a student it is the student's folder; where that would give
    two the same id, the folder's name is set before it. Files to be left out are passed over in
    folders.

    Raises IntakeError, before anything is read, for a path that does not exist and a folder
    without submissions.
    """
    found: dict[str, _Found] = {}
    others = frozenset(map(os.path.realpath, leaving_out))
    for path in paths:
        for one in _find(path, others):
            found.setdefault(os.path.realpath(one.file), one)
    return Submissions(tuple(sorted(_with_ids(list(found.values())), key=itemgetter(1))))


# -- finding ------------------------------------------------------------------------------------


def _find(path: Path, others: frozenset[str]) -> list[_Found]:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        raise IntakeError(
            f"{_text(path)} does not exist or cannot be reached: give a notebook (.ipynb), "
            "a module (.py) or a folder of them."
        ) from None
    if not stat.S_ISDIR(mode):
        ids = (path.stem, f"{path.parent.resolve().name}/{path.stem}", path.as_posix())
        return [_Found(path, _text(path), _texts(ids), follows_links=True)]
    found = list(_find_in_folder(path, others))
    if not found:
        raise IntakeError(
            f"{_text(path)} holds no submissions: looked for notebooks (.ipynb) and modules (.py) "
            "in it and its folders, leaving out names that begin with a dot or an underscore."
        )
    return found


def _find_in_folder(folder: Path, others: frozenset[str]) -> Iterator[_Found]:
    answers = [path for path in _answers_below(folder) if os.path.realpath(path) not in others]
    files = [path.relative_to(folder) for path in answers]
    held = Counter(parent for file in files for parent in file.parents)
    for file in files:
        # Parents go from the file's own folder up to ".", the folder that was given.
        students_own = [one for one in file.parents[:-1] if held[one] == 1]
        parent = file.parent.name or folder.resolve().name
        if students_own:
            short = students_own[-1].name
        elif file.parent.name:
            short = f"{parent}/{file.stem}"
        else:
            short = file.stem
        path = folder / file
        ids = (short, f"{parent}/{file.stem}", f"{parent}/{file.name}", path.as_posix())
        yield _Found(path, _text(file), _texts(ids), follows_links=False)


def _answers_below(folder: Path) -> Iterator[Path]:
    unlistable: list[OSError] = []
    for name, folders, names in os.walk(folder, onerror=unlistable.append):
        here = Path(name)
        if "pyvenv.cfg" in names:
            folders.clear()  # a virtual environment: its modules are nobody's answers
            continue
        folders[:] = sorted(one for one in folders if not one.startswith((".", "_")))
        yield from _answers(here, names, is_top=here == folder)
    for error in unlistable:
        if Path(error.filename) == folder:
            raise IntakeError(
                f"{_text(folder)} cannot be listed ({error.strerror}): make it readable."
            )
        yield Path(error.filename)


def _answers(folder: Path, names: Sequence[str], *, is_top: bool) -> Iterator[Path]:
    files = [
        folder / name
        for name in sorted(names)
        if not _is_passed_over(name) and _is_regular(folder / name)
    ]
    gradable = {file.stem for file in files if file.suffix.lower() in (NOTEBOOK, MODULE)}
    is_out = _OUT.issubset(names)
    for file in files:
        suffix = file.suffix.lower()
        # A document beside a student's own answer accompanies it: it is no second answer.
        accompanies = file.stem in gradable if is_top else bool(gradable)
        is_document = suffix in _DOCUMENTS and not accompanies and not is_out
        if suffix in (NOTEBOOK, MODULE) or is_document:
            yield file


def _is_passed_over(name: str) -> bool:
    return name.startswith((".", "_")) or Path(name).stem.lower() in _NOT_ANSWERS


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return True  # vanished or out of reach: reading it will say so


def _with_ids(found: list[_Found]) -> Iterator[tuple[_Found, str]]:
    """Every file with the first of its ids that no other file has."""
    choice = [0] * len(found)
    while True:
        ids = [one.ids[number] for one, number in zip(found, choice, strict=True)]
        uses = Counter(ids)
        clashing = [
            place
            for place, one in enumerate(found)
            if uses[ids[place]] > 1 and choice[place] < len(one.ids) - 1
        ]
        if not clashing:
            return zip(found, ids, strict=True)
        for place in clashing:
            choice[place] += 1


def _texts(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_text(name) for name in names))


def _text(path: Path | str) -> str:
    """A path as text that can be written anywhere: bytes that are no UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


# -- reading ------------------------------------------------------------------------------------


def _read(found: _Found, submission_id: str) -> Submission:
    submission = Submission(id=submission_id, path=found.shown)
    try:
        data = _read_bytes(found)
        if len(data) <= MAX_BYTES:
            submission = replace(submission, sha256=hashlib.sha256(data).hexdigest())
        return _with_code(submission, found.file, data)
    except (_ProblemError, NotebookError) as error:
        return replace(submission, problem=error.problem, problem_message=error.message)


def _read_bytes(found: _Found) -> bytes:
    """The file's bytes, but at most one more than `MAX_BYTES`, in one opening that cannot block."""
    extra = getattr(os, "O_NONBLOCK", 0)
    if not found.follows_links:
        extra |= getattr(os, "O_NOFOLLOW", 0)
    try:
        with open(
            found.file, "rb", opener=lambda name, flags: os.open(name, flags | extra)
        ) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _ProblemError(
                    "unreadable", "This is no ordinary file: hand in a notebook or a module."
                )
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _ProblemError(
            "unreadable",
            f"The file could not be read ({error.strerror or error}): hand it in again, "
            "or ask your instructor.",
        ) from None


def _with_code(submission: Submission, file: Path, data: bytes) -> Submission:
    suffix = file.suffix.lower()
    if suffix == NOTEBOOK:
        notebook = read_notebook(data)
        return replace(
            submission,
            form="notebook",
            cells=tuple(cell.source for cell in notebook.cells),
            assignment=notebook.assignment,
            language=notebook.language,
        )
    if suffix == MODULE:
        return replace(submission, form="module", cells=(_module_source(data),))
    raise _ProblemError("wrong_file_type", _wrong_file_type(file))


def _module_source(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _ProblemError(
            "too_large",
            f"The file is larger than {MAX_BYTES // 2**20} MiB: remove data from it, "
            "and hand it in again.",
        )
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        raise _ProblemError("empty", "The file is empty: save your code and hand it in again.")
    if _is_notebook(data):
        raise _ProblemError(
            "unreadable",
            "The file ends in .py but holds a notebook: rename it so that it ends in .ipynb, "
            "and hand it in again.",
        )
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _ProblemError(
            "unreadable",
            "The file was saved as UTF-16: save it as UTF-8 in your editor, and hand it in again.",
        )
    try:
        return data.decode(_charset(data))
    except (SyntaxError, ValueError, LookupError):
        raise _ProblemError(
            "unreadable",
            "The file is not text in the encoding that it declares (UTF-8 where it declares "
            "none): save it as UTF-8 in your editor, and hand it in again.",
        ) from None


def _charset(data: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    if codecs.lookup(encoding).name.replace("-", "_") in _NOT_CHARSETS:
        raise LookupError(encoding)
    return encoding


def _is_notebook(data: bytes) -> bool:
    return data.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{") and (
        b'"nbformat"' in data or b'"cell_type"' in data
    )


def _wrong_file_type(file: Path) -> str:
    real = Path(file.stem).suffix.lower()
    if real in (NOTEBOOK, MODULE):
        return (
            f"The file's name ends in {_text(file.suffix)} after {real}: rename it so that it "
            f"ends in {real}, and hand it in again."
        )
    kind = _DOCUMENTS.get(file.suffix.lower(), "a file of another type")
    return (
        f"This is {kind}, which cannot be run: hand in your notebook (.ipynb) or your module "
        "(.py) itself."
    )
