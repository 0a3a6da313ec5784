import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grader.cases import Case, Expected
from grader.diagnosis.shortlist import Shortlist, line_of, numbers_of
from grader.values import compare_values

TOLERANCE = 1e-3
NAMES = ["one", "other"]

near = st.sampled_from([0.0, 0.4, -0.9, 1.0, 1.1, 2.5, -40.0]).map(lambda part: part * TOLERANCE)
special = st.sampled_from([0.0, 1.0, -7.5, float("inf"), float("nan")])
values = st.one_of(
    special,
    st.lists(special, max_size=4),
    st.lists(special, max_size=4).map(np.array),
    st.lists(special, min_size=4, max_size=4).map(lambda rows: np.array(rows).reshape(2, 2)),
    st.none(),
)


def expected(one, other):
    outputs = {"one": one, "other": other}
    return Expected(outputs, dict.fromkeys(outputs, TOLERANCE), named=True)


def line(outputs):
    return np.concatenate([numbers_of(value) for value in outputs])


@given(st.tuples(values, values), st.tuples(near, near))
def test_what_the_numbers_rule_out_is_no_answer(due, moved):
    known = line_of(expected(*due), NAMES)
    if known is None:
        return
    found = [np.asarray(one) + by for one, by in zip(due, moved, strict=True)]
    with np.errstate(all="ignore"):
        ruled_out = known.is_far(line(found))
    if ruled_out:
        assert any(compare_values(*pair, TOLERANCE) for pair in zip(due, found, strict=True))


def test_an_answer_is_not_ruled_out_by_its_own_numbers():
    known = line_of(expected(np.arange(3.0), 2.0), NAMES)
    assert not known.is_far(np.array([0.0, 1.0, 2.0, 2.0]))


def test_other_numbers_and_another_count_of_them_are_far():
    known = line_of(expected(np.arange(3.0), 2.0), NAMES)
    assert known.is_far(np.array([0.0, 1.0, 2.0, 2.1]))
    assert known.is_far(np.array([0.0, 1.0, 2.0]))


def test_what_holds_more_than_numbers_has_no_line():
    assert line_of(expected(np.arange(3.0), None), NAMES) is None


def test_every_number_is_near_where_there_are_more_or_fewer_than_are_due():
    case = Case({}, expected(np.arange(3.0), 2.0))
    shortlist = Shortlist([case.expected], case)
    found = {"one": np.arange(4.0), "other": np.array([5.0])}
    assert shortlist.near_each(found, rooms=1.0).tolist() == [[True, True, True, False]]
