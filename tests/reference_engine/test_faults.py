"""Faults on small computations whose wrong gradients can be worked out by hand."""

import numpy as np
import pytest

import reference_engine as torch
from reference_engine import faults

X = np.array([[0.5, -1.2, 0.7], [1.1, 0.3, -0.4]])
W = np.array([[0.2, -0.6], [0.9, 0.4], [-0.3, 0.8]])
B = np.array([0.1, -0.2])


def leaf(values):
    return torch.tensor(values, requires_grad=True)


def layer():
    """The gradients of sum(tanh(x @ w + b)**2)."""
    x, w, b = torch.tensor(X), leaf(W), leaf(B)
    h = torch.tanh(x @ w + b)
    (h**2).sum().backward()
    return {"w": w.grad._array.copy(), "b": b.grad._array.copy()}


def under(run, identifier, **wanted):
    """What a run gives under each fault with this id that has these attributes."""
    found = [
        fault
        for fault in faults.enumerate_faults(run)
        if fault.id == identifier
        and all(getattr(fault, name) == value for name, value in wanted.items())
    ]
    assert found, f"no fault {identifier} {wanted}"
    return [faults.inject(run, fault) for fault in found]


def forward():
    z = X @ W + B
    return z, np.tanh(z)


def gradients(local):
    """Those of `layer`, with another derivative at tanh."""
    _, h = forward()
    dz = 2 * h * local
    return {"w": X.T @ dz, "b": dz.sum(0)}


def assert_one_is(found, expected):
    assert any(
        all(np.allclose(one[name], expected[name]) for name in expected)
        for one in found
        if all(one[name].shape == expected[name].shape for name in expected)
    )


def test_a_true_run_is_not_changed_by_being_surveyed():
    before = layer()
    faults.enumerate_faults(layer)
    assert all(np.array_equal(before[name], value) for name, value in layer().items())


def test_a_derivative_is_left_out():
    _, h = forward()
    assert_one_is(under(layer, "missing_activation_derivative"), gradients(np.ones_like(h)))


def test_a_derivative_takes_the_input_for_the_output():
    z, _ = forward()
    assert_one_is(under(layer, "activation_derivative_at_input"), gradients(1 - z**2))


def test_an_activation_is_applied_twice():
    _, h = forward()
    assert_one_is(under(layer, "activation_applied_twice"), gradients(1 - np.tanh(h) ** 2))


def test_a_derivative_loses_its_constant():
    true = layer()
    halved = {name: value / 2 for name, value in true.items()}
    assert_one_is(under(layer, "missing_factor", operation="**"), halved)


def test_a_sign_is_lost_where_it_is_lost():
    true = layer()
    assert_one_is(under(layer, "wrong_sign", operation="@"), {"w": -true["w"], "b": true["b"]})


def test_a_gradient_keeps_the_shape_that_its_transpose_gives_it():
    assert_one_is(under(layer, "missing_transpose"), {"w": layer()["w"].T})


def test_what_was_broadcast_is_not_gathered():
    _, h = forward()
    assert_one_is(under(layer, "unreduced_broadcast"), {"b": 2 * h * (1 - h**2)})


def test_what_was_broadcast_is_gathered_over_everything():
    total = layer()["b"].sum()
    assert_one_is(under(layer, "reduced_all_axes"), {"b": np.full(2, total)})


def average():
    x = leaf(X)
    ((3 * x) ** 2).mean().backward()
    return {"x": x.grad._array.copy()}


@pytest.mark.parametrize(
    ("identifier", "divisor"), [("sum_instead_of_mean", 1), ("mean_over_batch_only", 2)]
)
def test_an_average_is_taken_over_the_wrong_number(identifier, divisor):
    assert_one_is(under(average, identifier), {"x": 18 * X / divisor})


def test_the_size_of_an_average_is_that_of_the_run_at_hand():
    (fault, *_) = [one for one in faults.enumerate_faults(average) if "sum" in one.id]

    def larger():
        x = leaf(np.ones((5, 7)))
        ((3 * x) ** 2).mean().backward()
        return x.grad._array.copy()

    # Another function is another place: the fault has nothing to hold on to there.
    assert np.allclose(faults.inject(larger, fault), 18 / 35)


def two_paths():
    x = leaf([2.0, 3.0])
    (x * x.exp()).sum().backward()
    return {"x": x.grad._array.copy()}


def test_one_of_two_paths_is_lost():
    x = np.array([2.0, 3.0])
    found = under(two_paths, "overwritten_gradient")
    assert_one_is(found, {"x": np.exp(x)})
    assert_one_is(found, {"x": x * np.exp(x)})


def test_one_of_two_paths_counts_twice():
    x = np.array([2.0, 3.0])
    assert_one_is(under(two_paths, "double_counted_path"), {"x": (1 + 2 * x) * np.exp(x)})


def descent(steps=3):
    w = leaf([1.0, -2.0])
    seen = []
    for _ in range(steps):
        (w**2).sum().backward()
        seen.append(w.grad._array.copy())
        with torch.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    return {"seen": np.array(seen)}


START = np.array([2.0, -4.0])


def test_a_gradient_is_never_set_to_zero():
    w, total, seen = START / 2, 0.0, []
    for _ in range(3):
        total = total + 2 * w
        seen.append(total)
        w = w - 0.1 * total
    assert_one_is(under(descent, "accumulated_gradient"), {"seen": np.array(seen)})


def test_a_parameter_is_never_updated():
    assert_one_is(under(descent, "parameters_never_updated"), {"seen": np.array([START] * 3)})


def test_a_step_goes_up():
    expected = [START * 1.2**k for k in range(3)]
    assert_one_is(under(descent, "ascent_instead_of_descent"), {"seen": np.array(expected)})


def test_the_rate_is_applied_twice():
    expected = [START * (1 - 0.02) ** k for k in range(3)]
    assert_one_is(under(descent, "gradient_times_learning_rate"), {"seen": np.array(expected)})


def product():
    x, v = leaf([1.0, 2.0, 3.0]), torch.tensor([3.0, 0.5, -4.0])
    (x**2).backward(v)
    return {"x": x.grad._array.copy()}


def test_a_cotangent_is_ignored_or_normalised():
    v = np.array([3.0, 0.5, -4.0])
    assert_one_is(under(product, "cotangent_ignored"), {"x": np.array([2.0, 4.0, 6.0])})
    assert_one_is(
        under(product, "cotangent_normalised"),
        {"x": np.array([2.0, 4.0, 6.0]) * v / np.linalg.norm(v)},
    )


def test_a_pass_is_run_twice():
    assert_one_is(
        under(product, "accumulated_gradient", amount=2), {"x": np.array([12.0, 4.0, -48.0])}
    )


def frozen():
    w, x = leaf([2.0]), torch.tensor([3.0])
    h = (w * x).detach()
    v = leaf([5.0])
    (h * v).sum().backward()
    return {"w": np.zeros(1) if w.grad is None else w.grad._array.copy()}


def test_a_detach_is_ignored():
    assert_one_is(under(frozen, "not_frozen"), {"w": np.array([15.0])})


def doubling():
    x = leaf([0.7, 1.1])
    y = x * 2
    while y.norm() < 50:
        y = y * 2
    y.sum().backward()
    return {"x": x.grad._array.copy()}


def test_a_loop_ends_one_turn_early_or_late():
    true = doubling()["x"]
    found = under(doubling, "off_by_one_iteration")
    assert_one_is(found, {"x": true * 2})
    assert_one_is(found, {"x": true / 2})


def test_a_fault_that_never_ends_is_given_up():
    def endless():
        x = leaf([1.0])
        while (x * 0 == 0).all():
            if x.grad is not None:
                break
            y = (x * 2).sum()
            if y.requires_grad and not endless.stuck:
                y.backward()
        return x.grad

    endless.stuck = False
    (fault, *_) = faults.enumerate_faults(endless)
    endless.stuck = True
    with pytest.raises(faults.Exhausted):
        faults.inject(endless, fault, operations=faults.count_operations(average))


def test_two_faults_are_injected_together():
    true = layer()
    by_id = {one.id: one for one in faults.enumerate_faults(layer) if one.operation == "**"}
    both = faults.inject(layer, by_id["missing_factor"], by_id["wrong_sign"])
    assert np.allclose(both["w"], -true["w"] / 2)


def test_a_place_is_named_as_in_the_code():
    (fault, *_) = [one for one in faults.enumerate_faults(layer) if one.id == "missing_transpose"]
    assert (fault.operation, fault.operand) == ("@", "w")


def test_nothing_is_left_behind_by_a_fault():
    true = layer()
    for fault in faults.enumerate_faults(layer):
        try:
            faults.inject(layer, fault)
        except (AttributeError, faults.Exhausted):
            continue  # a path that was cut leaves no gradient to read
    assert all(np.array_equal(true[name], value) for name, value in layer().items())
