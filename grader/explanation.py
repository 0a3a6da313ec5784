"""Explains one mark to whoever asks: what was called, what came back, what was due, and why.

It knows what a submission's judgement rests on, and runs nothing of a student's.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from grader.cases import Case
from grader.findings import Finding
from grader.grading import Judged
from grader.items import Choice, Question
from grader.messages import Language, Message, name, render
from grader.outcomes import Answered, PlainValue, SourceText, TensorValue, Uncrossable
from grader.reproduction import reproduced
from grader.values import answer_outputs

_MOST_NUMBERS = 60
"""Arrays of more numbers are shown by their beginning and end."""


def explain(judged: Judged, language: Language, *, for_student: bool) -> Iterator[str]:
    """The lines that explain one item's mark; without the right answer where a student reads them.

    Each output that lost points is shown on the case that decided it, with its arguments.
    """
    judgement = judged.judgement
    for output in judgement.outputs:
        if output.verdict == "correct":
            continue
        told = render(output.message, language)
        yield f"output {output.name}: {render(name('verdict', output.verdict), language)}. {told}"
        if output.case is not None:
            yield from _case(judged, output.name, output.case, for_student=for_student)
    if not judgement.outputs:
        yield render(judgement.message, language)
        yield from _word(judged, for_student=for_student)
    yield from _diagnoses(judged, language)


def _case(judged: Judged, output: str, number: int, *, for_student: bool) -> Iterator[str]:
    case, outcome = judged.cases[number], judged.outcomes[number]
    yield f"  decided by case {number + 1} of {len(judged.cases)} ({case.kind})"
    for argument, value in case.arguments.items():
        yield from _labelled(f"input {argument}", value)
    named = output in case.expected.outputs  # a property is the name of no value
    if isinstance(outcome, Answered):
        answer = outcome.value
        found = answer_outputs(answer, case.expected)[output] if named else answer
        yield from _labelled("found", found)
    if named and not for_student:
        yield from _labelled("expected", case.expected.outputs[output])
        yield f"    tolerance {case.expected.tolerances[output]:.3g}"


def _word(judged: Judged, *, for_student: bool) -> Iterator[str]:
    """What was written under the name of a choice or a text."""
    if isinstance(judged.outcomes[0], Answered):
        yield from _labelled("found", judged.outcomes[0].value)
    if isinstance(judged.item, Choice) and not for_student:
        yield from _labelled("expected", judged.item.answer)


def _labelled(label: str, value: object) -> Iterator[str]:
    first, *others = _shown(value).splitlines() or [""]
    yield f"    {label} = {first}"
    for line in others:
        yield f"    {' ' * len(label)}   {line}"


def _shown(value: object) -> str:
    match value:
        case TensorValue():
            text = f"tensor{_array(value.data)}"
        case np.ndarray():
            text = f"array{_array(value)}"
        case SourceText():
            text = value.text
        case Uncrossable():
            text = f"{value.type} {value.reason}".rstrip()
        case dict():
            text = ", ".join(f"{key!r}: {_shown(entry)}" for key, entry in value.items())
            text = f"{{{text}}}"
        case list() | tuple():
            text = f"[{', '.join(map(_shown, value))}]"
        case None | bool() | int() | float() | str():
            text = repr(value)
        case _:
            text = "nothing"
    return text


def _array(data: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
    text = np.array2string(data, precision=8, threshold=_MOST_NUMBERS, separator=", ")
    return f" of shape {data.shape}: {text}" if data.ndim else f": {text}"


# -- why ----------------------------------------------------------------------------------------


def _diagnoses(judged: Judged, language: Language) -> Iterator[str]:
    if judged.judgement.verdict in ("correct", "needs_human", "answered"):
        return
    if not judged.findings:
        yield "no known mistake gives this answer"
    shown = _reproduced(judged)
    for one in judged.findings:
        certainty = "exact" if one.exact else "one of several that fit"
        where = f" in {one.where}" if one.where else ""
        yield f"diagnosis {one.id}{where}, {certainty}: {render(one.hints[0], language)}"
        yield f"  evidence: {_evidence(one, judged.cases, is_reproduced=one.id in shown)}"


def _reproduced(judged: Judged) -> set[str]:
    """The ids of what gives the student's numbers when the reference is run with that mistake."""
    if not isinstance(judged.item, Question):
        return set()
    found = reproduced(judged.item, judged.cases, judged.outcomes, judged.judgement)
    return {one.id for one in found}


def _evidence(found: Finding, cases: Sequence[Case], *, is_reproduced: bool) -> str:
    known = ", ".join(f"{key} {_known(value)}" for key, value in found.parameters.items())
    if is_reproduced:
        extent = "the answer" if found.exact else "what it explains"
        same = f"the reference run with this mistake gives {extent} in all {len(cases)} cases"
        return f"{same} ({known})" if known else same
    return known or "what came back, and nothing else"


def _known(value: PlainValue | Message) -> str:
    return render(value) if isinstance(value, Message) else str(value)
