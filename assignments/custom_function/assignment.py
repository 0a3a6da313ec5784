"""Writing an operation of one's own: forward and backward of an autograd Function.

Holds the reference solutions; it knows no student's code.
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
SCALE = """lambda Scale, x, w, v: (lambda y: {
    "y": y.detach(), **dict(zip(("dx", "dw"), torch.autograd.grad(y, (x, w), v))),
})(Scale.apply(x, w))"""
CHECKED = """lambda Swish, x: bool(
    torch.autograd.gradcheck(Swish.apply, (x.detach().double().requires_grad_(),))
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
