import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import array, integer, labels, one_of, real, source, tensor
from grader.assignment.inputs import (
    SIZES,
    AssignmentError,
    dimension_names,
    draw_inputs,
    draw_sizes,
    fit_example,
)
from grader.outcomes import SourceText, TensorValue

seeds = st.integers(0, 2**32 - 1)


def draw(spec, seed=0):
    return draw_inputs({"x": spec}, np.random.default_rng(seed))["x"]


@given(seeds)
def test_entries_keep_away_from_zero_and_one(seed):
    magnitudes = np.abs(draw(array("n", "m"), seed))
    assert magnitudes.min() >= 0.05
    assert np.abs(magnitudes - 1).min() >= 0.05


@given(seeds)
def test_no_two_entries_are_nearly_equal(seed):
    values = np.sort(draw(array("n", "m"), seed).ravel())
    assert np.diff(values).min() > 0.1 * 4 / (2 * values.size)


@given(seeds, st.floats(-50, 50), st.floats(1e-3, 20))
def test_entries_lie_within_the_bounds(seed, low, width):
    values = draw(array(7, low=low, high=low + width), seed)
    assert np.all((low <= values) & (values <= low + width))


@given(seeds)
def test_a_symmetric_range_gives_both_signs(seed):
    values = draw(array("n"), seed)
    assert values.min() < 0 < values.max()


@given(seeds)
def test_values_are_short_enough_to_type_in(seed):
    values = draw(array("n"), seed)
    assert np.array_equal(values, np.round(values, 3))


@given(seeds)
def test_a_narrow_range_near_zero_can_be_drawn_from(seed):
    assert 0.01 <= draw(real(0.01, 0.05), seed) <= 0.05


@given(seeds, st.integers(0, 10))
def test_named_dimensions_have_different_sizes_within_a_case(seed, number):
    specs = {"x": array("n", "m"), "y": tensor("k", "n")}
    sizes = draw_sizes(specs, np.random.default_rng(seed), number)
    assert list(sizes) == ["n", "m", "k"]
    assert len(set(sizes.values())) == 3
    assert set(sizes.values()) <= set(SIZES)


@given(seeds)
def test_a_named_dimension_has_another_size_in_each_of_five_cases(seed):
    specs = {"x": array("n")}
    drawn = [draw_sizes(specs, np.random.default_rng(seed), number)["n"] for number in range(5)]
    assert sorted(drawn) == sorted(SIZES)


def test_a_named_dimension_is_shared_by_the_inputs_that_name_it():
    specs = {"x": array("n", "m"), "y": tensor("m", 1), "t": labels("n", "c")}
    drawn = draw_inputs(specs, np.random.default_rng(3))
    n, m = drawn["x"].shape
    assert drawn["y"].data.shape == (m, 1)
    assert drawn["t"].shape == (n,)


def test_a_fixed_dimension_may_be_one():
    assert draw(array(1)).shape == (1,)


def test_arrays_are_double_and_tensors_single_precision_unless_told():
    assert draw(array(2)).dtype == np.float64
    assert draw(tensor(2)).data.dtype == np.float32


def test_a_tensor_carries_whether_it_requires_gradients():
    assert draw(tensor(2, requires_grad=True)).requires_grad
    assert not draw(tensor(2)).requires_grad


@given(seeds)
def test_integer_entries_are_different_and_neither_zero_nor_one(seed):
    values = draw(array(5, low=-9, high=9, dtype="int64"), seed)
    assert values.dtype == np.int64
    assert len(set(values.tolist())) == 5
    assert np.abs(values).min() > 1


@given(seeds)
def test_integer_entries_from_a_small_range_are_never_all_alike(seed):
    values = draw(array(11, low=2, high=3, dtype="int64"), seed)
    assert set(values.tolist()) == {2, 3}


def test_both_bounds_of_an_integer_are_possible():
    assert {draw(integer(3, 5), seed) for seed in range(50)} == {3, 4, 5}


def test_an_integer_that_can_only_be_one_is_one():
    assert draw(integer(1, 1)) == 1


@given(seeds)
def test_labels_are_classes_and_at_least_two_of_them(seed):
    specs = {"t": labels("n", "c"), "z": array("n", "c")}
    drawn = draw_inputs(specs, np.random.default_rng(seed))
    n, c = drawn["z"].shape
    assert drawn["t"].shape == (n,)
    assert drawn["t"].dtype == np.int64
    assert 0 <= drawn["t"].min() < drawn["t"].max() < c


def test_one_of_gives_every_value():
    assert {draw(one_of("sum", "mean"), seed) for seed in range(20)} == {"sum", "mean"}


def test_a_source_stays_text():
    assert draw(source("lambda v: v.sum()")) == SourceText("lambda v: v.sum()")


def test_equal_generators_give_equal_inputs():
    assert np.array_equal(draw(array("n"), 5), draw(array("n"), 5))


def test_an_example_takes_the_types_of_its_inputs():
    specs = {"x": tensor(2, requires_grad=True), "w": array(1), "k": integer(2, 5)}
    example = fit_example(specs, {"x": [1, 2], "w": [3], "k": 4})
    assert isinstance(example["x"], TensorValue)
    assert example["x"].data.dtype == np.float32
    assert example["w"].dtype == np.float64
    assert example["k"] == 4


def test_dimension_names_come_once_and_in_order():
    assert dimension_names([array("m", 3), tensor("n", "m")]) == ("m", "n")


@pytest.mark.parametrize(
    "build",
    [
        lambda: array("n", low=2, high=1),
        lambda: array(0),
        lambda: array(True),
        lambda: array("n m"),
        lambda: array("n", dtype="float16"),
        lambda: array(2, low=0.2, high=0.8, dtype="int64"),
        lambda: tensor("n", dtype="int64", low=2, high=9, requires_grad=True),
        lambda: integer(3, 2),
        lambda: integer(1.5, 2),
        lambda: one_of(*[]),
        lambda: labels(1, "c"),
        lambda: source("lambda v:"),
    ],
)
def test_an_impossible_input_is_a_mistake_at_its_line(build):
    with pytest.raises(AssignmentError) as caught:
        build()
    assert caught.value.file == __file__
    assert caught.value.line == build.__code__.co_firstlineno
    assert "\n" not in str(caught.value)
