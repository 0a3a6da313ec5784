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


# -- values that are others ---------------------------------------------------------------------

SCORES = np.array(
    [[0.3, -1.1, 0.8, 0.1, -0.4], [1.2, 0.4, -0.9, 0.6, 0.2], [-0.7, 0.5, 0.1, 1.4, 0.9]]
)
CLASSES = np.array([4, 0, 2])


def softmax(z, axis=1):
    return np.exp(z) / np.exp(z).sum(axis, keepdims=True)


def cross_entropy():
    z = leaf(SCORES)
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(CLASSES))
    loss.backward()
    return {"loss": loss.detach().numpy(), "z": z.grad._array.copy()}


def loss_of(z, targets=CLASSES, axis=1):
    return -np.log(softmax(z, axis))[np.arange(3), targets].mean()


def test_a_softmax_runs_along_the_other_axis_forward_and_backward():
    p, hot = softmax(SCORES, 0), np.eye(5)[CLASSES]
    z = (p * hot.sum(0) - hot) / 3  # each column is normalised over its rows
    assert_one_is(under(cross_entropy, "wrong_axis"), {"loss": loss_of(SCORES, axis=0), "z": z})


def test_a_softmax_is_taken_over_everything():
    p = np.exp(SCORES) / np.exp(SCORES).sum()
    loss = -np.log(p[np.arange(3), CLASSES]).mean()
    assert_one_is(under(cross_entropy, "reduced_all_axes"), {"loss": loss})


def test_a_softmax_is_applied_twice():
    assert_one_is(under(cross_entropy, "softmax_applied_twice"), {"loss": loss_of(softmax(SCORES))})


@pytest.mark.parametrize(
    ("identifier", "subtracted"),
    [
        ("missing_one_hot", np.zeros((3, 5))),
        ("label_off_by_one", np.eye(5)[[0, 1, 3]]),
        ("prediction_used_as_target", np.eye(5)[[2, 0, 3]]),
        ("wrong_row_indexing", np.tile([1, 0, 1, 0, 1], (3, 1))),
    ],
)
def test_the_wrong_class_is_taken_from_the_probabilities(identifier, subtracted):
    right = cross_entropy()["loss"]
    expected = {"loss": right, "z": (softmax(SCORES) - subtracted) / 3}
    assert_one_is(under(cross_entropy, identifier), expected)


def test_a_factor_is_left_out_of_the_value_too():
    def scaled():
        x = leaf(X)
        y = torch.tanh(x / 3)
        y.sum().backward()
        return {"y": y.detach().numpy(), "x": x.grad._array.copy()}

    expected = {"y": np.tanh(X), "x": 1 - np.tanh(X) ** 2}
    assert_one_is(under(scaled, "missing_factor"), expected)


def test_a_variance_is_divided_by_one_less():
    def centred():
        x = torch.tensor(X)
        return {"v": ((x.requires_grad_() - x.mean(0)) ** 2).mean(0).detach().numpy()}

    assert_one_is(under(centred, "missing_factor"), {"v": X.var(0, ddof=1)})


def test_a_difference_is_taken_of_every_pair():
    y = np.array([0.4, -0.8])

    def fit():
        w = leaf(np.array([0.5, -0.3, 0.2]))
        loss = ((torch.tensor(X) @ w - torch.tensor(y)) ** 2).mean()
        loss.backward()
        return {"loss": loss.detach().numpy(), "w": w.grad._array.copy()}

    residual = (X @ [0.5, -0.3, 0.2])[:, None] - y
    expected = {"loss": (residual**2).mean(), "w": X.T @ residual.sum(1) / 2}
    assert_one_is(under(fit, "broadcast_loss"), expected)


def test_a_loop_leaves_what_the_last_round_gave():
    x, w = np.array([0.5, -1.0, 2.0, 0.3]), np.array([0.7, -0.2])

    def sliding():
        kernel = leaf(w)
        data = leaf(x)
        sum((data[i : i + 2] * kernel).sum() for i in range(3)).backward()
        return {"kernel": kernel.grad._array.copy(), "data": data.grad._array.copy()}

    found = under(sliding, "overwritten_gradient", change="overwritten")
    assert_one_is(found, {"kernel": x[2:]})
    assert_one_is(found, {"data": np.array([w[0], w[0], w[0], w[1]])})
    found = under(sliding, "overwritten_gradient", change="overwritten_backwards")
    assert_one_is(found, {"kernel": x[:2]})
    assert_one_is(found, {"data": np.array([w[0], w[1], w[1], w[1]])})


def test_a_state_that_begins_as_a_constant_is_an_input_in_later_rounds():
    x, w = np.array([0.4, -0.9]), np.array(0.7)

    def recurrent():
        weight, h = leaf(w), torch.tensor(np.array(0.0))
        for one in x:
            h = h * weight + one
        h.backward()
        return {"w": weight.grad._array.copy()}

    # h = x0 * w + x1, and the gradient x0; the first state, 0, has no share in it.
    found = under(recurrent, "wrong_sign", operation="*", operand="weight")
    assert_one_is(found, {"w": -x[0]})


def test_a_gradient_is_kept_without_a_copy():
    def twice():
        x = leaf([2.0, 3.0])
        (x**2).sum().backward()
        first = x.grad.clone()
        (x**2).sum().backward()
        return {"first": first.numpy(), "both": x.grad.numpy()}

    both = np.array([8.0, 12.0])
    assert_one_is(under(twice, "aliased_gradient"), {"first": both, "both": both})


def test_a_copy_that_nothing_needs_is_no_place_for_a_mistake():
    def once():
        x = leaf([2.0, 3.0])
        (x**2).sum().backward()
        return x.grad.clone()

    assert "aliased_gradient" not in {one.id for one in faults.enumerate_faults(once)}


def test_the_loss_is_subtracted_in_place_of_the_gradient():
    def step():
        w = leaf([2.0, 3.0])
        (w**2).sum().backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        return {"w": w.detach().numpy()}

    assert_one_is(under(step, "loss_used_as_gradient"), {"w": np.array([0.7, 1.7])})


def test_a_loop_measures_something_else():
    def doubled():
        y = torch.tensor([1.0, -2.0, 4.0])
        while y.norm() < 30:
            y = y * 2
        return {"y": y.numpy()}

    found = under(doubled, "wrong_stopping_rule", amount="squares")
    assert_one_is(found, {"y": np.array([2.0, -4.0, 8.0])})


# -- branches, rounds and earlier steps ---------------------------------------------------------


def two_ways():
    """The gradient of x**2 where x is positive, of -3 * x elsewhere."""
    x = leaf(X)
    torch.where(x > 0, x**2, -3 * x).sum().backward()
    return {"x": x.grad._array.copy()}


def test_the_branches_of_where_are_exchanged():
    expected = {"x": np.where(X > 0, -3.0, 2 * X)}
    assert_one_is(under(two_ways, "wrong_relu_mask"), expected)


def test_a_loop_that_looks_at_nothing_ends_after_a_fixed_number_of_rounds():
    def doubled():
        y = torch.tensor(X)
        while y.norm() < 20:
            y = y * 2
        return {"y": y._array.copy()}

    found = under(doubled, "wrong_stopping_rule", change="fixed_rounds", amount=5)
    assert_one_is(found, {"y": 32 * X})


def test_every_step_uses_the_first_forward_pass():
    def trained():
        w, losses = leaf(B.copy()), []
        for _ in range(3):
            loss = (w**2).sum()
            loss.backward()
            losses.append(loss.item())
            with torch.no_grad():
                w -= 0.1 * w.grad
            w.grad.zero_()
        return {"w": w._array.copy(), "losses": np.array(losses)}

    expected = {"w": B - 3 * 0.1 * 2 * B, "losses": np.full(3, (B**2).sum())}
    assert_one_is(under(trained, "stale_forward"), expected)


def test_a_size_that_is_divided_by_is_an_average_wherever_it_is_one():
    def divided(values, by):
        def run():
            x = leaf(values)
            ((x**2).sum() / by).backward()
            return {"x": x.grad._array.copy()}

        return run

    summed, scaled = (
        next(
            one
            for one in faults.enumerate_faults(divided(X[0], 3))
            if (one.id, one.change) == (identifier, "dropped") and one.operation == "/"
        )
        for identifier in ("sum_instead_of_mean", "missing_factor")
    )
    assert np.allclose(faults.inject(divided(B, 2), summed)["x"], 2 * B)
    assert np.allclose(faults.inject(divided(B, 3), scaled)["x"], 2 * B)
    with pytest.raises(faults.Exhausted):
        faults.inject(divided(B, 3), summed)
    with pytest.raises(faults.Exhausted):
        faults.inject(divided(B, 2), scaled)
