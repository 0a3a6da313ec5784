"""Answers made to look right whatever is expected: no points, and no fault of the grader's."""

import time

import pytest

from grader.catalogue import load
from grader.grading import Grader
from grader.sandbox.pool import Sandbox
from grader.submissions import Submission

CLASSES = """
import numpy as np
class Agrees:
    def __eq__(self, other): return True
    def __float__(self): return 0.0
    def __array__(self, *a, **k): return np.zeros(3)
    def __len__(self): return 3
    def __iter__(self): return iter([0.0] * 3)
    def __getitem__(self, place): return 0.0
    def __getattr__(self, name): return lambda *a, **k: self
    __hash__ = None
class AgreeingArray(np.ndarray):
    def __eq__(self, other): return np.ones(3, bool)
    def __array_ufunc__(self, *a, **k): return np.zeros(())
    def __array_function__(self, *a, **k): return True
    shape = property(lambda self: (3,))
"""
LIES = {
    "equal to everything": "Agrees()",
    "an array that decides what its sums are": "np.zeros(3).view(AgreeingArray)",
    "a dict that has every entry": "{name: Agrees() for name in ('de2', 'de', 'dy_pred', 'dw')}",
    "not a number": "dict.fromkeys(('de2', 'de', 'dy_pred', 'dw'), float('nan'))",
    "nothing to be compared": "dict.fromkeys(('de2', 'de', 'dy_pred', 'dw'), np.zeros(0))",
    "masked": "dict.fromkeys(('de2', 'de', 'dy_pred', 'dw'), np.ma.masked_all(5))",
    "many dimensions": "dict.fromkeys(('de2', 'de', 'dy_pred', 'dw'), np.zeros((1,) * 32))",
    "its arguments": "list(a)",
    "its arguments, changed": "[x.__imul__(0) for x in a]",
    "its arguments, taken for bytes": "[setattr(x, 'dtype', 'i1') for x in a]",
    "its arguments, without entries": "[x.resize(0, refcheck=False) for x in a]",
    "control sequences": "{'\\x1b]0;t\\x07': '::error::', '<script>': '\\u202e', '=1': '\\0'}",
    "an exception of control sequences": "(_ for _ in ()).throw(ValueError('\\x1b[2J<b>\\ud800'))",
    "what is not covered": "torch_is_missing.fft()",
}


@pytest.fixture(scope="module")
def grade():
    with Sandbox() as sandbox:
        grader = Grader(load("manual_backprop"), sandbox, seed="lies")

        def graded(answer):
            cells = (CLASSES, f"def manual_backprop(*a):\n    return {answer}")
            return grader.grade(
                Submission(id="x", path="x.ipynb", sha256="0", form="notebook", cells=cells)
            )

        yield graded


@pytest.mark.parametrize("answer", LIES.values(), ids=LIES)
def test_a_lie_earns_nothing(grade, answer):
    result = grade(answer)
    assert (result.problem, result.score) == (None, 0.0)


def test_an_answer_of_very_many_numbers_takes_the_grader_little_time(grade):
    began = time.process_time()
    assert grade("[0.0] * 40_000").score == 0.0
    assert time.process_time() - began < 5.0
