"""Judges what came back against what is right: verdicts and points, output by output.

It knows neither where an answer comes from nor why it is wrong; how one value is compared with
another is the business of `values`.
"""

from collections.abc import Iterator, Sequence
from inspect import signature

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from grader.assignment.items import ANSWER, Choice, Item, Property, Question, Text, Variable
from grader.cases import Case
from grader.messages import Message, Parameter
from grader.outcomes import (
    Answered,
    Outcome,
    PlainValue,
    Raised,
    Stopped,
    TensorValue,
    Undefined,
)
from grader.results import VERDICTS, Verdict
from grader.values import Mismatch, as_array, describe, first_mismatch, is_identical

_CHANGEABLE = (np.ndarray, TensorValue, list, dict)
_TEXT_LENGTH = 300
_SHOWN_OF_A_LINE = 80


class OutputJudgement(Struct, frozen=True):
    """One output; `case` is the number of the first case that shows its verdict."""

    name: str
    verdict: Verdict
    score: float | None
    max_score: float
    message: Message
    case: int | None


class Judgement(Struct, frozen=True):
    """One item, and what its diagnosis needs to know beside the outcomes.

    `score` is None where nothing could be judged. `changed` names the arguments that a call has
    changed; `remembers` tells that the same arguments gave another answer the second time.
    """

    item: str
    verdict: Verdict
    score: float | None
    max_score: float
    message: Message
    outputs: tuple[OutputJudgement, ...] = ()
    changed: tuple[str, ...] = ()
    remembers: bool = False


def judge(item: Item, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> Judgement:
    """The judgement of an item.

    `outcomes` go with `cases` in order, and end early where nothing more could be called; the last
    one then speaks for the rest. Choices and texts have one outcome and no cases. Raises ValueError
    without an outcome.
    """
    if not outcomes:
        raise ValueError(f"{item.id} has no outcome to be judged")
    match item:
        case Choice() | Text():
            return _judge_word(item, outcomes[0])
        case Question() | Variable() if not cases[0].expected.outputs:
            return _judge_withheld(item, cases, outcomes)
        case Variable():
            return _judge_outputs(item, cases, outcomes)
        case Question(properties=[_, *_]):
            return _judge_outputs(item, cases, outcomes)
        case Question():
            judgement = _judge_outputs(item, cases, outcomes)
            for number in range(len(cases[0].accepted)):
                if judgement.verdict == "correct":
                    break
                others = [replace(one, expected=one.accepted[number]) for one in cases]
                other = _judge_outputs(item, others, outcomes)
                judgement = other if other.verdict == "correct" else judgement
            return judgement


def follow_through(judgement: Judgement) -> Judgement:
    """The judgement where one mistake explains every wrong output: only the first is charged.

    The outputs are in the order of the computation, so that the later ones are wrong only because
    they are computed from the first.
    """
    wrong = [one for one in judgement.outputs if one.verdict in ("wrong_value", "wrong_shape")]
    if len(wrong) < 2 or any(
        one.verdict != "correct" and one not in wrong for one in judgement.outputs
    ):
        return judgement
    told = Message("follow_through", {"where": wrong[0].name})
    outputs = tuple(
        replace(one, verdict="follow_through", score=one.max_score, message=told)
        if one in wrong[1:]
        else one
        for one in judgement.outputs
    )
    score = sum(one.score for one in outputs if one.score is not None)
    return replace(judgement, outputs=outputs, score=score, verdict=wrong[0].verdict)


def _judge_outputs(
    item: Question | Variable, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> Judgement:
    # Where calls ended early there are fewer outcomes than cases.
    pairs = list(zip(cases, outcomes, strict=False))
    changed: tuple[str, ...] = ()
    if isinstance(item, Question) and item.side_effects == "forbidden":
        touched = (name for case, outcome in pairs for name in _changed(case, outcome))
        changed = tuple(dict.fromkeys(touched))
    properties = item.properties if isinstance(item, Question) else []
    names = tuple(one.id for one in properties) or tuple(cases[0].expected.outputs)
    shares = _shares(item, names)
    outputs = tuple(
        _judge_output(item, name, share, pairs=pairs, changed=changed)
        for name, share in shares.items()
    )
    worst = max(outputs, key=lambda one: VERDICTS.index(one.verdict))
    message = worst.message
    if any(one.message != message for one in outputs):
        message = Message("output", {**message.parameters, "name": worst.name, "inner": message})
    scores = [one.score for one in outputs if one.score is not None]
    score = None if len(scores) < len(outputs) else sum(scores)
    return Judgement(
        item=item.id,
        verdict=worst.verdict,
        score=item.points if worst.verdict == "correct" else score,
        max_score=item.points,
        message=message,
        outputs=outputs,
        changed=changed,
        remembers=_remembers(pairs),
    )


def _judge_withheld(
    item: Question | Variable, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> Judgement:
    """Whether there is an answer, where what is right is not here."""
    pairs = list(zip(cases, outcomes, strict=False))
    changed: tuple[str, ...] = ()
    if isinstance(item, Question) and item.side_effects == "forbidden":
        changed = tuple(dict.fromkeys(name for pair in pairs for name in _changed(*pair)))
    last = outcomes[-1]
    if not isinstance(last, Answered):
        mismatch = _failure(item.called if isinstance(item, Question) else item.id, last)
    elif last.value is None:
        mismatch = Mismatch("missing", Message("returned_none"))
    elif changed:
        mismatch = Mismatch("side_effect", Message("side_effect", {"argument": changed[0]}))
    else:
        mismatch = Mismatch("answered", Message("answered"))
    unjudged = mismatch.verdict in ("answered", "unsupported")
    return Judgement(
        item=item.id,
        verdict=mismatch.verdict,
        score=None if unjudged else 0.0,
        max_score=item.points,
        message=mismatch.message,
        changed=changed,
        remembers=_remembers(pairs),
    )


def _shares(item: Question | Variable, names: tuple[str, ...]) -> dict[str, float]:
    weights = item.weights if isinstance(item, Question) else {}
    total = sum(weights.get(name, 1.0) for name in names)
    return {name: item.points * weights.get(name, 1.0) / total for name in names}


def _judge_output(
    item: Question | Variable,
    name: str,
    share: float,
    *,
    pairs: Sequence[tuple[Case, Outcome]],
    changed: tuple[str, ...],
) -> OutputJudgement:
    worst, number = Mismatch("correct", Message("correct")), None
    if changed:
        worst = Mismatch("side_effect", Message("side_effect", {"argument": changed[0]}))
    for case_number, (case, outcome) in enumerate(pairs):
        mismatch = _mismatch(item, name, case=case, outcome=outcome)
        if mismatch and VERDICTS.index(mismatch.verdict) > VERDICTS.index(worst.verdict):
            worst, number = mismatch, case_number
    score = None if worst.verdict == "unsupported" else share * (worst.verdict == "correct")
    return OutputJudgement(
        name=name,
        verdict=worst.verdict,
        score=score,
        max_score=share,
        message=worst.message,
        case=number,
    )


def _mismatch(
    item: Question | Variable, name: str, *, case: Case, outcome: Outcome
) -> Mismatch | None:
    if not isinstance(outcome, Answered):
        return _failure(item.called if isinstance(item, Question) else item.id, outcome)
    if isinstance(item, Question):
        for one in item.properties:
            if one.id == name:
                return _lacking(one, case, outcome.value)
    return first_mismatch(name, case.expected, outcome.value, item.compare)


def _lacking(wanted: Property, case: Case, answer: PlainValue) -> Mismatch | None:
    """What is wrong where an answer lacks a property; one that cannot be asked for it lacks it."""
    if answer is None:
        return Mismatch("missing", Message("returned_none"))
    try:
        if holds(wanted, case, answer):
            return None
    except Exception:  # noqa: BLE001, S110 - an answer of another form may raise anything
        pass
    parameters = {"text": wanted.message, "found": describe(answer)}
    return Mismatch("wrong_value", Message("property_lacking", parameters))


def holds(wanted: Property, case: Case, answer: PlainValue) -> bool:
    """Whether an answer has a property; raises whatever its predicate raises."""
    values = {**case.arguments, ANSWER: answer}
    taken = {name: _plain(values[name]) for name in signature(wanted.holds).parameters}
    with np.errstate(all="ignore"):
        return bool(wanted.holds(**taken))


def _plain(value: PlainValue) -> PlainValue:
    """A value without its tensors: these become fresh arrays."""
    match value:
        case TensorValue():
            return value.data.copy()
        case np.ndarray():
            return value.copy()
        case dict():
            return {name: _plain(entry) for name, entry in value.items()}
        case list() | tuple():
            return type(value)(map(_plain, value))
        case _:
            return value


def told_of(failure: Raised | Stopped) -> Message:
    """What is said of code that raised or was stopped."""
    return _failure("", failure).message


def _failure(name: str, outcome: Raised | Stopped | Undefined) -> Mismatch:
    match outcome:
        case Undefined(because=None, name=other):
            return Mismatch("missing", Message("name_missing", {"name": other or name}))
        case Undefined(because=Raised() | Stopped() as because, name=other):
            inner = _failure(name, because)
            told: dict[str, Parameter] = {"name": other or name, "inner": inner.message}
            parameters = {**inner.message.parameters, **told}
            return Mismatch(inner.verdict, Message("name_missing_because", parameters))
        case Stopped(reason=reason, detail=detail):
            return Mismatch(reason, Message(reason, {"detail": detail}))
        case Raised():
            return _raised(outcome)
    raise TypeError(f"{outcome!r} is no failure")


def _raised(error: Raised) -> Mismatch:
    place: dict[str, Parameter] = {
        "line": error.line, "cell": error.cell, "source": error.source_line,
    }  # fmt: skip
    if error.unsupported is not None:
        return Mismatch("unsupported", Message("unsupported", {"name": error.unsupported, **place}))
    if error.forbidden is not None:
        return Mismatch("forbidden", Message("forbidden", {"name": error.forbidden, **place}))
    if error.type == "MemoryError":
        return Mismatch("memory", Message("memory_error", place))
    if error.type == "SystemExit":
        return Mismatch("error", Message("exited", place))
    told: dict[str, Parameter] = {"type": error.type, "text": error.text[:_TEXT_LENGTH], **place}
    if error.line is None:
        return Mismatch("error", Message("raised", told))
    source = (error.source_line or "")[:_SHOWN_OF_A_LINE]
    shown: dict[str, Parameter] = {"number": error.line, "source": source}
    told["place"] = Message("line", shown) if source else Message("line_alone", shown)
    text = error.text
    known = "raised_at" if text else "raised_without_text"
    if error.type == "FileNotFoundError" and text.endswith(("'", "not found.")):
        known = "raised_for_want_of_a_file"
    return Mismatch("error", Message(known, told))


def _changed(case: Case, outcome: Outcome) -> Iterator[str]:
    """The arguments whose data is not what was passed; one that did not come back is changed."""
    if not isinstance(outcome, Answered):
        return
    for name, before in case.arguments.items():
        after = outcome.arguments.get(name)
        if after is before or not isinstance(before, _CHANGEABLE):
            continue
        if not _same_data(before, after):
            yield name


def _same_data(before: PlainValue, after: PlainValue) -> bool:
    if isinstance(before, np.ndarray | TensorValue | float):
        old, new = as_array(before), as_array(after)
        if old is None or new is None:
            return False
        return is_identical(old, new) or np.array_equal(old, new, equal_nan=True)
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(
            _same_data(value, after[name]) for name, value in before.items()
        )
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        if {*map(type, before)} == {*map(type, after)} == {float}:
            return np.array_equal(np.array(before), np.array(after), equal_nan=True)
        return len(before) == len(after) and all(map(_same_data, before, after))
    return type(before) is type(after) and before == after


def _remembers(pairs: Sequence[tuple[Case, Outcome]]) -> bool:
    """Whether the repeated first case was answered differently."""
    first = pairs[0][1]
    for case, outcome in pairs:
        if (
            case.kind == "repeated"
            and isinstance(first, Answered)
            and isinstance(outcome, Answered)
        ):
            return not _same_data(first.value, outcome.value)
    return False


def _judge_word(item: Choice | Text, outcome: Outcome) -> Judgement:
    """A choice, or a text: a word that was assigned to a name."""
    if not isinstance(outcome, Answered):
        mismatch = _failure(item.id, outcome)
    elif isinstance(item, Choice):
        mismatch = _judge_choice(item, outcome.value)
    elif outcome.value is None or str(outcome.value).strip() == "":
        mismatch = Mismatch("missing", Message("text_missing", {"name": item.id}))
    else:
        mismatch = Mismatch("needs_human", Message("text_waiting"))
    verdict = mismatch.verdict
    unjudged = verdict in ("answered", "needs_human", "unsupported")
    return Judgement(
        item=item.id,
        verdict=verdict,
        score=None if unjudged else item.points * (verdict == "correct"),
        max_score=item.points,
        message=mismatch.message,
    )


def _judge_choice(item: Choice, value: PlainValue) -> Mismatch:
    array = None if isinstance(value, list | tuple) else as_array(value)
    if array is not None and array.size == 1 and array.dtype.kind != "b":
        value = f"{array.item():g}" if array.dtype.kind == "f" else str(array.item())
    if value is None or (isinstance(value, str) and not value.strip()):
        return Mismatch("missing", Message("text_missing", {"name": item.id}))
    if not isinstance(value, str):
        parameters = {"expected": "str", "found": describe(value)}
        return Mismatch("wrong_type", Message("wrong_type", parameters))
    chosen = value.strip().casefold()
    if chosen not in (option.strip().casefold() for option in item.options):
        parameters = {"expected": ", ".join(item.options), "found": describe(value)}
        return Mismatch("wrong_value", Message("not_an_option", parameters))
    if item.answer is None:
        return Mismatch("answered", Message("answered"))
    if chosen == item.answer.strip().casefold():
        return Mismatch("correct", Message("correct"))
    return Mismatch("wrong_value", Message("wrong_option", {"found": describe(value)}))
