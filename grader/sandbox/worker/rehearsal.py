"""A made-up submission that a zygote serves before it forks, again and again.

The first time of everything is slow: modules are imported, functions compiled, and Python rewrites
the instructions that it runs often. Done before the fork, it is done for all children.
"""

import linecache
import os
import sys
from collections.abc import Iterable

from grader.sandbox.protocol import Array, Call, Cell, Read, Run, ToChild, Value, pack
from grader.sandbox.protocol.control import Kind
from grader.sandbox.worker.cells import run
from grader.sandbox.worker.child import Child, Descriptors

_ROUNDS = 12
"""Python rewrites a function the eighth time that it runs."""

_CELLS = (
    "import numpy as np\nimport math",
    "raise ValueError",
    "%time 1",
    "print('x')",
    """def right(x, w):
    e = np.asarray(x) * w - 1.0
    return {"e": [2 * e, 1.0], "w": (2 * e * x).sum(), "m": (x[None] @ x[:, None], np.exp(w))}""",
    """def wrong(x, w):
    return x.missing""",
)

_TORCH_CELLS = (
    """import torch
import torch.nn as nn
import torch.nn.functional as F""",
    """def gradients(x, w):
    x = torch.tensor(x)
    w = torch.tensor(w, requires_grad=True)
    b = torch.randn(3, requires_grad=True, dtype=torch.float64)
    e = x * w - 2 + w / 3 - b.sum() + (1 - w) * 2 + 1
    e.retain_grad()
    loss = (e ** 2).mean() + (-b).exp().sum() + (b * b + 1).log().sum() + b @ b
    loss.backward()
    return {"w": w.grad, "e": e.grad, "item": loss.item()}""",
    """def shapes(x, w):
    a = torch.ones(2, 3, requires_grad=True)
    c = torch.cat([a.t(), a.view(3, 2)]).reshape(-1)[2:].clone()
    d = torch.stack([c, c.detach()]).sum(dim=0).max() + a.sigmoid().tanh().relu().abs().sqrt().sum()
    (grad,) = torch.autograd.grad(d * a.mm(a.t()).sum(), a, create_graph=True)
    with torch.no_grad():
        a -= 0.1 * grad
    return str(grad), a, a[0, 1], a.T.unsqueeze(0).squeeze(0)""",
    """def training(x, w):
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3))
    features, labels = torch.randn(5, 2), torch.tensor([0, 1, 2, 1, 0])
    for kind in (torch.optim.SGD, torch.optim.Adam):
        optimizer = kind(model.parameters(), lr=0.1)
        for loss in (nn.CrossEntropyLoss(), lambda y, t: F.mse_loss(y.sum(dim=1), t.float())):
            optimizer.zero_grad()
            loss(model(features), labels).backward()
            optimizer.step()
    return [parameter.grad for parameter in model.parameters()]""",
)


def rehearse(kind: Kind) -> None:
    """Serve the made-up submission; leaves nothing that a student could find.

    Real PyTorch is left out: what it starts might not survive a fork.
    """
    finders = list(sys.meta_path)
    child = Child(kind, run)
    child.become_a_notebook()
    said = os.memfd_create("said")
    os.write(said, b"".join(map(pack, _frames(kind))))
    os.lseek(said, 0, os.SEEK_SET)
    nobody = os.open(os.devnull, os.O_WRONLY)
    child.serve(Descriptors(said, nobody))
    os.close(said)
    os.close(nobody)
    sys.meta_path[:] = finders
    linecache.clearcache()


def _frames(kind: Kind) -> Iterable[ToChild]:
    sources, functions = [*_CELLS], ["right", "wrong"]
    if kind == "facade":
        sources += _TORCH_CELLS
        functions += ["gradients", "shapes", "training"]
    cells = [Cell(index=index, source=source) for index, source in enumerate(sources)]
    one = Array(dtype="float64", shape=(3,), data=bytes(24))
    arguments: list[tuple[str, Value]] = [("x", one), ("w", one)]
    for _ in range(_ROUNDS):
        yield Run(cells=cells, skip=[], seed=0, kind="notebook")
        yield Read(id=0, name="math")
        for name in functions:
            yield Call(id=0, name=name, arguments=arguments)
