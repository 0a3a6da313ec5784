"""Activations of torch.nn.functional; each may be written in place where PyTorch offers it."""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _random, _reductions
from reference_engine._backward import TensorOperations
from reference_engine._derivatives import TABLE
from reference_engine._dispatch import dispatch, dispatch_in_place, wrap
from reference_engine._tensor import Tensor

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish",
    "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid", "mish",
    "prelu", "relu", "relu6", "relu_", "rrelu", "rrelu_", "selu", "selu_", "sigmoid", "silu",
    "softmax", "softmin", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold",
    "threshold_",
]  # fmt: skip


ops = TensorOperations.namespace
"""The rows of the table as operations on tensors, called as their forwards are."""

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def _applied(
    name: str, input: Tensor, options: tuple[Any, ...] = (), *, inplace: bool = False
) -> Tensor:
    if not isinstance(input, Tensor):
        raise _functions.refusal(name, input)
    if inplace:
        row = TABLE.get(f"{name}_in_place") or TABLE[name]
        return dispatch_in_place(row, input, (), options)
    return dispatch(TABLE[name], (input,), options)  # type: ignore[no-any-return]


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """The input where it is positive, else 0."""
    return _applied("relu", input, inplace=inplace)


def _in_place(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The variant with a trailing underscore of an activation."""

    @wraps(function)
    def written(input: Tensor, *options: Any, **named: Any) -> Tensor:
        return function(input, *options, **named, inplace=True)

    written.__name__ = f"{function.__name__}_"
    return written


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """The input limited to [0, 6]."""
    return hardtanh(input, 0.0, 6.0, inplace=inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `negative_slope` of it."""
    return _applied("leaky_relu", input, (negative_slope,), inplace=inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `alpha * (exp(input) - 1)`."""
    return _applied("elu", input, (alpha, 1.0, 1.0), inplace=inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the scales that keep activations standardised."""
    return _applied("elu", input, (SELU_ALPHA, SELU_SCALE, 1.0), inplace=inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input where it is positive, else `alpha * (exp(input / alpha) - 1)`."""
    return _applied("celu", input, (alpha,), inplace=inplace)


def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """The input times the normal distribution's cdf of it, or `tanh`'s approximation."""
    if approximate not in {"none", "tanh"}:
        raise RuntimeError(_errors.GELU_APPROXIMATE)
    return _applied("gelu", input, (approximate,))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """The input times its sigmoid."""
    return _applied("silu", input, inplace=inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """The input times the tanh of its softplus."""
    return _applied("mish", input, inplace=inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """`log(1 + exp(beta * input)) / beta`; the input itself above `threshold / beta`."""
    return _applied("softplus", input, (beta, threshold))


def softsign(input: Tensor) -> Tensor:
    """`input / (1 + abs(input))`."""
    return input / (ops.abs(input) + 1)  # type: ignore[no-any-return]


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """The input limited to [min_val, max_val]."""
    if min_val > max_val:
        raise ValueError(_errors.HARDTANH_BOUNDS)
    return _applied("hardtanh", input, (min_val, max_val), inplace=inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """A straight line from 0 at -3 to 1 at 3."""
    return _applied("hardsigmoid", input, inplace=inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """The input times its `hardsigmoid`."""
    return _applied("hardswish", input, inplace=inplace)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input, but 0 within `lambd` of 0."""
    return _applied("hardshrink", input, (lambd,))


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The input moved by `lambd` towards 0, and 0 within `lambd` of it."""
    if lambd < 0:
        raise RuntimeError(_errors.SOFTSHRINK_LAMBDA.format(lambd=lambd))
    return _applied("softshrink", input, (lambd,))


def tanhshrink(input: Tensor) -> Tensor:
    """The input less its tanh."""
    return input - ops.tanh(input)  # type: ignore[no-any-return]


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """The input where it exceeds `threshold`, else `value`."""
    return _applied("threshold", input, (threshold, value), inplace=inplace)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """The input where it is positive, else its product with its channel's weight."""
    if weight.numel() != 1:
        if not input.dim():
            raise RuntimeError(_errors.PRELU_SCALAR)
        channels = input.shape[1] if input.dim() > 1 else 1
        if channels != weight.numel():
            raise RuntimeError(
                _errors.PRELU_CHANNELS.format(weights=weight.numel(), channels=channels)
            )
    if weight.dim() > 1:
        raise RuntimeError(_errors.PRELU_WEIGHT.format(dim=weight.dim()))
    if input.dim() != 1 or weight.dim() == 0 or weight.numel() == 1:
        sizes = [1] * input.dim()
        if input.dim() > 1:
            sizes[1] = -1
        if weight._array.ndim != input.dim() or weight._array.ndim != 1:
            weight = _functions.view(weight, tuple(sizes))
    return ops.prelu_kernel(input, weight)  # type: ignore[no-any-return]


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """`leaky_relu` with a slope drawn for each element, or the mean slope outside training."""
    array = input._array
    factors = np.where(array > 0, 1, (lower + upper) / 2).astype(array.dtype)
    if training:
        drawn = (int(np.sum(array <= 0)),)
        generator = _random.default_generator
        factors[array <= 0] = generator.uniform(drawn, np.float64, low=lower, high=upper)
    noise = wrap(factors)
    if inplace:
        return dispatch_in_place(TABLE["rrelu_with_noise_in_place"], input, (noise,))
    return ops.rrelu_with_noise(input, noise)  # type: ignore[no-any-return]


relu_, leaky_relu_, elu_ = _in_place(relu), _in_place(leaky_relu), _in_place(elu)
selu_, celu_, hardtanh_ = _in_place(selu), _in_place(celu), _in_place(hardtanh)
threshold_, rrelu_ = _in_place(threshold), _in_place(rrelu)


def logsigmoid(input: Tensor) -> Tensor:
    """The logarithm of the sigmoid, computed stably."""
    return _applied("log_sigmoid", input)


def sigmoid(input: Tensor) -> Tensor:
    """`1 / (1 + exp(-input))`."""
    return _applied("sigmoid", input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return _applied("tanh", input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along `dim` times the sigmoid of the second."""
    return _applied("glu", input, (dim,))


def _softmax_dim(name: str, dim: int | None, dims: int) -> int:
    if dim is not None:
        return dim
    warnings.warn(_errors.SOFTMAX_DIM.format(name=name), UserWarning, stacklevel=4)
    return 0 if dims in {0, 1, 3} else 1


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Exponentials along `dim`, divided by their sum."""
    return _reductions.softmax(input, _softmax_dim("softmax", dim, input.dim()), dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """`softmax` of the negative."""
    return _reductions.softmax(ops.neg(input), _softmax_dim("softmin", dim, input.dim()), dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """The logarithm of `softmax`, computed stably."""
    return _reductions.log_softmax(input, _softmax_dim("log_softmax", dim, input.dim()), dtype)
