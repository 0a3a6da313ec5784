"""The result of a grading run as plain data: results.json, schema 1.

Fields may be added, never renamed or removed. Nothing here decides anything; the grader fills
these structures and every report reads them. What is told is kept as messages; results.json holds
their text in one language.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from grader.messages import Language, Message, Told, render

Verdict = Literal[
    "correct",
    "follow_through",
    "needs_human",
    "answered",
    "side_effect",
    "wrong_value",
    "wrong_shape",
    "wrong_type",
    "non_finite",
    "missing",
    "error",
    "forbidden",
    "output_limit",
    "memory",
    "timeout",
    "crashed",
    "unsupported",
]
"""What is said of an output or a question, from best to worst."""

VERDICTS: tuple[Verdict, ...] = Verdict.__args__  # type: ignore[attr-defined]

Problem = Literal[
    "unreadable",
    "wrong_file_type",
    "link_only",
    "wrong_assignment",
    "empty",
    "too_large",
    "grader_fault",
]
"""Why a whole submission could not be judged (`empty` is judged: nothing was handed in)."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The misconception behind a wrong answer: `id` is the vocabulary's, `where` an output's name.

    `exact` is true only where no other misconception gives the same numbers.
    """

    id: str
    where: str | None
    message: Told
    exact: bool


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What was expected and found, in words that give away no answer of a graded case.

    `line` is the student's own line, counted from 1 in its cell or module; `hints` go from the
    idea to the rule.
    """

    expected: str | None = None
    found: str | None = None
    line: int | None = None
    hints: tuple[Told, ...] = ()


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of a computation, or a leaf that requires grad; `line` is the student's own.

    `name` and `shape` are null where they would tell what the student has not computed.
    """

    kind: Literal["leaf", "operation"]
    name: str | None = None
    shape: str | None = None
    line: int | None = None


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """From a node to one that is computed from it, by number.

    A gradient `flows` back along it, is `cut` off on it, or there is `none` that could.
    """

    source: int
    target: int
    kind: Literal["flows", "cut", "none"]


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """A computation: its nodes in the order in which they were made, and its edges."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a graph first differs from the reference's, by the number of a node.

    `line` is the student's own, in the cell numbered `cell` (from 0), as far as they are known.

    `cut`: no gradient flows from it back to `source`, and one should; `by` says what cut it.
    `not_cut`: one flows back to `source`, and none should. `unrecorded`: nothing that it is
    computed from requires grad. `differs`: its value is none of the reference's, nor is any
    computed from it.
    """

    kind: Literal["cut", "not_cut", "unrecorded", "differs"]
    node: int
    source: int | None = None
    by: Literal["data", "detach", "no_grad", "item", "numpy", "tensor"] | None = None
    cell: int | None = None
    line: int | None = None


class GraphPicture(msgspec.Struct, frozen=True, kw_only=True, tag_field="picture", tag="graph"):
    """The graph of a student's run and the reference's; `mark` is where theirs first differs.

    `reference` names only operations whose values the student has computed too.
    """

    own: Graph
    reference: Graph
    mark: Mark


class EntriesPicture(msgspec.Struct, frozen=True, kw_only=True, tag_field="picture", tag="entries"):
    """Which entries of an output are wrong: a character each, row by row.

    `=` right, `~` wrong by less than a hundredth of the largest, `x` wrong, `?` not finite.
    """

    output: str
    shape: tuple[int, ...]
    pattern: str


class StepsPicture(msgspec.Struct, frozen=True, kw_only=True, tag_field="picture", tag="steps"):
    """How far each step of a trajectory is from the reference's.

    As a part of the reference's largest magnitude, to one digit; 0 within the tolerance, null where
    there is no comparing. One at least is off by a part that is known.
    """

    output: str
    deviations: tuple[float | None, ...]


Picture: TypeAlias = GraphPicture | EntriesPicture | StepsPicture
"""What is drawn of a wrong answer; none of them tells what would be right."""


class OutputResult(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a question; `score` is null where it could not be judged."""

    name: str
    verdict: Verdict
    score: float | None
    max_score: float
    message: Told


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A person's mark in place of the computed one, which is null where it was not judged."""

    score: float
    comment: str
    by: str
    at: str
    computed: float | None = None


class QuestionResult(msgspec.Struct, frozen=True, kw_only=True):
    """One question; its verdict is its worst output's.

    `told` is how much of it the student may read; hints and pictures are cut to it already.
    """

    id: str
    score: float | None
    max_score: float
    verdict: Verdict
    message: Told
    outputs: tuple[OutputResult, ...] = ()
    feedback: Feedback = Feedback()
    diagnoses: tuple[Diagnosis, ...] = ()
    pictures: tuple[Picture, ...] = ()
    told: Literal["verdict", "hint", "full"] = "full"
    override: Override | None = None


class Isolation(msgspec.Struct, frozen=True, kw_only=True):
    """Under which protection the submission ran."""

    level: Literal["full", "kernel", "limits"]
    layers: tuple[str, ...]


class SubmissionResult(msgspec.Struct, frozen=True, kw_only=True):
    """One submission. `score` counts what was judged; what was not stands in `pending`.

    `late_factor` is what lateness leaves of the questions' points, 1 where it costs nothing.
    `seconds` is the wall-clock time that grading it took; `sha256` is of the submission's bytes;
    `others` are files of the same student that did not count; `language` is what the notebook says
    of itself; `remarks` are of code that failed beside the questions, which costs nothing.
    """

    id: str
    name: str | None
    path: str
    sha256: str
    submitted_at: str | None = None
    late: bool | None = None
    late_factor: float = 1.0
    lms: dict[str, str] = {}
    score: float | None
    max_score: float
    pending: float
    seconds: float
    problem: Problem | None
    problem_message: Told | None = None
    flags: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    language: str | None = None
    torch: Literal["facade", "real"] | None
    isolation: Isolation | None
    questions: tuple[QuestionResult, ...]
    remarks: tuple[Told, ...] = ()


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run: the content of results.json, submissions sorted by id."""

    schema: Literal[1] = 1
    assignment: str
    title: str
    grader_version: str
    seed: str
    submissions: Collection[SubmissionResult]  # those of a class are read anew at each reading


def for_student(question: QuestionResult) -> QuestionResult:
    """What the student may read of a question: all of it, or without a word about what is wrong."""
    if question.told != "verdict" or question.verdict == "correct":
        return question
    return replace(
        question,
        message=Message("verdict_only"),
        outputs=tuple(replace(one, message="") for one in question.outputs),
        feedback=Feedback(),
        diagnoses=(),
        pictures=(),
    )


def in_words(result: SubmissionResult, language: Language) -> SubmissionResult:
    """The same result, with a sentence in place of every message."""

    def question(one: QuestionResult) -> QuestionResult:
        hints = tuple(render(hint, language) for hint in one.feedback.hints)
        return replace(
            one,
            message=render(one.message, language),
            feedback=replace(one.feedback, hints=hints),
            outputs=tuple(_in_words(output, language) for output in one.outputs),
            diagnoses=tuple(_in_words(diagnosis, language) for diagnosis in one.diagnoses),
        )

    problem = result.problem_message
    return replace(
        result,
        problem_message=None if problem is None else render(problem, language),
        questions=tuple(map(question, result.questions)),
        remarks=tuple(render(one, language) for one in result.remarks),
    )


_Said = TypeVar("_Said", OutputResult, Diagnosis)


def _in_words(said: _Said, language: Language) -> _Said:
    return replace(said, message=render(said.message, language))


def to_json(results: Results, language: Language = "en") -> bytes:
    """The bytes of results.json: indented, sorted by id, ending in a newline."""
    ordered = sorted(results.submissions, key=lambda one: one.id)
    told = replace(results, submissions=tuple(in_words(one, language) for one in ordered))
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def to_json_pieces(
    frame: Results, rows: Iterable[bytes], language: Language = "en"
) -> Iterator[bytes]:
    """The bytes of results.json, piece by piece: of results without submissions, and these.

    `rows` are submissions as JSON in the order of their ids, as they are kept; one is held at a
    time.
    """
    head, tail = to_json(frame).split(b'"submissions": []')
    yield head + b'"submissions": ['
    separator = b"\n    "
    for row in rows:
        told = in_words(_decode_row(row), language)
        # No line break stands within a JSON text, so that every one is the format's.
        lines = msgspec.json.format(msgspec.json.encode(told), indent=2)
        yield separator + lines.replace(b"\n", b"\n    ")
        separator = b",\n    "
    yield (b"]" if separator == b"\n    " else b"\n  ]") + tail


_decode_row = msgspec.json.Decoder(SubmissionResult).decode


def from_json(data: bytes) -> Results:
    """Results read back; raises `msgspec.ValidationError` where they are not schema 1."""
    found = msgspec.json.decode(data, type=Results)
    return replace(found, submissions=tuple(found.submissions))
