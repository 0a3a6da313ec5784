"""References that derive with NumPy alone are wrong on purpose, too."""

import numpy as np
import pytest

from grader import Assignment, array, tensor
from grader.cases import draw_cases
from grader.comparison import judge
from grader.diagnosis import diagnose
from grader.diagnosis.array_mistakes import array_mistakes
from grader.outcomes import Answered


def ask(reference, **inputs):
    homework = Assignment("homework", title="Homework")
    return homework.question(points=1, inputs=inputs, autograd="forbidden")(reference)


def found(item, answer):
    cases = draw_cases(item, "seed")
    outcomes = [Answered(answer(**case.arguments), dict(case.arguments)) for case in cases]
    return {one.id for one in diagnose(item, cases, outcomes, judge(item, cases, outcomes))}


def layer(x, W, b, dout):
    h = np.tanh(x @ W + b)
    dz = dout * (1 - h**2)
    return {"dW": x.T @ dz, "db": dz.sum(axis=0)}


LAYER = ask(layer, x=array("n", "d"), W=array("d", "h"), b=array("h"), dout=array("n", "h"))


def layer_with(local, total=np.sum):
    def answer(x, W, b, dout):
        z = x @ W + b
        dz = dout * local(z, np.tanh(z))
        return {"dW": x.T @ dz, "db": total(dz, axis=0)}

    return answer


@pytest.mark.parametrize(
    ("answer", "identifier"),
    [
        (layer_with(lambda z, h: 1 - z**2), "activation_derivative_at_input"),
        (layer_with(lambda z, h: 1 - np.tanh(h) ** 2), "activation_applied_twice"),
        (layer_with(lambda z, h: 1.0), "missing_chain_factor"),
        (layer_with(lambda z, h: h**2 - 1), "wrong_sign"),
        (layer_with(lambda z, h: 1 - h**2, np.mean), "mean_instead_of_sum"),
    ],
)
def test_an_operation_that_is_done_wrongly_is_named(answer, identifier):
    assert identifier in found(LAYER, answer)


def masked(x, dout):
    return {"dx": dout * (x > 0) / len(x)}


MASKED = ask(masked, x=array("n"), dout=array("n"))


@pytest.mark.parametrize(
    ("answer", "identifier"),
    [
        (lambda x, dout: {"dx": dout * (x < 0) / len(x)}, "wrong_relu_mask"),
        (lambda x, dout: {"dx": dout * (dout > 0) / len(x)}, "wrong_relu_mask"),
        (lambda x, dout: {"dx": dout / len(x)}, "missing_activation_derivative"),
        (lambda x, dout: {"dx": dout * np.maximum(x, 0) / len(x)}, "wrong_activation_derivative"),
        (lambda x, dout: {"dx": dout * (x > 0)}, "sum_instead_of_mean"),
    ],
)
def test_a_mask_and_an_average_are_operations_like_others(answer, identifier):
    assert identifier in found(MASKED, answer)


def test_the_right_answer_is_what_it_was():
    case = draw_cases(LAYER, "seed")[0]
    before = layer(**case.arguments)
    assert list(array_mistakes(LAYER, case))
    assert all(np.array_equal(before[name], one) for name, one in layer(**case.arguments).items())


def scaled(x, gamma):
    return {"out": gamma * (x - x.mean())}


def test_where_no_gradient_is_asked_for_none_is_said_to_be_wrong():
    (case, *_) = draw_cases(ask(scaled, x=array("n"), gamma=array("n")), "seed")
    item = ask(scaled, x=array("n"), gamma=array("n"))
    ids = {identifier for ids, _ in array_mistakes(item, case) for identifier in ids}
    assert {"wrong_sign", "sum_instead_of_mean"} <= ids
    assert "missing_chain_factor" not in ids


def doubled(x):
    return x * 2


def test_of_tensors_the_engine_knows_more():
    item = ask(doubled, x=tensor("n"))
    assert not list(array_mistakes(item, draw_cases(item, "seed")[0]))
