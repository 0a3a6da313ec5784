"""Writing an operation of one's own: forward and backward of an autograd Function.

Holds the reference solutions and the wrong solutions that no fault of an engine could express; it
knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, tensor

hw = Assignment(
    "custom_function",
    title={
        "en": "An operation of your own",
        "pt": "Uma operação sua",
        "es": "Una operación propia",
    },
)

SWISH = """lambda Swish, x, v: (lambda y: {
    "y": y.detach(), "grad": torch.autograd.grad(y, x, v)[0], "node": y.grad_fn.name(),
})(Swish.apply(x))"""
# PyTorch sums what a backward pass returns to its input's shape: seen before that, it is the
# student's own.
SCALE = """lambda Scale, x, w, v: (lambda y, given: (
    y.grad_fn.register_hook(lambda gradients, _: given.extend(gradients)),
    torch.autograd.grad(y, (x, w), v),
    {"y": y.detach(), **dict(zip(("dx", "dw"), given))})[-1]
)(Scale.apply(x, w), [])"""
# What is no Function has no backward of its own that could pass.
CHECKED = """lambda Swish, x: (
    isinstance(Swish, type)
    and issubclass(Swish, torch.autograd.Function)
    and bool(torch.autograd.gradcheck(Swish.apply, (x.detach().double().requires_grad_(),)))
)"""


@hw.question(
    points=3,
    inputs={"x": tensor("n", requires_grad=True), "v": tensor("n")},
    call=SWISH,
)
class Swish(torch.autograd.Function):
    """y = x * sigmoid(x), and its gradient for an upstream gradient v."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return upstream * (s + x * s * (1 - s))


def swish_derivative(x, s):
    return s + x * s * (1 - s)


def swish(x, v, derivative):
    """What the question's call gives for a backward pass with this derivative."""
    x = x.detach()
    s = torch.sigmoid(x)
    return {"y": x * s, "grad": v * derivative(x, s), "node": "SwishBackward"}


# A product whose second factor, or whose first, is taken for a constant.
@Swish.misconception("overwritten_gradient")
@Swish.misconception("missing_chain_factor")
def sigmoid_taken_for_a_constant(x, v):
    return swish(x, v, lambda _, s: s)


@Swish.misconception("overwritten_gradient")
@Swish.misconception("missing_chain_factor")
def first_factor_taken_for_a_constant(x, v):
    return swish(x, v, lambda x, s: x * s * (1 - s))


@Swish.misconception("wrong_activation_derivative")
@Swish.misconception("missing_chain_factor")
def derivative_of_the_sigmoid_alone(x, v):
    return swish(x, v, lambda _, s: s * (1 - s))


@Swish.misconception("missing_chain_factor")
def derivative_of_the_sigmoid_without_x(x, v):
    return swish(x, v, lambda _, s: s + s * (1 - s))


@Swish.misconception("wrong_sign")
def product_rule_with_a_minus(x, v):
    return swish(x, v, lambda x, s: s - x * s * (1 - s))


@Swish.misconception("wrong_activation_derivative")
def sigmoid_derived_as_tanh(x, v):
    return swish(x, v, lambda x, s: s + x * (1 - s * s))


@Swish.misconception("activation_applied_twice")
def sigmoid_of_the_result(x, v):
    return swish(x, v, lambda x, s: swish_derivative(x, torch.sigmoid(x * s)))


@Swish.misconception("value_instead_of_gradient")
def value_times_what_arrives(x, v):
    return swish(x, v, lambda x, s: x * s)


@Swish.misconception("missing_chain_factor")
def handed_on_as_it_arrives(x, v):
    return swish(x, v, lambda x, _: torch.ones_like(x))


@Swish.misconception("cotangent_ignored")
def nothing_of_what_arrives(x, v):
    return swish(x, torch.ones_like(v), swish_derivative)


@hw.question(points=1, inputs={"x": tensor("n")}, call=CHECKED)
def swish_passes_gradcheck(x):  # noqa: ARG001 - right for every x
    """Whether gradcheck accepts Swish."""
    return True


@hw.question(
    points=3,
    inputs={
        "x": tensor("n", "m", requires_grad=True),
        "w": tensor("m", requires_grad=True),
        "v": tensor("n", "m"),
    },
    call=SCALE,
)
class Scale(torch.autograd.Function):
    """y = x * w, w the same for every row, and the gradients of both for an upstream v."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, upstream):
        x, w = ctx.saved_tensors
        return upstream * w, (upstream * x).sum(0)


@Scale.misconception("gradient_of_wrong_input")
def factors_exchanged(x, w, v):
    x, w = x.detach(), w.detach()
    return {"y": x * w, "dx": v * x, "dw": (v * w).sum(0)}


@Scale.misconception("missing_chain_factor")
def upstream_alone(x, w, v):
    return {"y": (x * w).detach(), "dx": v, "dw": v.sum(0)}


@Scale.misconception("reduced_all_axes")
def rows_and_columns_added_up(x, w, v):
    x, w = x.detach(), w.detach()
    return {"y": x * w, "dx": v * w, "dw": (v * x).sum() * torch.ones_like(w)}


@Scale.misconception("cotangent_ignored")
def factors_without_what_arrives(x, w, v):  # noqa: ARG001 - the mistake: v has no use
    x, w = x.detach(), w.detach()
    return {"y": x * w, "dx": w * torch.ones_like(x), "dw": x.sum(0)}
