"""Students' tensors, by the engine's façade and by PyTorch where it is installed."""

import numpy as np
import pytest

from grader.outcomes import TensorValue, Uncrossable

KINDS = [
    "facade",
    pytest.param(
        "real",
        marks=pytest.mark.pytorch,
    ),
]


@pytest.fixture(params=KINDS)
def with_torch(run, request):
    return lambda *cells, **more: run(*cells, kind=request.param, **more)


def test_a_tensor_crosses_with_its_state(with_torch):
    session = with_torch(
        "import torch\nx = torch.tensor([1.0, 2.0], requires_grad=True)\ny = x * x\n"
        "y.sum().backward()\ng = x.grad"
    )
    np.testing.assert_array_equal(session.read("x").value.grad, np.float32([2, 4]))
    np.testing.assert_array_equal(session.read("g").value.data, np.float32([2, 4]))
    y = session.read("y").value
    assert (y.requires_grad, y.is_leaf, y.grad_fn, y.grad) == (True, False, "MulBackward0", None)


def test_a_gradient_that_was_retained_crosses(with_torch):
    session = with_torch(
        "import torch\nx = torch.ones(2, requires_grad=True)\ny = x * 3\ny.retain_grad()\n"
        "y.sum().backward()"
    )
    np.testing.assert_array_equal(session.read("y").value.grad, np.float32([1, 1]))


def test_reading_a_tensor_warns_nobody(with_torch):
    session = with_torch("import torch\ny = torch.ones(2, requires_grad=True) * 3")
    assert session.read("y").value.grad is None
    assert session.printed == ""


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_a_tensor_argument_arrives_as_a_tensor_of_its_dtype(with_torch, dtype):
    session = with_torch("def f(x):\n    return [str(x.dtype), x.requires_grad, x * 2]")
    tracked = dtype != "int64"
    argument = TensorValue(np.array([1, 2], dtype), requires_grad=tracked)
    name, requires_grad, doubled = session.call("f", {"x": argument}).value
    assert (name, requires_grad) == (f"torch.{dtype}", tracked)
    np.testing.assert_array_equal(doubled.data, np.array([2, 4], dtype))


def test_a_changed_tensor_argument_comes_back_changed(with_torch):
    session = with_torch("def f(x):\n    x.data[0] = 9.0")
    outcome = session.call("f", {"x": TensorValue(np.ones(2, np.float32))})
    np.testing.assert_array_equal(outcome.arguments["x"].data, np.float32([9, 1]))


def test_torch_is_sown_before_every_call(with_torch):
    session = with_torch("import torch\ndef f():\n    return torch.rand(3)")
    first, second = session.call("f", {}).value, session.call("f", {}).value
    np.testing.assert_array_equal(first.data, second.data)


def test_the_version_may_be_printed(with_torch):
    assert with_torch("import torch\nprint(torch.__version__)").failures == ()


@pytest.mark.parametrize(
    ("use", "name"),
    [
        ("torch.fft", "torch.fft"),
        ("from torch import fft", "torch.fft"),
        ("import torch.fft", "torch.fft"),
        ("torch.ones(2).stft", "Tensor.stft"),
        ("try:\n    torch.fft\nexcept Exception:\n    raise ValueError", "torch.fft"),
    ],
)
def test_what_the_facade_does_not_cover_is_named(run, use, name):
    (failure,) = run(f"import torch\n{use}", kind="facade").failures
    assert failure.unsupported == name


@pytest.mark.parametrize(
    "use",
    [
        "import torch\ntorch.no_such_name",
        "from torch import no_such_name",
        "from torch.nn import Lineer",
        "import torch.no_such_name",
        "import torch.nn.no_such_name",
    ],
)
def test_a_name_that_pytorch_has_not_either_is_the_students_mistake(run, use):
    (failure,) = run(use, kind="facade").failures
    assert failure.unsupported is None


def test_where_autograd_is_forbidden_nothing_is_unsupported(run):
    (failure,) = run("import torch\ntorch.fft.fft(1)").failures
    assert (failure.unsupported, failure.forbidden) == (None, "torch.fft.fft")


def test_students_find_the_engine_but_not_the_grader_beside_it(run):
    session = run(
        "import torch\nimport sys\nname = torch.__name__\n"
        "loaded = [m for m in sys.modules if m.partition('.')[0] == 'grader']\n",
        "import grader",
        kind="facade",
    )
    assert session.read("loaded").value == []
    assert [failure.cell for failure in session.failures] == [1]


def test_a_tensor_too_large_does_not_cross(with_torch):
    value = with_torch("import torch\nx = torch.ones(2000, 2000)").read("x").value
    assert value == Uncrossable("Tensor", "the tensor has more than 1000000 elements")
