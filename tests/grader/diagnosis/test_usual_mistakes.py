import numpy as np
import pytest

import reference_engine as torch
from grader import Assignment, array, integer, labels, real, source
from grader.cases import draw_cases
from grader.comparison import judge
from grader.diagnosis import diagnose
from grader.outcomes import Answered


def ask(reference, **inputs):
    homework = Assignment("homework", title="Homework")
    return homework.question(points=1, inputs=inputs, autograd="forbidden")(reference)


def named(item, answer):
    """The ids of what is found where a student's function is `answer`."""
    cases = draw_cases(item, "seed")
    outcomes = []
    for case in cases:
        given = {
            name: eval(value.text) if hasattr(value, "text") else value
            for name, value in case.arguments.items()
        }
        outcomes.append(Answered(answer(**given), dict(case.arguments)))
    return {one.id for one in diagnose(item, cases, outcomes, judge(item, cases, outcomes))}


# -- differences --------------------------------------------------------------------------------


def central(f, x, h):
    return np.array([(f(x + e) - f(x - e)) / (2 * h) for e in h * np.eye(len(x))])


CENTRAL = ask(central, f=source("lambda v: (v[0] * v ** 3).sum()"), x=array("n"), h=real(0.05, 0.2))


def forward(f, x, h):
    return [(f(x + e) - f(x)) / h for e in h * np.eye(len(x))]


def half_as_far(f, x, h):
    return [(f(x + e / 2) - f(x - e / 2)) / (2 * h) for e in h * np.eye(len(x))]


def all_at_once(f, x, h):
    return np.ones(len(x)) * (f(x + h) - f(x - h)) / (2 * h)


def never_taken_back(f, x, h):
    return [(f(x + e) - f(x - e)) / (2 * h) for e in h * np.tri(len(x))]


def left_below(f, x, h):
    x, found = x.copy(), []
    for place in range(len(x)):
        x[place] += h
        above = f(x)
        x[place] -= 2 * h
        found.append((above - f(x)) / (2 * h))
    return found


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (forward, {"one_sided_difference"}),
        (lambda f, x, h: forward(f, x, -h), {"one_sided_difference"}),
        (
            lambda f, x, h: np.array(forward(f, x, h)) / 2,
            {"one_sided_difference", "wrong_step_division"},
        ),
        (half_as_far, {"wrong_step_division"}),
        (all_at_once, {"wrong_perturbation"}),
        (never_taken_back, {"wrong_perturbation"}),
        (left_below, {"wrong_perturbation"}),
    ],
)
def test_a_difference_taken_wrongly_is_named(answer, expected):
    assert named(CENTRAL, answer) == expected


# -- classes and counts -------------------------------------------------------------------------


def scores_of_classes(z, t):
    z = torch.tensor(z, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(z, torch.tensor(t))
    loss.backward()
    return {"loss": loss.detach(), "dz": z.grad}


CLASSES = ask(scores_of_classes, z=array("n", "c"), t=labels("n", "c"))


def by_hand(z, t):
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    rows = np.arange(len(t))
    loss = -np.log(p[rows, t]).mean()
    p[rows, t] -= 1
    return {"loss": loss, "dz": p / len(t)}


def test_the_class_before_is_named_though_the_first_has_none():
    assert named(CLASSES, lambda z, t: by_hand(z, t - 1)) == {"label_off_by_one"}


def test_the_most_probable_class_as_the_target_is_named():
    found = named(CLASSES, lambda z, t: by_hand(z, z.argmax(1)))
    assert found == {"prediction_used_as_target"}


def test_a_round_too_many_is_named():
    def power(n, x):
        return x**n

    item = ask(power, n=integer(2, 6), x=array("m", low=1.1))
    assert named(item, lambda n, x: x ** (n + 1)) == {"off_by_one_iteration"}


# -- penalties ----------------------------------------------------------------------------------


def test_a_penalty_derived_otherwise_is_named():
    def ridge(X, y, w, lam):
        X, y, w = torch.tensor(X), torch.tensor(y), torch.tensor(w, requires_grad=True)
        (((X @ w - y) ** 2).mean() + lam / 2 * (w**2).sum()).backward()
        return w.grad

    item = ask(ridge, X=array("n", "d"), y=array("n"), w=array("d"), lam=real(0.1, 0.9))

    def answer(X, y, w, lam):
        return 2 / len(y) * X.T @ (X @ w - y) - 3 * lam * w

    assert named(item, answer) == {"regularisation_factor"}


# -- wrong gradients of a softmax cross-entropy -------------------------------------------------


def softmax(z):
    return np.exp(z) / np.exp(z).sum(1, keepdims=True)


def cross_entropy(z, t):
    p = softmax(z)
    dz = (p - np.eye(z.shape[1])[t]) / len(t)
    return {"loss": -np.log(p[np.arange(len(t)), t]).mean(), "dz": dz}


CROSS_ENTROPY = ask(cross_entropy, z=array("n", "c"), t=labels("n", "c"))


@pytest.mark.parametrize(
    ("gradient", "ids"),
    [
        (lambda p, y, n: p / n, {"missing_one_hot"}),
        (lambda p, y, n: p, {"missing_one_hot", "sum_instead_of_mean"}),
        (lambda p, y, n: (softmax(p) - y) / n, {"softmax_applied_twice"}),
        (lambda p, y, n: p * (1 - p) / n, {"diagonal_jacobian"}),
        (lambda p, y, n: (p - y.max(0)) / n, {"wrong_row_indexing"}),
        (lambda p, y, n: -y / p / n, {"missing_activation_derivative"}),
    ],
)
def test_a_wrong_gradient_of_the_cross_entropy_is_named_whatever_the_reference(gradient, ids):
    def answer(z, t):
        p, y = softmax(z), np.eye(z.shape[1])[t]
        return {**cross_entropy(z, t), "dz": gradient(p, y, len(t))}

    assert ids <= named(CROSS_ENTROPY, answer)


def ridge(X, y, w, lam):
    return X.T @ (X @ w - y) / len(y) + lam * w


def test_a_penalty_without_its_half_is_named():
    item = ask(ridge, X=array("n", "d"), y=array("n"), w=array("d"), lam=real(0.5, 1.0))
    found = named(item, lambda X, y, w, lam: ridge(X, y, w, 2 * lam))
    assert "regularisation_factor" in found
