"""Alike to the last bit, and nothing else, is the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grader.fingerprints import fingerprint
from grader.outcomes import Answered, Raised, Stopped, TensorValue, Undefined

LEAVES = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-1, 1) | st.text(max_size=3)
    | arrays.arrays(st.sampled_from([np.float32, np.float64, np.int64]), st.integers(0, 3))
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=5,
)


def of(value, **arguments):
    return fingerprint([Answered(value, arguments)], [{}])


def exactly(value):
    """A form in which only what is alike to the last bit is equal."""
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, dict):
        return dict, [(key, exactly(entry)) for key, entry in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [exactly(entry) for entry in value]
    return repr(value)


@given(VALUES, VALUES)
def test_two_values_have_one_fingerprint_where_they_are_alike_to_the_last_bit(one, other):
    assert (of(one) == of(other)) == (exactly(one) == exactly(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True), (1, 1.0), (0.0, -0.0), ([1.0], (1.0,)), ([1, 2], [[1], 2]), ("1", 1),
        (np.zeros(2), np.zeros((2, 1))), (np.zeros(2), np.zeros(2, np.float32)),
        (TensorValue(np.ones(2)), np.ones(2)),
        (TensorValue(np.ones(2)), TensorValue(np.ones(2), grad=np.ones(2))),
        (TensorValue(np.ones(2)), TensorValue(np.ones(2), requires_grad=True)),
    ],
)  # fmt: skip
def test_what_compares_equal_is_not_the_same(one, other):
    assert of(one) != of(other)


def test_what_is_not_a_number_is_the_same_as_itself():
    assert of([float("nan"), np.array([np.nan])]) == of([float("nan"), np.array([np.nan])])


def test_arguments_that_a_call_has_changed_tell_outcomes_apart():
    given_to_it = {"x": np.zeros(2)}
    left = fingerprint([Answered(1.0, given_to_it)], [given_to_it])
    changed = fingerprint([Answered(1.0, {"x": np.ones(2)})], [given_to_it])
    assert left != changed


def test_failures_are_told_apart():
    outcomes = [
        Raised("ValueError", "no", line=1), Raised("ValueError", "no", line=2),
        Stopped("timeout", "10 s"), Undefined(), Undefined(name="other"), Answered(None),
    ]  # fmt: skip
    assert len({fingerprint([one], [{}]) for one in outcomes}) == len(outcomes)


@pytest.mark.parametrize("value", [np.zeros(10_000), [0.0] * 2_000, {"x": [np.zeros(10_000)]}])
def test_what_is_large_has_none(value):
    assert of(value) is None


def test_what_is_only_read_has_no_arguments_and_is_told_apart():
    a, b, nothing = Answered("a", {}), Answered("b", {}), Undefined()
    assert len({fingerprint([one], []) for one in (a, b, nothing)}) == 3
