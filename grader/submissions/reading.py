"""From the bytes that were handed in to code that can be run, or a problem with a sentence.

Nothing in it runs what it reads.
"""

import codecs
import contextlib
import hashlib
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from grader.messages import Message, Told, render
from grader.notebooks import MAX_BYTES, CodeCell, NotebookError, read_notebook
from grader.results import Problem
from grader.submissions.files import MODULE, NOTEBOOK, File, ending, reason_of, text
from grader.submissions.handins import HandIn
from grader.submissions.kinds import DOCUMENTS, is_link

_NOT_CHARSETS = {"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
"""Text codecs that no source file is written in, and that hostile bytes can make very slow."""

_MOST_OF_MODULES = 2**20
"""Bytes of all that are imported: they go to the sandbox with the cells, in one frame."""

_HEADER = r"# ---\r?\n(?:#.*\n)*?#   grader:\r?\n((?:#     .*\n)+)"
_HINT = r"^#     (\w+): ([A-Za-z][A-Za-z0-9_-]{0,63})\r?$"
_LONGEST_HEADER = 2_000
"""Characters."""


class Submission(Struct, frozen=True, kw_only=True):
    """One student's file, read.

    `path` is as given, or relative to the folder or archive that was given; `sha256` is of the
    file's bytes, and of the modules' that it imports, empty where they were not all read. Exactly
    one of `form` and `problem` is None. A module is one cell. `modules` are the sources of what it
    imports of the student's own, by their names. `screen` has a notebook's cells as they were
    saved. `assignment` and `language` are what a file says of itself. `name`, `submitted_at`
    (ISO 8601), `late` and `lms` are what the learning system says, `others` the student's files
    that do not count.
    """

    id: str
    path: str
    sha256: str = ""
    form: Literal["notebook", "module"] | None = None
    cells: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    screen: tuple[CodeCell, ...] = ()
    problem: Problem | None = None
    problem_message: Told | None = None
    assignment: str | None = None
    language: str | None = None
    name: str | None = None
    submitted_at: str | None = None
    late: bool | None = None
    lms: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def content(self) -> str:
        """What tells these bytes from others: their hash, or why they could not be read."""
        return self.sha256 or str(self.problem)


class ProblemError(Exception):
    """What was handed in cannot be graded; the message is a sentence for the student."""

    def __init__(self, problem: Problem, message: Message) -> None:
        super().__init__(render(message))
        self.problem: Problem = problem
        self.message = message


class Contents(Struct, frozen=True):
    """The bytes of a file, at most one more than `MAX_BYTES`, or why they cannot be read.

    `modules` are those of the modules that it imports, by their names.
    """

    data: bytes | OSError
    modules: Mapping[str, bytes] = {}


def contents(hand_in: HandIn) -> Contents:
    """What was handed in; a module that cannot be read, or is too much, is left out."""
    try:
        data = hand_in.file.read(MAX_BYTES + 1)
    except OSError as error:
        return Contents(error)
    modules = {}
    room = _MOST_OF_MODULES
    for name, file in hand_in.modules:
        with contextlib.suppress(OSError):
            source = file.read(room + 1)
            if len(source) <= room:
                modules[name] = source
                room -= len(source)
    return Contents(data, modules)


def content_of(found: Contents) -> str:
    """What tells these bytes from others: their hash, or the problem with them."""
    if isinstance(found.data, OSError):
        return "unreadable"
    if len(found.data) > MAX_BYTES:
        return "too_large"
    digest = hashlib.sha256(found.data)
    for name, data in found.modules.items():
        digest.update(f"\0{name}\0{hashlib.sha256(data).hexdigest()}".encode())
    return digest.hexdigest()


def read(hand_in: HandIn, found: Contents) -> Submission:
    """The submission with what its bytes hold: cells, or the problem with them."""
    data = found.data
    whole = not isinstance(data, OSError) and len(data) <= MAX_BYTES
    submission = Submission(
        id=hand_in.id,
        path=hand_in.shown,
        sha256=content_of(found) if whole else "",
        modules=dict(_sources(found.modules)),
        name=hand_in.name,
        submitted_at=hand_in.submitted_at,
        late=hand_in.late,
        lms=dict(hand_in.lms),
        others=hand_in.others,
        flags=hand_in.flags,
    )
    if isinstance(data, OSError):
        message = Message("intake.unreadable", {"reason": reason_of(data)})
        return replace(submission, problem="unreadable", problem_message=message)
    try:
        return _with_code(submission, hand_in.file, data)
    except (ProblemError, NotebookError) as error:
        return replace(submission, problem=error.problem, problem_message=error.message)


def _sources(modules: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """The modules that are text; what imports another fails, and says so."""
    for name, data in modules.items():
        with contextlib.suppress(ProblemError):
            yield name, _module_source(data) if data.strip() else ""


def _with_code(submission: Submission, file: File, data: bytes) -> Submission:
    ending = file.suffix
    if ending == NOTEBOOK:
        notebook = read_notebook(data)
        return replace(
            submission,
            form="notebook",
            cells=tuple(cell.source for cell in notebook.cells),
            screen=notebook.cells,
            assignment=notebook.assignment,
            language=notebook.language,
        )
    if ending == MODULE:
        source = _module_source(data)
        hint = _hint(source)
        return replace(
            submission,
            form="module",
            cells=(source,),
            assignment=hint.get("assignment"),
            language=hint.get("language"),
        )
    if is_link(ending, data):
        raise ProblemError("link_only", Message("intake.link"))
    raise ProblemError("wrong_file_type", _wrong_file_type(file))


def _module_source(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 2**20
        raise ProblemError("too_large", Message("intake.too_large", {"size": size}))
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        raise ProblemError("empty", Message("intake.empty"))
    if _is_notebook(data):
        raise ProblemError("unreadable", Message("intake.notebook_as_module"))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ProblemError("unreadable", Message("intake.utf_16"))
    try:
        return data.decode(_charset(data))
    except (SyntaxError, ValueError, LookupError):
        raise ProblemError("unreadable", Message("intake.encoding")) from None


def _hint(source: str) -> dict[str, str]:
    """What a module says of itself in the comments that `grader start --module` begins it with.

    They are jupytext's, so that the notebook that it makes of the module says the same.
    """
    if not source.startswith("# ---"):
        return {}
    header = re.match(_HEADER, source[:_LONGEST_HEADER])
    return dict(re.findall(_HINT, header[1], re.MULTILINE)) if header else {}


def _charset(data: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    if codecs.lookup(encoding).name.replace("-", "_") in _NOT_CHARSETS:
        raise LookupError(encoding)
    return encoding


def _is_notebook(data: bytes) -> bool:
    return data.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{") and (
        b'"nbformat"' in data or b'"cell_type"' in data
    )


def _wrong_file_type(file: File) -> Message:
    real = ending(file.stem)
    if real in (NOTEBOOK, MODULE):
        return Message("intake.second_ending", {"ending": text(file.suffix), "real": real})
    kind = DOCUMENTS.get(file.suffix, "other")
    return Message("intake.wrong_kind", {"kind": Message(f"kind.{kind}")})
