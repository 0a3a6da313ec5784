"""Wrong solutions that any question of a kind invites, whatever its reference computes with.

They are the reference on inputs beside the right ones, and differences that are taken wrongly.
It knows a question's inputs and its reference, no engine and no student's answer.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from grader.assignment import Question, Solution
from grader.assignment.inputs import (
    ArraySpec,
    IntegerSpec,
    LabelsSpec,
    RealSpec,
    SourceSpec,
    TensorSpec,
    dimensions,
)
from grader.diagnosis.classification_mistakes import wrong_gradients
from grader.diagnosis.ratios import STEPS


def usual_mistakes(question: Question) -> Iterator[tuple[tuple[str, ...], Solution]]:
    """Solutions with what each stands for; several ids are mistakes that are made together."""
    for name, spec in question.inputs.items():
        if isinstance(spec, IntegerSpec):
            for shift in (1, -1):
                yield ("off_by_one_iteration",), _changed(question, name, shift.__add__)
        elif isinstance(spec, LabelsSpec):
            yield from _of_labels(question, name, spec)
        elif isinstance(spec, RealSpec) and name.strip("_").lower() in _PENALTIES:
            for factor in (0.5, 2.0):
                yield ("regularisation_factor",), _changed(question, name, factor.__mul__)
        elif isinstance(spec, RealSpec) and name in STEPS:
            yield ("wrong_sign",), _changed(question, name, (-1.0).__mul__)
    yield from _of_differences(question)


_PENALTIES = frozenset({
    "lam", "lamb", "lambda", "lambd", "lmbda", "reg", "l2", "decay", "weight_decay", "wd", "ridge",
    "penalty", "strength",
})  # fmt: skip
"""What instructors call the weight of a penalty."""


def _changed(question: Question, name: str, change: Callable[[Any], Any]) -> Solution:
    """The reference with another value of one input."""

    def solution(**arguments: Any) -> Any:
        return question.reference(**{**arguments, name: change(arguments[name])})

    return solution


# -- classes --------------------------------------------------------------------------------------


def _of_labels(
    question: Question, name: str, spec: LabelsSpec
) -> Iterator[tuple[tuple[str, ...], Solution]]:
    """The class beside the right one, and the class with the largest score."""
    for shift in (1, -1):

        def beside(*, shift: int = shift, **arguments: Any) -> Any:
            moved = (arguments[name] + shift) % _classes(question, name, spec, arguments)
            return question.reference(**{**arguments, name: moved})

        yield ("label_off_by_one",), beside
    for scores, other in question.inputs.items():
        if dimensions(other) == (spec.count, spec.classes) and scores != name:

            def predicted(*, scores: str = scores, **arguments: Any) -> Any:
                largest = np.argmax(np.asarray(arguments[scores]), axis=1)
                return question.reference(**{**arguments, name: largest})

            yield ("prediction_used_as_target",), predicted
            yield from wrong_gradients(question, scores, name)


def _classes(question: Question, name: str, spec: LabelsSpec, arguments: Mapping[str, Any]) -> int:
    """How many classes there are: a fixed number, or the size of an input of that dimension."""
    if isinstance(spec.classes, int):
        return spec.classes
    for other, its_spec in question.inputs.items():
        if other != name and spec.classes in dimensions(its_spec):
            return int(arguments[other].shape[dimensions(its_spec).index(spec.classes)])
    return int(arguments[name].max()) + 1


# -- differences ----------------------------------------------------------------------------------


def _of_differences(question: Question) -> Iterator[tuple[tuple[str, ...], Solution]]:
    """Differences of a function's values, where that and a step are all that is given."""
    kinds = [type(spec) for spec in question.inputs.values()]
    if sorted(kind.__name__ for kind in kinds) not in _GIVEN:
        return
    of, at, by = (
        next(name for name, kind in zip(question.inputs, kinds, strict=True) if kind in wanted)
        for wanted in ((SourceSpec,), (ArraySpec, TensorSpec), (RealSpec,))
    )

    def solution(difference: Callable[..., Any], **arguments: Any) -> Any:
        return difference(arguments[of], np.asarray(arguments[at]), arguments[by])

    for ids, difference in (
        (("one_sided_difference",), partial(_one_sided, sign=1, over=1)),
        (("one_sided_difference",), partial(_one_sided, sign=-1, over=1)),
        (("one_sided_difference", "wrong_step_division"), partial(_one_sided, sign=1, over=2)),
        (("one_sided_difference", "wrong_step_division"), partial(_one_sided, sign=-1, over=2)),
        (("wrong_step_division",), partial(_central, step=0.5, over=2)),
        (("wrong_step_division",), partial(_central, step=2, over=2)),
        (("wrong_step_division",), _divided_in_part),
        (("wrong_perturbation",), _all_at_once),
        (("wrong_perturbation",), _never_taken_back),
        (("wrong_perturbation",), _left_below),
    ):
        yield ids, partial(solution, difference)


_GIVEN = [
    sorted([SourceSpec.__name__, values.__name__, RealSpec.__name__])
    for values in (ArraySpec, TensorSpec)
]


def _steps(x: Any, size: float) -> Iterator[Any]:
    """For every coordinate the step along it alone."""
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = size
        yield step


def _one_sided(f: Callable[[Any], Any], x: Any, h: float, *, sign: int, over: int) -> Any:
    there = [(f(x + step) - f(x)) / (sign * over * h) for step in _steps(x, sign * h)]
    return np.reshape(there, x.shape)


def _central(f: Callable[[Any], Any], x: Any, h: float, *, step: float, over: int) -> Any:
    there = [(f(x + one) - f(x - one)) / (over * h) for one in _steps(x, step * h)]
    return np.reshape(there, x.shape)


def _divided_in_part(f: Callable[[Any], Any], x: Any, h: float) -> Any:
    there = [f(x + step) - f(x - step) / (2 * h) for step in _steps(x, h)]
    return np.reshape(there, x.shape)


def _all_at_once(f: Callable[[Any], Any], x: Any, h: float) -> Any:
    return np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))


def _never_taken_back(f: Callable[[Any], Any], x: Any, h: float) -> Any:
    moved, there = np.zeros_like(x), []
    for step in _steps(x, h):
        moved += step
        there.append((f(x + moved) - f(x - moved)) / (2 * h))
    return np.reshape(there, x.shape)


def _left_below(f: Callable[[Any], Any], x: Any, h: float) -> Any:
    below, there = x, []
    for step in _steps(x, h):
        there.append((f(below + step) - f(below - step)) / (2 * h))
        below = below - step
    return np.reshape(there, x.shape)
