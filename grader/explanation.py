"""Explains one mark to whoever asks: what was called, what came back, what was due, and why.

It knows what a submission's judgement rests on, and runs nothing of a student's.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from grader.assignment.items import Choice, Question
from grader.cases import Case
from grader.diagnosis.findings import Finding
from grader.diagnosis.reproduction import reproduced
from grader.judged import Judged
from grader.messages import Language, Message, name, render, say
from grader.outcomes import Answered, PlainValue, SourceText, TensorValue, Uncrossable
from grader.values import answer_outputs

_MOST_NUMBERS = 60
"""Arrays of more numbers are shown by their beginning and end."""
_WIDTH = 100


def explain(judged: Judged, language: Language, *, for_student: bool) -> Iterator[str]:
    """The lines that explain one item's mark; without the right answer where a student reads them.

    Each output that is wrong is shown on the case that decided it; the arguments of that once.
    """
    judgement = judged.judgement
    shown: set[int] = set()
    for output in judgement.outputs:
        if output.verdict == "correct":
            continue
        verdict = render(name("verdict", output.verdict), language)
        told = render(output.message, language)
        yield say("explain.output", language, name=output.name, verdict=verdict, told=told)
        if output.case is not None:
            yield from _case(judged, output.case, language, is_known=output.case in shown)
            yield from _values(judged, output.name, output.case, language, for_student=for_student)
            shown.add(output.case)
    if not judgement.outputs:
        yield render(judgement.message, language)
        yield from _word(judged, language, for_student=for_student)
    yield from _diagnoses(judged, language)


def _case(judged: Judged, number: int, language: Language, *, is_known: bool) -> Iterator[str]:
    case = judged.cases[number]
    kind, count = Message(f"explain.kind.{case.kind}"), len(judged.cases)
    decided = say("explain.case", language, number=number + 1, count=count, kind=kind)
    yield f"  {decided}"
    for argument, value in () if is_known else case.arguments.items():
        yield from _labelled(say("explain.input", language, name=argument), value)


def _values(
    judged: Judged, output: str, number: int, language: Language, *, for_student: bool
) -> Iterator[str]:
    """What came back, and what was due."""
    case, outcome = judged.cases[number], judged.outcomes[number]
    named = output in case.expected.outputs  # a property is the name of no value
    if isinstance(outcome, Answered):
        answer = outcome.value
        found = answer_outputs(answer, case.expected)[output] if named else answer
        yield from _labelled(say("explain.found", language), found)
    if named and not for_student:
        yield from _labelled(say("explain.expected", language), case.expected.outputs[output])
        size = f"{case.expected.tolerances[output]:.3g}"
        tolerance = say("explain.tolerance", language, tolerance=size)
        yield f"    {tolerance}"


def _word(judged: Judged, language: Language, *, for_student: bool) -> Iterator[str]:
    """What was written under the name of a choice or a text."""
    if isinstance(judged.outcomes[0], Answered):
        yield from _labelled(say("explain.found", language), judged.outcomes[0].value)
    if isinstance(judged.item, Choice) and not for_student:
        yield from _labelled(say("explain.expected", language), judged.item.answer)


def _labelled(label: str, value: object) -> Iterator[str]:
    first, *others = _shown(value).splitlines() or [""]
    yield f"    {label} = {first}"
    for line in others:
        yield f"    {' ' * len(label)}   {line}"


def _shown(value: object) -> str:
    match value:
        case TensorValue():
            text = f"tensor{_array('tensor', value.data)}"
        case np.ndarray():
            text = f"array{_array('array', value)}"
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


def _array(kind: str, data: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
    head = f" of shape {data.shape}: " if data.ndim else ": "
    # Its rows stand below each other, whatever stands before the first.
    return head + np.array2string(
        data,
        precision=8,
        threshold=_MOST_NUMBERS,
        separator=", ",
        prefix=f"{kind}{head}",
        max_line_width=_WIDTH,
    )


# -- why ----------------------------------------------------------------------------------------


def _diagnoses(judged: Judged, language: Language) -> Iterator[str]:
    if judged.judgement.verdict in ("correct", "needs_human", "answered"):
        return
    if not judged.findings:
        yield say("explain.no_mistake", language)
    shown = _reproduced(judged)
    for one in judged.findings:
        sentence = "explain.diagnosis_in" if one.where else "explain.diagnosis"
        certainty = Message("explain.exact") if one.exact else Message("explain.one_of_several")
        known = {"name": one.id, "where": one.where, "certainty": certainty, "told": one.hints[0]}
        yield say(sentence, language, **known)
        evidence = _evidence(one, judged.cases, language, is_reproduced=one.id in shown)
        told = say("explain.evidence", language, evidence=evidence)
        yield f"  {told}"


def _reproduced(judged: Judged) -> set[str]:
    """The ids of what gives the student's numbers when the reference is run with that mistake."""
    if not isinstance(judged.item, Question):
        return set()
    found = reproduced(judged.item, judged.cases, judged.outcomes, judged.judgement)
    return {one.id for one in found}


def _evidence(
    found: Finding, cases: Sequence[Case], language: Language, *, is_reproduced: bool
) -> str:
    known = ", ".join(f"{key} {_known(one, language)}" for key, one in found.parameters.items())
    if is_reproduced:
        extent = "explain.gives_the_answer" if found.exact else "explain.gives_its_part"
        same = say(extent, language, count=len(cases))
        return f"{same} ({known})" if known else same
    return known or say("explain.nothing_else", language)


def _known(value: PlainValue | Message, language: Language) -> str:
    return render(value, language) if isinstance(value, Message) else str(value)
