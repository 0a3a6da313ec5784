"""From the bytes that were handed in to code that can be run, or a problem with a sentence.

Nothing in it runs what it reads.
"""

import codecs
import hashlib
import io
import re
import tokenize
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from grader.messages import Message, Told, render
from grader.notebooks import MAX_BYTES, CodeCell, NotebookError, read_notebook
from grader.results import Problem
from grader.submissions.files import File, ending, reason_of, text
from grader.submissions.handins import MODULE, NOTEBOOK, HandIn
from grader.submissions.kinds import DOCUMENTS, is_link

_NOT_CHARSETS = {"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
"""Text codecs that no source file is written in, and that hostile bytes can make very slow."""

_HEADER = r"# ---\r?\n(?:#.*\n)*?#   grader:\r?\n((?:#     .*\n)+)"
_HINT = r"^#     (\w+): ([A-Za-z][A-Za-z0-9_-]{0,63})\r?$"
_LONGEST_HEADER = 2_000
"""Characters."""


class Submission(Struct, frozen=True, kw_only=True):
    """One student's file, read.

    `path` is as given, or relative to the folder or archive that was given; `sha256` is of the
    file's bytes, empty where they were not all read. Exactly one of `form` and `problem` is None.
    A module is one cell. `screen` has a notebook's cells as they were saved. `assignment` and
    `language` are what a file says of itself. `name`, `submitted_at` (ISO 8601), `late` and
    `lms` are what the learning system says, `others` the student's files that do not count.
    """

    id: str
    path: str
    sha256: str = ""
    form: Literal["notebook", "module"] | None = None
    cells: tuple[str, ...] = ()
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


def contents(hand_in: HandIn) -> bytes | OSError:
    """The bytes of a file, at most one more than `MAX_BYTES`; or why they cannot be read."""
    try:
        return hand_in.file.read(MAX_BYTES + 1)
    except OSError as error:
        return error


def content_of(data: bytes | OSError) -> str:
    """What tells these bytes from others: their hash, or the problem with them."""
    if isinstance(data, OSError):
        return "unreadable"
    return hashlib.sha256(data).hexdigest() if len(data) <= MAX_BYTES else "too_large"


def read(hand_in: HandIn, data: bytes | OSError) -> Submission:
    """The submission with what its bytes hold: cells, or the problem with them."""
    whole = not isinstance(data, OSError) and len(data) <= MAX_BYTES
    submission = Submission(
        id=hand_in.id,
        path=hand_in.shown,
        sha256=content_of(data) if whole else "",
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
