"""A name that nobody defines is told from one that was written differently."""

import pytest

from grader.diagnosis.findings import finding
from grader.diagnosis.names import with_name_meant


def told(name, line, *cells):
    source = "".join(cells).splitlines()[line - 1]
    found = finding("name_before_definition", None, exact=True, name=name, line=line, source=source)
    (one,) = with_name_meant((found,), cells)
    return one.id, one.parameters.get("nearest")


@pytest.mark.parametrize(
    ("name", "cell", "meant"),
    [
        ("X", "def f(x):\n    return X * 2\n", "x"),
        ("y_Pred", "def f(x):\n    y_pred = x; return y_Pred\n", "y_pred"),
        ("weigths", "weights = 3\ndef f(x): return weigths\n", "weights"),
        ("torrch", "import torch\ndef f(x): return torrch.ones(1)\n", "torch"),
    ],
)
def test_a_name_that_is_nearly_there_is_the_one_that_was_meant(name, cell, meant):
    assert told(name, 2, cell) == ("misspelled_name", meant)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("rate", "def f(x):\n    return x * rate\nrate = 3\n"),
        ("rate", "Rate = 3\ndef f(x): return x * rate\nrate = 2\n"),
        ("np", "def f(n):\n    return np.ones(n)\n"),
        ("hidden", "def g(Hidden): ...\ndef f(x): return hidden\n"),
    ],
)
def test_a_name_that_comes_late_or_is_like_no_other_is_not_there_yet(name, cell):
    assert told(name, 2, cell) == ("name_before_definition", None)
