"""How strong a question is: which mistakes would keep their points, and what would catch them.

Every fault that the engine can make in the reference's run is tried as if a student had made it.
Nothing here knows of students or of how an assignment is reported on.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from grader.assignment import Question
from grader.cases import Case, Expected
from grader.diagnosis.wrong_answers import possible_faults, wrong_answer
from grader.outcomes import PlainValue
from grader.values import first_mismatch

if TYPE_CHECKING:
    from reference_engine.faults import Fault

CLEARANCE = 10
"""How many tolerances a wrong answer has to be away from the right one."""

Escape: TypeAlias = Literal["unasked", "close"]


class Survivor(Struct, frozen=True):
    """Mistakes at one place of the computation that keep their points.

    `unasked`: no output depends on the place, or the right answer is the same. `close`: there is a
    difference, but too small a one to be seen on any case. `place` is an operation and the operand
    whose derivative it is, as in "- mean".
    """

    place: str
    misconceptions: tuple[str, ...]
    escape: Escape


def survivors(question: Question, cases: Sequence[Case]) -> Iterator[Survivor]:
    """The mistakes that would not lose points on these cases, place by place.

    Nothing where the question takes no derivative, or where properties decide what is right. A
    change that leaves the derivative as it is, such as a factor of 1 left out, is no mistake.
    """
    if question.properties:
        return
    faults = possible_faults(question, cases[0])
    places: dict[object, list[Fault]] = defaultdict(list)
    for fault in faults:
        if not _is_harmless(question, fault):
            # A value that is another is seen where no derivative is.
            derives = fault.change not in ("left_out", "twice")
            at = (fault.site, fault.edge, derives) if fault.site else fault.change
            places[at].append(fault)
    found = {
        place: [_distance(question, cases, fault) for fault in there]
        for place, there in places.items()
    }
    asks = any("clear" in distances for distances in found.values())
    for place, distances in found.items():
        faults_here = places[place]
        close = _ids(faults_here, distances, "close")
        if close:
            yield Survivor(place_of(faults_here[0]), close, "close")
        elif asks and "clear" not in distances:
            yield Survivor(
                place_of(faults_here[0]), _ids(faults_here, distances, "none"), "unasked"
            )


def _ids(faults: "Sequence[Fault]", distances: Sequence[str], distance: str) -> tuple[str, ...]:
    pairs = zip(faults, distances, strict=True)
    return tuple(dict.fromkeys(fault.id for fault, one in pairs if one == distance))


def place_of(fault: "Fault") -> str:
    """Where a fault sits, as an author names it: "- mean", or what is done with gradients."""
    words = (fault.operation or fault.change, fault.operand)
    return " ".join(word for word in words if word)


def _is_harmless(question: Question, fault: "Fault") -> bool:
    """What nobody can make here, or what only lets gradients go where nobody looks.

    A sign is often squared away on purpose, and what was not copied may never be read again.
    """
    if fault.change == "passes":
        return question.autograd == "forbidden"
    return fault.change in ("attached", "no_grad_ignored", "negated", "not_copied")


def _distance(
    question: Question, cases: Sequence[Case], fault: "Fault"
) -> Literal["clear", "close", "none"]:
    """How far the fault's answers are from what is right, on the case that shows it most.

    One that raises, or never ends, is clear.
    """
    answers = [wrong_answer(question, (fault,), case) for case in cases]
    pairs = [(case.expected, wrong) for case, wrong in zip(cases, answers, strict=True) if wrong]
    if len(pairs) < len(cases) or any(is_clear(question, *pair) for pair in pairs):
        return "clear"
    differs = any(is_clear(question, *pair, tolerances=1e-3) for pair in pairs)
    return "close" if differs else "none"


def is_clear(
    question: Question, right: Expected, wrong: Expected, *, tolerances: float = CLEARANCE
) -> bool:
    """Whether some output is wrong even at so many times its tolerance."""
    wide = {name: tolerances * tolerance for name, tolerance in right.tolerances.items()}
    eased = replace(right, tolerances=wide)
    return any(first_mismatch(name, eased, answer_of(wrong), question.compare) for name in wide)


def answer_of(expected: Expected) -> PlainValue:
    """The answer of whoever returns just this."""
    outputs = dict(expected.outputs if expected.typed is None else expected.typed)
    return outputs if expected.named else next(iter(outputs.values()))
