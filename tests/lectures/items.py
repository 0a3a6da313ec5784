"""What each item of the five lectures prints, what is right today, and why.

An item's `program` shows its `right`: a list of cells, of which the last one counts. `prints` is
what the document has, None where it prints nothing. Items without a program state or draw something
and compute nothing; `why` says what of them can be asked.
"""

from typing import NamedTuple

from .programs import cells


class Item(NamedTuple):
    id: str
    lectures: tuple[str, ...]
    prints: str | None
    right: str | None
    why: str
    program: list[str] | None = None


START = "import torch\nfrom torch.autograd import Variable"


def program(*more):
    return [START, *more]


first, second, third, fourth, fifth = (cells(name) for name in ("000", "001", "002", "003", "004"))

ITEMS = [
    Item(
        "A1", ("000", "001"), None, "['y_pred', 'e', 'e2', 'J']",
        "The drawing's nodes are the results, in the order of the computation; since 0.4 they are "
        "tensors.",
        [*second[:5], "names = ('y_pred', 'e', 'e2', 'J')",
         "[name for name in names if torch.is_tensor(globals()[name])]"],
    ),
    Item(
        "A2", ("000", "001", "002", "004"), "data, grad, creator",
        "AttributeError: 'Tensor' object has no attribute 'creator'",
        "The field was renamed grad_fn.",
        program("x = Variable(torch.ones(2))", "x.creator"),
    ),
    Item(
        "A3", ("000",), None, "(tensor(2.), tensor(4.))",
        "The gradient holds a partial derivative for each input.",
        program("x = torch.tensor(1.0, requires_grad=True)\ny = torch.tensor(2.0, "
                "requires_grad=True)", "torch.autograd.grad(2 * x + y ** 2, [x, y])"),
    ),
    Item(
        "A4", ("000", "001", "002"), "0 2 4 6, a FloatTensor", "tensor([0, 2, 4, 6])",
        "arange of integers gives int64 now; the values are the same.",
        second[:2],
    ),
    Item(
        "A5", ("000", "002", "003"), "False, True", "(False, True, True, False)",
        "False by default; a result requires grad if any input does, unless under no_grad.",
        program("a, b = torch.ones(1), torch.ones(1, requires_grad=True)\nwith torch.no_grad():\n"
                "    c = b * 2",
                "a.requires_grad, b.requires_grad, (a + b).requires_grad, c.requires_grad"),
    ),
    Item(
        "A6", ("000",), "24", "tensor([[3., 3.],\n        [3., 3.]])",
        "d mean(2 (x + 2)**2) / dx = 4 (x + 2) / 4 = 3; the cell had been run eight times, and 24 "
        "is eight gradients added up.",
        first,
    ),
    Item(
        "A7", ("000", "001"), None, "(True, None)",
        "backward starts at the tensor that called it and fills .grad of leaves, of no other.",
        [*first, "x.grad is not None, y.grad"],
    ),
    Item(
        "A8", ("000", "001"), None, "2.0",
        "Not the graph but the saved values are freed: what saved none may be run again, and adds.",
        program("w = torch.ones(1, requires_grad=True)\ns = (w + 2).sum()\ns.backward()\n"
                "s.backward()", "w.grad.item()"),
    ),
    Item(
        "B1", ("001",), None, "tensor([4.])",
        "x.grad is the gradient of the scalar with respect to x, not the reverse.",
        program("x = torch.full((1,), 2.0, requires_grad=True)\n(x ** 2).sum().backward()",
                "x.grad"),
    ),
    Item(
        "B2", ("001",), "14", "tensor(14., grad_fn=<SumBackward0>)",
        "0 + 1 + 4 + 9; the sum has no dimension now where it had one of size 1.",
        second[:5],
    ),
    Item(
        "B3", ("001",), None, "tensor([1., 1., 1., 1.], grad_fn=<MulBackward0>)",
        "Since 0.4 a plain tensor may be an operand: it is a constant.",
        program("w = Variable(torch.ones(1), requires_grad=True)", "torch.ones(4) * w"),
    ),
    Item(
        "B4", ("001",), "-56", "tensor([-28.])",
        "sum 2 (x w - y) x = -28; the cell had been run twice, and -56 is two gradients added up.",
        second[:6],
    ),
    Item(
        "B5", ("001",), None, "tensor([0.])",
        "zero_ writes zeros into the gradient; it does not become None.",
        [*second[:7], "w.grad"],
    ),
    Item(
        "B6", ("001",), "[-0.02798843]", "True",
        "The gradient is -28, so J falls by about 0.028: exactly by 0.027986, the rest is the "
        "rounding of float32.",
        [*second[:9], "abs((J_new - J).item() + 0.027986) < 1e-5"],
    ),
    Item(
        "B7", ("001",), "1.0, [1 1 1 1], [0 -2 -4 -6], -28.0",
        "1.0\n[1. 1. 1. 1.]\n[ 0. -2. -4. -6.]\n-28.0",
        "By hand and once; it disagrees with the -56 above it.",
        second,
    ),
    Item(
        "B8", ("001",), None, "RuntimeError: Trying to backward through the graph a second time "
        "(or directly access saved tensors after they have already been freed). Saved intermediate "
        "values of the graph are freed when you call .backward() or autograd.grad(). Specify "
        "retain_graph=True if you need to backward through the graph a second time or if you need "
        "to access saved tensors after calling backward.",
        "They can be mixed (B3); after backward the powers' saved values are gone.",
        [*second[:6], "J.backward()"],
    ),
    Item(
        "C1", ("002",), "1.3.1+cu100", "True",
        "A Variable is a Tensor since 0.4; gradients add up in .grad.",
        program("isinstance(Variable(torch.ones(1)), torch.Tensor)"),
    ),
    Item("C2", ("002",), "True, False", "False", "requires_grad is False unless asked for.",
         third[:8]),
    Item(
        "C3", ("002",), None, "torch.float64",
        "from_numpy keeps the ndarray's dtype and memory.",
        [*third[:9], "x.dtype"],
    ),
    Item(
        "C4", ("002",), "[20., 45.]",
        "tensor([20., 45.], dtype=torch.float64, grad_fn=<MulBackward0>)",
        "5 (1 + 1)**2 and 5 (2 + 1)**2.",
        third[:10],
    ),
    Item(
        "C5", ("002",), None,
        "RuntimeError: grad can be implicitly created only for scalar outputs",
        "The argument of backward is the gradient with respect to the result (dL/dy).",
        [*third[:10], "y.backward()"],
    ),
    Item(
        "C6", ("002",), "32.5, [10., 15.]", "tensor([10., 15.], dtype=torch.float64)",
        "Half of 10 (x + 1).",
        third[:13],
    ),
    Item(
        "C7", ("002",), None, "(65.0, 32.5)",
        "The code takes half the sum; that is the mean only where there are two elements.",
        [*third[:10], "torch.sum(y).item(), y.mean().item()"],
    ),
    Item(
        "D1", ("003",), None, "(False, False, tensor([0., 0.]))",
        "Differentiable functions only: argmax and comparisons give none, round gives zero.",
        program("x = torch.tensor([0.4, 1.6], requires_grad=True)",
                "x.argmax().requires_grad, (x > 1).requires_grad, "
                "torch.autograd.grad(x.round().sum(), x)[0]"),
    ),
    Item(
        "D2", ("003",), None, "True",
        "z = mean of 2 (x + 2)**2 over three elements: its gradient is 4 (x + 2) / 3.",
        [*fourth[:6], "torch.allclose(x.grad, 4 * (x + 2) / 3)"],
    ),
    Item(
        "D3", ("003",), None, "RuntimeError: element 0 of tensors does not require grad and does "
        "not have a grad_fn",
        "Reading .grad gives None and no error; backward raises it.",
        program("x = torch.ones(3)", "x.grad", "x.sum().backward()"),
    ),
    Item(
        "D4", ("003",), None, "(tensor(6., grad_fn=<AddBackward0>), tensor(2.), tensor(4.))",
        "dz/dx = 2 and dz/dy = 2 y.",
        [*fourth[:11], "z, x.grad, y.grad"],
    ),
    Item(
        "D5", ("003",), None, "(False, True)",
        "Three ways; x.detach() gives another tensor and leaves x as it is.",
        program("x = torch.ones(1, requires_grad=True)", "x.detach().requires_grad, "
                "x.requires_grad"),
    ),
    Item(
        "D6", ("003",), None,
        "tensor([3., 3., 3., 3.])\ntensor([6., 6., 6., 6.])\ntensor([9., 9., 9., 9.])\n"
        "tensor([12., 12., 12., 12.])",
        "Each pass adds 3 to what is there.",
        fourth[:16],
    ),
    Item(
        "D7", ("003",), None, "tensor([0., 0., 0., 0.])",
        "The gradient is zeroed in the loop, once in each round, so the last round leaves zeros.",
        [*fourth[:17], "w.grad"],
    ),
    Item(
        "E1", ("004",), None, "[1.0, 3.0]",
        "The graph is what the code ran this time: a branch that was not taken is not in it.",
        program("found = []\nfor value in (-1.0, 2.0):\n    x = torch.tensor(value, "
                "requires_grad=True)\n    y = x if value < 0 else 3 * x\n    y.backward()\n"
                "    found.append(x.grad.item())", "found"),
    ),
    Item(
        "E2", ("004",), None, "(None, 'AddBackward0')",
        "grad_fn is None for what the user made; else the node of the operation.",
        [*fifth[:3], "x.grad_fn, y.grad_fn.name()"],
    ),
    Item(
        "E3", ("004",), None,
        "TypeError: Tensor.backward() got an unexpected keyword argument 'grad_output'",
        "The argument's name is gradient.",
        [*fifth[:3], "y.backward(grad_output=torch.ones(2, 2))"],
    ),
    Item(
        "E4", ("004",), "27, 4.5", "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])",
        "d mean(3 (x + 2)**2) / dx = 6 (x + 2) / 4.",
        [*fifth[:6], "x.grad"],
    ),
    Item(
        "E5", ("004",), "512, 51.2, 0.512", "True",
        "x is random: the number of doublings varies, x.grad = v (y / x) does not.",
        [*fifth, "torch.allclose(x.grad, gradients * (y / x).detach())"],
    ),
    Item(
        "E6", ("004",), None, None,
        "Plotting is imported and not used: a grader must let it be imported.",
    ),
]  # fmt: skip
