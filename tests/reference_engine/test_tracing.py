"""The trace of a computation: what is in the graph, what was cut off, and what became of it."""

import json

import numpy as np
import pytest

import reference_engine as torch
from reference_engine import tracing
from reference_engine.tracing import record


@pytest.fixture
def w():
    return torch.tensor([0.5, -1.5], requires_grad=True)


def of(kind, run):
    return [one for one in record(run) if one["event"] == kind]


def cuts(run):
    return [(one["by"], one["used"]) for one in of("cut", run)]


def test_operations_stand_in_their_order_with_their_lines(w):
    def run():
        y = w * 2
        return y.sum()

    seen = of("operation", run)
    assert [(one["name"], one["recorded"]) for one in seen] == [("mul", True), ("sum", True)]
    assert seen[1]["line"] == seen[0]["line"] + 1
    assert seen[0]["file"] == __file__


def test_a_leaf_is_named_once(w):
    def run():
        leaf = w
        return leaf * leaf + leaf

    (leaf,) = of("leaf", run)
    assert (leaf["name"], leaf["shape"]) == ("leaf", "(2,)")


def test_passes_add_up_until_the_gradient_is_cleared(w):
    def twice():
        for _ in range(2):
            (w * 2).sum().backward()

    def cleared():
        twice()
        w.grad.zero_()
        (w * 2).sum().backward()

    assert of("leaf", twice)[0]["passes"] == 2
    assert of("leaf", cleared)[0]["passes"] == 1
    assert len(of("backward", cleared)) == 3


@pytest.mark.parametrize(
    ("by", "cut_off"),
    [
        ("data", lambda w: w.data),
        ("detach", lambda w: w.detach()),
        ("tensor", torch.tensor),
        ("item", lambda w: w.sum().item()),
    ],
)
@pytest.mark.filterwarnings("ignore:To copy construct")
def test_a_cut_that_is_gone_on_with_is_used(w, by, cut_off):
    assert cuts(lambda: cut_off(w) * w) == [(by, True)]
    assert cuts(lambda: cut_off(w)) == [(by, False)]


def test_numbers_that_come_back_from_an_array_are_used(w):
    def run():
        return torch.from_numpy(w.detach().numpy()) * w

    assert ("numpy", True) in cuts(run)


def test_what_is_computed_under_no_grad_is_cut_off(w):
    def run():
        with torch.no_grad():
            y = w * 2
        return y.sum()

    assert cuts(run) == [("no_grad", True)]


def test_an_update_through_data_cuts_nothing(w):
    def in_place():
        w.data -= 0.1 * torch.ones(2)

    def replaced():
        w.data = w.data - 0.1 * torch.ones(2)

    assert [cuts(in_place), cuts(replaced)] == [[("data", False)]] * 2


def test_an_event_names_the_events_that_it_comes_from(w):
    def run():
        y = w * 2
        (y.data * y).sum().backward()

    seen = record(run)
    kinds = [one["event"] for one in seen]
    assert kinds == ["leaf", "operation", "cut", "operation", "operation", "backward"]
    assert [one.get("inputs") for one in seen] == [None, "0", "1", "2 1", "3", "4"]


def test_what_came_back_as_a_number_comes_from_its_cut(w):
    def run():
        return w.sum().item() * w

    _, total, cut, product = record(run)
    assert (total["inputs"], cut["inputs"], product["inputs"]) == ("0", "1", "0 2")


def test_a_leaf_that_is_updated_stays_a_leaf(w):
    def run():
        with torch.no_grad():
            w.sub_(0.5)
        return w * 2

    assert of("operation", run)[-1]["inputs"] == "1"
    assert record(run)[1]["event"] == "leaf"


def test_an_operation_in_place_goes_on_from_itself(w):
    def run():
        y = w * 2
        y.add_(1)
        return y.sum()

    assert [one["inputs"] for one in of("operation", run)] == ["0", "1", "2"]


def test_variants_of_an_operation_have_one_name(w):
    seen = of("operation", lambda: (w**2, 3 - w, w.sum(0)))
    assert [one["name"] for one in seen] == ["pow", "rsub", "sum"]


def test_a_digest_tells_values_signs_and_orders_apart():
    def digests(*data):
        tensors = [torch.tensor(one) for one in data]
        return {
            round(one["digest"], 6) for one in of("operation", lambda: [t + 0 for t in tensors])
        }

    assert len(digests([1.0, 2.0], [2.0, 1.0], [-1.0, -2.0], [1.0, 2.5])) == 4
    assert len(digests([1.0, 2.0], [[1.0], [2.0]])) == 1


def test_what_was_seen_before_an_error_is_kept(w):
    def run():
        w.sum().backward()
        raise ValueError

    assert [one["event"] for one in record(run)] == ["leaf", "operation", "backward"]


def test_a_long_computation_is_recorded_up_to_a_bound(w):
    def run():
        y = w
        for _ in range(2 * tracing.MOST):
            y = y + 1

    assert len(record(run)) == tracing.MOST


def test_a_trace_is_plain_data(w):
    assert json.loads(json.dumps(record(lambda: (w.data * w).sum().backward())))


def test_a_trace_changes_no_gradient(w):
    record(lambda: (w**2).sum().backward())
    np.testing.assert_allclose(w.grad.numpy(), 2 * w.detach().numpy())
