"""Everything that a student may have got wrong in a question, before anybody has answered it.

It knows a question's solutions and inputs, and which mistakes look alike; no answers.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from grader.assignment import Question
from grader.assignment.inputs import LabelsSpec
from grader.cases import Case
from grader.diagnosis.array_mistakes import array_mistakes
from grader.diagnosis.ratios import has_penalty
from grader.diagnosis.usual_mistakes import usual_mistakes
from grader.diagnosis.wrong_answers import Wrong, possible_faults

if TYPE_CHECKING:
    from reference_engine.faults import Fault


class Mistake(Struct, frozen=True):
    """A wrong solution or faults, what they stand for, and what else gives the same numbers."""

    ids: tuple[str, ...]
    wrong: Wrong
    text: str | None = None
    also: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def possible_mistakes(question: Question, case: Case) -> tuple[Mistake, ...]:
    """Everything that is tried: what the question declares, faults, and changed inputs."""
    if question.recorded is not None:
        return tuple(Mistake(*one) for one in question.recorded.mistakes)
    faults = possible_faults(question, case)
    by_hand = question.autograd == "forbidden" or question.call is not None
    zeroes = any(fault.change == "not_zeroed" for fault in faults)
    return (
        *(Mistake((one.id,), one.solution, one.message) for one in question.misconceptions),
        *(
            Mistake((fault.id,), (fault,), also=_also(question, fault, zeroes=zeroes))
            for fault in faults
            if fault.change not in (_BY_AUTOGRAD if by_hand else _BY_HAND)
        ),
        *(Mistake(ids, wrong) for ids, wrong in usual_mistakes(question)),
        *(Mistake(ids, wrong) for ids, wrong in array_mistakes(question, case)),
    )


_BY_AUTOGRAD = frozenset({"passes"})
"""What nobody can get wrong who derives by hand."""
_BY_HAND = frozenset({"nothing_arrives"})
"""What nobody can get wrong whose derivatives autograd takes."""


def _also(question: Question, fault: "Fault", *, zeroes: bool) -> tuple[str, ...]:
    """What else gives the same numbers as a fault, however different it is as a mistake."""
    by_hand = question.autograd == "forbidden"
    # x * x.data has half of the derivative of x**2.
    lost = fault.change == "dropped" or (fault.id, fault.operation) == ("missing_factor", "**")
    cut = fault.change == "cut"
    alike = (
        # Autograd takes no derivative wrong, but can be cut off.
        (lost and not by_hand, ("detached_by_data",)),
        # What was stored without a copy is zeroed later.
        (fault.change == "zeroed_before_read", ("aliased_gradient",)),
        # And becomes what a later pass gives, from zero.
        (fault.change == "not_copied", ("zeroed_in_wrong_place",)),
        (
            cut and fault.id == "detached_wrong_branch",
            ("requires_grad_missing", "grad_of_non_leaf"),
        ),
        # What was cut off is zero, as what was erased.
        (cut and zeroes, ("read_after_zeroing",)),
        (
            cut and any(isinstance(one, LabelsSpec) for one in question.inputs.values()),
            ("missing_one_hot",),
        ),
        (fault.change == "passes", ("backward_twice",)),
        ((fault.change, fault.amount) == ("axis", "all"), ("wrong_axis",)),
        (fault.id == "missing_factor" and has_penalty(question), ("regularisation_factor",)),
        (fault.change == "nothing_arrives", ("missing_chain_factor", "missing_factor")),
        # Whoever derives by hand gets a two wrong more easily than counts a path twice.
        (by_hand and fault.id == "double_counted_path", ("missing_factor",)),
        # The sum of a penalty, say.
        (fault.id == "mean_over_classes", ("mean_instead_of_sum",)),
    )
    return tuple(identifier for holds, ids in alike if holds for identifier in ids)
