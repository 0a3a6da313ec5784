"""torch.autograd beyond a backward pass: Function, gradcheck, functional, modes and hooks."""

import numpy as np
import pytest

import reference_engine as torch

double = {"dtype": torch.float64, "requires_grad": True}


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * x * x * gradient


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 3


def test_a_function_is_differentiated_twice_by_its_own_formula():
    x = torch.tensor([3.0], **double)
    (first,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    assert (first.item(), second.item()) == (27.0, 18.0)


def test_what_a_function_saved_is_freed_with_the_graph():
    x = torch.tensor([3.0], **double)
    y = Cube.apply(x)
    y.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()


def test_what_a_function_saved_must_not_be_modified():
    h = torch.tensor([3.0], **double) * 1
    y = Cube.apply(h)
    h.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_a_function_must_return_a_gradient_for_each_input():
    class TooMany(Wrong):
        @staticmethod
        def backward(ctx, gradient):
            return gradient, gradient

    with pytest.raises(RuntimeError, match=r"expected 1, got 2"):
        TooMany.apply(torch.tensor([1.0], **double)).backward()


def test_a_function_is_told_which_inputs_need_a_gradient():
    seen = []

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, k):
            seen.append(ctx.needs_input_grad)
            ctx.save_for_backward(y)
            ctx.k = k
            return x * y * k

        @staticmethod
        def backward(ctx, gradient):
            (y,) = ctx.saved_tensors
            return gradient * y * ctx.k, None, None

    x = torch.tensor([1.0, 2.0], **double)
    Product.apply(x, torch.tensor([3.0, 4.0], dtype=torch.float64), 3).sum().backward()
    assert seen == [(True, False, False)]
    assert x.grad.tolist() == [9.0, 12.0]


def test_an_output_without_gradient_arrives_as_zeros():
    arrived = []

    class Two(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, first, second):
            arrived.append((first.tolist(), second.tolist()))
            return first * 2 + second * 3

    x = torch.tensor([1.0], **double)
    Two.apply(x)[0].backward()
    assert arrived == [([1.0], [0.0])]
    assert x.grad.tolist() == [2.0]


def test_an_input_marked_dirty_is_the_output_itself():
    class AddOne(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    h = torch.tensor([1.0], **double) * 1
    assert AddOne.apply(h) is h
    assert h.grad_fn.name() == "AddOneBackward"


def test_once_differentiable_cuts_the_second_backward():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * 2 * x

    x = torch.tensor([1.0], **double)
    (first,) = torch.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    assert not first.requires_grad


def test_gradcheck_tells_right_from_wrong():
    x = torch.tensor([1.0, 2.0], **double)
    assert torch.autograd.gradcheck(Cube.apply, x)
    assert torch.autograd.gradgradcheck(Cube.apply, x)
    with pytest.raises(RuntimeError, match="Jacobian mismatch for output 0"):
        torch.autograd.gradcheck(Wrong.apply, x)
    assert torch.autograd.gradcheck(Wrong.apply, x, raise_exception=False) is False


def test_gradcheck_leaves_its_inputs_as_they_were():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], **double)
    torch.autograd.gradcheck(lambda a: (a * a).sum(), x)
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_the_functional_products_agree_with_the_matrices():
    functional = torch.autograd.functional
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    v = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)

    def vector(a):
        return a * a.sum()

    def scalar(a):
        return (a**3).sum() * a[0]

    jacobian = functional.jacobian(vector, x).numpy()
    hessian = functional.hessian(scalar, x).numpy()
    np.testing.assert_allclose(functional.vjp(vector, x, v)[1].numpy(), v.numpy() @ jacobian)
    np.testing.assert_allclose(functional.jvp(vector, x, v)[1].numpy(), jacobian @ v.numpy())
    np.testing.assert_allclose(functional.hvp(scalar, x, v)[1].numpy(), hessian @ v.numpy())
    np.testing.assert_allclose(functional.vhp(scalar, x, v)[1].numpy(), v.numpy() @ hessian)
    np.testing.assert_allclose(hessian, hessian.T)


def test_inference_tensors_stay_out_of_autograd():
    x = torch.tensor([1.0, 2.0], **double)
    with torch.inference_mode():
        y = x * 2
    assert y.is_inference()
    assert not y.requires_grad
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor"):
        y.add_(1)
    with pytest.raises(RuntimeError, match="do not track version counter"):
        _ = y._version
    with pytest.raises(RuntimeError, match="cannot be saved for backward"):
        x * y
    assert y.clone().requires_grad_().requires_grad


def test_saved_tensors_go_through_the_hooks():
    x = torch.tensor([3.0], **double)
    seen = []

    def pack(tensor):
        seen.append("packed")
        return tensor.detach().numpy().copy()

    def unpack(array):
        seen.append("unpacked")
        return torch.from_numpy(array)

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = (x * x).exp()
    y.sum().backward()
    assert x.grad.item() == pytest.approx(6 * np.exp(9.0))
    assert seen == ["packed"] * 3 + ["unpacked"] * 3


def test_anomaly_detection_names_the_forward_line_and_the_nan():
    x = torch.tensor([0.0], **double)
    with torch.autograd.set_detect_anomaly(True):
        y = (x.sqrt() * 0).sum()  # this line
        with (
            pytest.warns(UserWarning, match="y = .x.sqrt.. . 0..sum.."),
            pytest.raises(RuntimeError, match="'SqrtBackward0' returned nan"),
        ):
            y.backward()
    assert not torch.is_anomaly_enabled()


def test_anomaly_detection_leaves_an_observer_in_place():
    from reference_engine import _dispatch
    from reference_engine._observer import Observer

    class Counter(Observer):
        count = 0

        def operation(self, row, inputs, results):
            self.count += 1

    counter = Counter()
    x = torch.tensor([1.0], **double)
    with _dispatch.observe(counter), torch.autograd.set_detect_anomaly(True):
        (x * 2).sum().backward()
    assert counter.count == 2
    assert _dispatch.observer is None
