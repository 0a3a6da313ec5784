"""What networks are made of beside convolutions: activations, normalisation, embedding, losses.

Formulas follow PyTorch's derivatives.yaml, and at kinks its kernels. Losses reduce inside, as
PyTorch's do: their `reduction` is "none", "mean" or "sum".
"""

from collections.abc import Callable
from math import erf, pi, prod, sqrt
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.pointwise import quiet
from reference_engine._promotion import dtype_name, promote

Shape = tuple[int, ...]


def _floating(kernel: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A forward for floating inputs only: `kernel` is what PyTorch calls the missing one."""

    def refuse(array: Any) -> None:
        if array.dtype.kind != "f":
            name = dtype_name(array)
            raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=kernel, dtype=name))

    return _checked(function, refuse)


def _checked(function: Callable[..., Any], check: Callable[[Any], None]) -> Callable[..., Any]:
    """A forward that checks its first input and keeps its dtype, with `function`'s signature."""

    def forward(*arguments: Any) -> Any:
        check(arguments[0])
        with np.errstate(all="ignore"):
            return np.asarray(function(*arguments)).astype(arguments[0].dtype, copy=False)

    forward.__wrapped__ = function  # type: ignore[attr-defined]
    return forward


def _logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# -- activations ----------------------------------------------------------------------------------

row(
    "leaky_relu",
    _floating(
        "leaky_relu_cpu",
        lambda self, /, negative_slope=0.01: np.where(self > 0, self, self * negative_slope),
    ),
    self=lambda ops, grad, self, negative_slope: ops.where(self > 0, grad, grad * negative_slope),
)


def _elu(self: Any, /, alpha: Any = 1.0, scale: Any = 1.0, input_scale: Any = 1.0) -> Any:
    return np.where(self <= 0, np.expm1(self * input_scale) * alpha * scale, self * scale)


def _elu_backward(ops: Any, grad: Any, self: Any, alpha: Any, scale: Any, input_scale: Any) -> Any:
    slope = ops.exp(self * input_scale) * (alpha * scale * input_scale)
    return ops.where(self <= 0, grad * slope, grad * scale)


row(
    "elu",
    _floating("elu_cpu", _elu),
    self=lambda ops, grad, self, alpha, scale, input_scale: _elu_backward(
        ops, grad, self, alpha, scale, input_scale
    ),
)
row(
    "celu",
    _floating("elu_cpu", lambda self, /, alpha=1.0: _elu(self, alpha, 1.0, 1.0 / alpha)),
    self=lambda ops, grad, self, alpha: _elu_backward(
        ops, grad, self, alpha, 1.0, 1.0 / float(np.float32(alpha))
    ),  # PyTorch reads alpha as a float32 here
)

_error_function = np.vectorize(erf, otypes=[np.float64])
_DENSITY_AT_ZERO = 1 / sqrt(2 * pi)
_TANH_SCALE = sqrt(2 / pi)
_TANH_CUBE = 0.044715

row(
    "normal_cdf",
    _floating("erf_cpu", lambda self, /: 0.5 * (1 + _error_function(self / sqrt(2)))),
    self=lambda ops, grad, self: grad * (ops.exp(self * self * -0.5) * _DENSITY_AT_ZERO),
)


def _gelu(self: Any, /, approximate: str = "none") -> Any:
    if approximate == "tanh":
        inner = _TANH_SCALE * (self + _TANH_CUBE * self * self * self)
        return 0.5 * self * (1 + np.tanh(inner))
    return self * 0.5 * (1 + _error_function(self / sqrt(2)))


def _gelu_backward(ops: Any, grad: Any, self: Any, approximate: str) -> Any:
    square = self * self
    if approximate == "tanh":
        hyperbolic = ops.tanh((self + square * self * _TANH_CUBE) * _TANH_SCALE)
        inner_slope = (square * (3 * _TANH_CUBE) + 1) * _TANH_SCALE
        slope = (1 + hyperbolic) * 0.5 + self * 0.5 * (1 - hyperbolic * hyperbolic) * inner_slope
    else:
        slope = ops.normal_cdf(self) + self * (ops.exp(square * -0.5) * _DENSITY_AT_ZERO)
    return grad * slope


row(
    "gelu",
    _floating("GeluKernelImpl", _gelu),
    self=lambda ops, grad, self, approximate: _gelu_backward(ops, grad, self, approximate),
)


def _silu_backward(ops: Any, grad: Any, self: Any) -> Any:
    gate = ops.sigmoid(self)
    return grad * (gate * (1 + self * (1 - gate)))


row(
    "silu",
    _floating("silu_cpu", lambda self, /: self / (1 + np.exp(-self))),
    self=lambda ops, grad, self: _silu_backward(ops, grad, self),
)


def _mish_backward(ops: Any, grad: Any, self: Any) -> Any:
    gate = ops.tanh(ops.softplus(self))
    return grad * (gate + self * ((1 - gate * gate) * ops.sigmoid(self)))


row(
    "mish",
    _floating("mish_cpu", lambda self, /: self * np.tanh(np.log1p(np.exp(self)))),
    self=lambda ops, grad, self: _mish_backward(ops, grad, self),
)
row(
    "hardtanh",
    lambda self, /, min_val=-1.0, max_val=1.0: np.clip(
        self, self.dtype.type(min_val), self.dtype.type(max_val)
    ),
    self=lambda ops, grad, self, min_val, max_val: ops.where(
        ops.logical_and(self > min_val, self < max_val), grad, 0.0
    ),
)
_ONE_SIXTH = float(np.float32(1 / 6))
"""As PyTorch's kernel has it, whatever the dtype."""

row(
    "hardsigmoid",
    _floating("hardsigmoid_cpu", lambda self, /: np.clip(self + 3, 0, 6) / 6),
    self=lambda ops, grad, self: ops.where(
        ops.logical_and(self > -3, self < 3), grad * _ONE_SIXTH, 0.0
    ),
)
row(
    "hardswish",
    _floating("hardswish_cpu", lambda self, /: self * np.clip(self + 3, 0, 6) / 6),
    self=lambda ops, grad, self: ops.where(
        self <= -3, 0.0, ops.where(self < 3, grad * (self / 3 + 0.5), grad)
    ),
)
row(
    "hardshrink",
    _floating(
        "hardshrink_cpu",
        lambda self, /, lambd=0.5: np.where((self >= -lambd) & (self <= lambd), 0, self),
    ),
    self=lambda ops, grad, self, lambd: ops.where(
        ops.logical_and(self >= -lambd, self <= lambd), 0.0, grad
    ),
)
row(
    "softshrink",
    _floating(
        "softshrink_cpu",
        lambda self, /, lambd=0.5: np.where(
            self > lambd, self - lambd, np.where(self < -lambd, self + lambd, self * 0)
        ),
    ),
    self=lambda ops, grad, self, lambd: ops.where(
        ops.logical_and(self >= -lambd, self <= lambd), 0.0, grad
    ),
)
row(
    "threshold",
    lambda self, /, threshold, value: np.where(self <= threshold, self.dtype.type(value), self),
    self=lambda ops, grad, self, threshold: ops.where(self <= threshold, 0.0, grad),
)
row(
    "prelu_kernel",
    lambda self, weight, /: np.where(self > 0, self, weight * self),
    self=lambda ops, grad, self, weight: ops.where(self > 0, grad, weight * grad),
    weight=lambda ops, grad, self: ops.where(self > 0, 0.0, self * grad),
)
row(
    "rrelu_with_noise",
    lambda self, noise, /: self * noise,
    self=lambda grad, noise: grad * noise,
)
row(
    "log_sigmoid",
    _floating(
        "log_sigmoid_cpu", lambda self, /: np.minimum(self, 0) - np.log1p(np.exp(-np.abs(self)))
    ),
    self=lambda ops, grad, self: grad * ops.sigmoid(-self),
)


def _halves(ops: Any, self: Any, dim: int) -> tuple[Any, Any]:
    half = self.shape[dim] // 2
    return ops.narrow(self, dim, 0, half), ops.narrow(self, dim, half, half)


def _glu(self: Any, /, dim: int = -1) -> Any:
    if not self.ndim:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    if self.shape[dim] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {dim % self.ndim} is size "
            f"{self.shape[dim]}"
        )
    first, second = np.split(self, 2, axis=dim)
    return first * _logistic(second)


def _glu_backward(ops: Any, grad: Any, self: Any, dim: int) -> Any:
    first, second = _halves(ops, self, dim)
    gate = ops.sigmoid(second)
    return ops.cat([grad * gate, grad * first * (gate * (1 - gate))], dim)


row(
    "glu",
    _floating("glu_cpu", _glu),
    self=lambda ops, grad, self, dim: _glu_backward(ops, grad, self, dim),
)


@quiet
def _safe_softmax(self: Any, /, dim: int) -> Any:
    highest = np.max(self, axis=dim, keepdims=True)
    exponentials = np.exp(self - np.where(np.isfinite(highest), highest, 0))
    total = np.sum(exponentials, axis=dim, keepdims=True)
    return np.where(total == 0, 0, exponentials / total)


row(
    "safe_softmax",
    _safe_softmax,
    self=lambda ops, grad, result, dim: result * (grad - ops.sum_dim(grad * result, dim, True)),
)

# -- products -------------------------------------------------------------------------------------


def _affine(bias: Any, self: Any, weight: Any, /) -> Any:
    if self.shape[1] != weight.shape[0]:
        raise RuntimeError(
            _errors.MATMUL_SHAPES.format(
                a="x".join(map(str, self.shape)), b="x".join(map(str, weight.shape))
            )
        )
    return np.matmul(self, weight) + bias


row(
    "linear_addmm",
    _affine,
    node="AddmmBackward0",
    bias=lambda grad: grad,
    self=lambda ops, grad, weight: ops.mm(grad, ops.t(weight)),
    weight=lambda ops, grad, self: ops.mm(ops.t(self), grad),
)


def _stretched(one: Any, weight: Any, other: Any) -> tuple[Any, Any, Any]:
    """The factors of `_trilinear` with the dimensions batch, out, in1, in2."""
    return one[:, np.newaxis, :, np.newaxis], weight, other[:, np.newaxis, np.newaxis, :]


def _trilinear(input1: Any, weight: Any, input2: Any, /) -> Any:
    first, middle, last = _stretched(input1, weight, input2)
    return np.sum(first * middle * last, (2, 3))


def _outer_two(ops: Any, grad: Any, dims: Shape) -> Any:
    """`grad` or an input with new dimensions of size 1."""
    for dim in dims:
        grad = ops.unsqueeze(grad, dim)
    return grad


row(
    "trilinear",
    _trilinear,
    input1=lambda ops, grad, weight, input2: ops.sum_dim(
        _outer_two(ops, grad, (2, 3)) * weight * _outer_two(ops, input2, (1, 1)), (1, 3), False
    ),
    weight=lambda ops, grad, input1, input2: ops.sum_dim(
        _outer_two(ops, grad, (2, 3)) * _outer_two(ops, input1, (1, 3))
        * _outer_two(ops, input2, (1, 1)), 0, False,
    ),
    input2=lambda ops, grad, weight, input1: ops.sum_dim(
        _outer_two(ops, grad, (2, 3)) * weight * _outer_two(ops, input1, (1, 3)), (1, 2), False
    ),
)  # fmt: skip
row(
    "add_number",
    lambda self, /, other: self + other,
    node="AddBackward1",
    self=lambda grad: grad,
)
row(
    "mul_number",
    lambda self, /, other: self * other,
    node="MulBackward1",
    self=lambda grad, other: grad * other,
)
row(
    "div_number",
    lambda self, /, other: np.divide(self, other),
    node="DivBackward1",
    self=lambda grad, other: grad / other,
)


def _masked_mean_scores(query: Any, key: Any, mask: Any, scale: float) -> Any:
    scores = np.matmul(query, np.swapaxes(key, -2, -1)) * scale
    if mask is None:
        return scores
    if mask.dtype.kind == "b":
        return np.where(mask, scores, -np.inf)
    return scores + mask


def _attention(query: Any, key: Any, value: Any, mask: Any, /, scale: float) -> Any:
    weights = _safe_softmax(_masked_mean_scores(query, key, mask, scale), -1)
    return np.matmul(weights, value)


def _batched(ops: Any, array: Any) -> Any:
    return ops.reshape(array, (prod(array.shape[:-2]), *array.shape[-2:]))


def _attention_weights(ops: Any, query: Any, key: Any, mask: Any, scale: float) -> Any:
    """The weights, batch by batch, of each key for each query."""
    turned = ops.transpose(_batched(ops, key), 1, 2)
    scores = ops.bmm(_batched(ops, query), turned) * scale
    if mask is not None:
        shape = (*query.shape[:-1], key.shape[-2])
        mask = _batched(ops, ops.expand(mask, shape))
        scores = ops.where(mask, scores, -np.inf) if is_bool(mask) else scores + mask
    return ops.safe_softmax(scores, -1)


def is_bool(value: Any) -> bool:
    """Whether an array or tensor holds bools."""
    return "bool" in str(value.dtype)


def _scores_backward(
    ops: Any, grad: Any, query: Any, key: Any, value: Any, mask: Any, scale: float
) -> Any:
    weights = _attention_weights(ops, query, key, mask, scale)
    received = ops.bmm(_batched(ops, grad), ops.transpose(_batched(ops, value), 1, 2))
    return weights * (received - ops.sum_dim(received * weights, -1, True)) * scale


def _query_backward(
    ops: Any, grad: Any, query: Any, key: Any, value: Any, mask: Any, scale: float
) -> Any:
    scores = _scores_backward(ops, grad, query, key, value, mask, scale)
    return ops.reshape(ops.bmm(scores, _batched(ops, key)), tuple(query.shape))


def _key_backward(
    ops: Any, grad: Any, query: Any, key: Any, value: Any, mask: Any, scale: float
) -> Any:
    scores = _scores_backward(ops, grad, query, key, value, mask, scale)
    return ops.reshape(ops.bmm(ops.transpose(scores, 1, 2), _batched(ops, query)), tuple(key.shape))


def _value_backward(
    ops: Any, grad: Any, query: Any, key: Any, value_shape: Shape, mask: Any, scale: float
) -> Any:
    weights = _attention_weights(ops, query, key, mask, scale)
    return ops.reshape(
        ops.bmm(ops.transpose(weights, 1, 2), _batched(ops, grad)), tuple(value_shape)
    )


row(
    "scaled_dot_product_attention",
    _attention,
    node="ScaledDotProductFlashAttentionForCpuBackward0",
    query=lambda ops, grad, query, key, value, mask, scale: _query_backward(
        ops, grad, query, key, value, mask, scale
    ),
    key=lambda ops, grad, query, key, value, mask, scale: _key_backward(
        ops, grad, query, key, value, mask, scale
    ),
    value=lambda ops, grad, query, key, value_shape, mask, scale: _value_backward(
        ops, grad, query, key, value_shape, mask, scale
    ),
)

# -- normalisation --------------------------------------------------------------------------------


def _standardised(self: Any, dims: Shape, eps: float) -> Any:
    centred = self - np.mean(self, axis=dims, keepdims=True)
    variance = np.mean(centred * centred, axis=dims, keepdims=True)
    return centred / np.sqrt(variance + eps)


def _standardised_with_scale(ops: Any, self: Any, dims: Shape, eps: float) -> tuple[Any, Any]:
    """The standardised values, and what each was multiplied by."""
    centred = self - ops.mean_dim(self, dims, True)
    scale = ops.rsqrt(ops.mean_dim(centred * centred, dims, True) + eps)
    return centred * scale, scale


def _standardised_backward(ops: Any, grad: Any, self: Any, dims: Shape, eps: float) -> Any:
    values, scale = _standardised_with_scale(ops, self, dims, eps)
    common = ops.mean_dim(grad, dims, True) + values * ops.mean_dim(grad * values, dims, True)
    return (grad - common) * scale


def _last(count: int) -> Shape:
    return tuple(range(-count, 0))


def _scaled(values: Any, weight: Any, bias: Any) -> Any:
    values = values if weight is None else values * weight
    return values if bias is None else values + bias


row(
    "native_layer_norm",
    quiet(
        lambda self, weight, bias, /, dims, eps: _scaled(
            _standardised(self, _last(dims), eps), weight, bias
        )
    ),
    self=lambda ops, grad, self, weight, dims, eps: _standardised_backward(
        ops, grad if weight is None else grad * weight, self, _last(dims), eps
    ),
    weight=lambda ops, grad, self, dims, eps: (
        grad * _standardised_with_scale(ops, self, _last(dims), eps)[0]
    ),
    bias=lambda grad: grad,
)


def _channels(shape: Shape) -> Shape:
    """Every dimension but that of the channels."""
    return tuple(dim for dim in range(len(shape)) if dim != 1)


def _per_channel(ops: Any, values: Any, shape: Shape) -> Any:
    return None if values is None else ops.reshape(values, (1, -1) + (1,) * (len(shape) - 2))


class _Plain:
    """The few operations of `_per_channel` for forwards, which have no `ops`."""

    reshape = staticmethod(np.reshape)


@quiet
def _batch_norm(
    self: Any, weight: Any, bias: Any, mean: Any, variance: Any, /, training: bool, eps: float
) -> Any:
    if training:
        values = _standardised(self, _channels(self.shape), eps)
    else:
        centre, spread = (_per_channel(_Plain, one, self.shape) for one in (mean, variance))
        values = (self - centre) / np.sqrt(spread + eps)
    weight, bias = (_per_channel(_Plain, one, self.shape) for one in (weight, bias))
    return _scaled(values, weight, bias).astype(self.dtype, copy=False)


def _batch_norm_backward(
    ops: Any, grad: Any, self: Any, weight: Any, variance: Any, training: bool, eps: float
) -> Any:
    shape = self.shape
    if weight is not None:
        grad = grad * _per_channel(ops, weight, shape)
    if training:
        return _standardised_backward(ops, grad, self, _channels(shape), eps)
    return grad * ops.rsqrt(_per_channel(ops, variance, shape) + eps)


def _batch_norm_backward_weight(
    ops: Any, grad: Any, self: Any, mean: Any, variance: Any, training: bool, eps: float
) -> Any:
    shape = self.shape
    if training:
        values = _standardised_with_scale(ops, self, _channels(shape), eps)[0]
    else:
        scale = ops.rsqrt(_per_channel(ops, variance, shape) + eps)
        values = (self - _per_channel(ops, mean, shape)) * scale
    return ops.sum_dim(grad * values, _channels(shape), False)


row(
    "native_batch_norm",
    _batch_norm,
    self=lambda ops, grad, self, weight, variance, training, eps: _batch_norm_backward(
        ops, grad, self, weight, variance, training, eps
    ),
    weight=lambda ops, grad, self, mean, variance, training, eps: _batch_norm_backward_weight(
        ops, grad, self, mean, variance, training, eps
    ),
    bias=lambda ops, grad: ops.sum_dim(grad, _channels(grad.shape), False),
)


def _grouped(ops: Any, array: Any, groups: int) -> Any:
    return ops.reshape(array, (array.shape[0], groups, prod(array.shape[1:]) // groups))


@quiet
def _group_norm(self: Any, weight: Any, bias: Any, /, groups: int, eps: float) -> Any:
    values = _standardised(_grouped(_Plain, self, groups), (2,), eps).reshape(self.shape)
    weight, bias = (_per_channel(_Plain, one, self.shape) for one in (weight, bias))
    return _scaled(values, weight, bias)


def _group_norm_backward(
    ops: Any, grad: Any, self: Any, weight: Any, groups: int, eps: float
) -> Any:
    if weight is not None:
        grad = grad * _per_channel(ops, weight, self.shape)
    inner = _standardised_backward(
        ops, _grouped(ops, grad, groups), _grouped(ops, self, groups), (2,), eps
    )
    return ops.reshape(inner, tuple(self.shape))


def _group_norm_backward_weight(ops: Any, grad: Any, self: Any, groups: int, eps: float) -> Any:
    values = _standardised_with_scale(ops, _grouped(ops, self, groups), (2,), eps)[0]
    product = grad * ops.reshape(values, tuple(self.shape))
    return ops.sum_dim(product, _channels(grad.shape), False)


row(
    "native_group_norm",
    _group_norm,
    self=lambda ops, grad, self, weight, groups, eps: _group_norm_backward(
        ops, grad, self, weight, groups, eps
    ),
    weight=lambda ops, grad, self, groups, eps: _group_norm_backward_weight(
        ops, grad, self, groups, eps
    ),
    bias=lambda ops, grad: ops.sum_dim(grad, _channels(grad.shape), False),
)

# -- embedding ------------------------------------------------------------------------------------


def _embedding_shares(indices: Any, /, padding_idx: int, by_frequency: bool) -> Any:
    """What each looked-up row's gradient is multiplied by."""
    shares = np.ones(indices.shape)
    if by_frequency:
        _, places, counts = np.unique(indices, return_inverse=True, return_counts=True)
        shares = 1.0 / counts[places.reshape(indices.shape)]
    return np.where(indices == padding_idx, 0.0, shares)[..., np.newaxis]


def _embedding(weight: Any, indices: Any, /, padding_idx: int, by_frequency: bool) -> Any:
    if indices.size and (indices.min() < 0 or indices.max() >= len(weight)):
        raise IndexError("index out of range in self")
    return weight[indices]


def _embedding_backward(
    ops: Any, grad: Any, indices: Any, shape: Shape, padding_idx: int, by_frequency: bool
) -> Any:
    grad = grad * ops.embedding_shares(indices, padding_idx, by_frequency)
    flat = ops.reshape(indices, (-1,))
    return ops.index_select_transposed(ops.reshape(grad, (-1, shape[1])), flat, shape, 0)


row("embedding_shares", _embedding_shares)
row(
    "embedding",
    _embedding,
    weight=lambda ops, grad, indices, weight_shape, padding_idx, by_frequency: _embedding_backward(
        ops, grad, indices, weight_shape, padding_idx, by_frequency
    ),
)

# -- losses ---------------------------------------------------------------------------------------


def reduced(values: Any, reduction: str) -> Any:
    """Losses as `reduction` wants them."""
    if reduction == "mean":
        with np.errstate(all="ignore"):
            return np.divide(np.sum(values), values.size).astype(values.dtype)
    return np.sum(values) if reduction == "sum" else values


def _share(grad: Any, shape: Shape, reduction: str) -> Any:
    """The gradient that each loss of `shape` receives."""
    return grad / prod(shape) if reduction == "mean" else grad


def _difference_loss(forward: Callable[..., Any]) -> Callable[..., Any]:
    def loss(self: Any, target: Any, /, reduction: str = "mean", beta: float = 1.0) -> Any:
        return reduced(forward(self - target, beta), reduction)

    return loss


def _huber(difference: Any, delta: float) -> Any:
    size = np.abs(difference)
    return np.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta))


def _squares_slope(ops: Any, difference: Any, beta: float) -> Any:
    return difference * 2


def _smooth_slope(ops: Any, difference: Any, beta: float) -> Any:
    return ops.where(ops.abs(difference) < beta, difference / beta, ops.sign(difference))


def _huber_slope(ops: Any, difference: Any, beta: float) -> Any:
    return ops.where(ops.abs(difference) <= beta, difference, ops.sign(difference) * beta)


def _difference_backward(
    slope: Callable[..., Any], sign: int
) -> Callable[[Any, Any, Any, Any, str, float], Any]:
    def formula(ops: Any, grad: Any, self: Any, target: Any, reduction: str, beta: float) -> Any:
        found = slope(ops, self - target, beta) * _share(grad, self.shape, reduction)
        return found if sign > 0 else -found

    return formula


for _name, _forward, _slope in (
    ("mse_loss", lambda difference, beta: difference * difference, _squares_slope),
    (
        "smooth_l1_loss",
        lambda difference, beta: np.where(
            np.abs(difference) < beta,
            0.5 * difference * difference / beta,
            np.abs(difference) - 0.5 * beta,
        ),
        _smooth_slope,
    ),
    ("huber_loss", _huber, _huber_slope),
):
    row(
        _name,
        _difference_loss(_forward),
        promote=promote,
        self=_difference_backward(_slope, 1),
        target=_difference_backward(_slope, -1),
    )


def _nll_weights(target: Any, weight: Any, /, shape: Shape, reduction: str, ignore: int) -> Any:
    """What each log-probability of `shape` is multiplied by for the loss, summed over classes."""
    dim = 1 if len(shape) > 1 else 0
    kept = target != ignore
    places = np.where(kept, target, 0)
    classes = shape[dim]
    wrong = places[(places < 0) | (places >= classes)]
    if wrong.size:
        raise IndexError(f"Target {wrong.flat[0]} is out of bounds.")
    share = kept * (1.0 if weight is None else weight[places])
    if reduction == "mean":
        with np.errstate(all="ignore"):
            share = share / np.sum(share)
    dense = np.zeros(shape)
    np.put_along_axis(dense, np.expand_dims(places, dim), np.expand_dims(-share, dim), dim)
    return dense


def _nll_loss(
    self: Any, target: Any, weight: Any, /, reduction: str = "mean", ignore: int = -100
) -> Any:
    dim = 1 if self.ndim > 1 else 0
    dense = _nll_weights(target, weight, self.shape, reduction, ignore)
    chosen = np.expand_dims(np.where(target == ignore, 0, target), dim)
    losses = np.take_along_axis(self, chosen, dim) * np.take_along_axis(dense, chosen, dim)
    losses = np.where(np.expand_dims(target == ignore, dim), 0.0, losses).squeeze(dim)
    if reduction == "mean" and not np.any(target != ignore):
        return self.dtype.type(np.nan)
    return (losses if reduction == "none" else np.sum(losses)).astype(self.dtype)


def _nll_loss_backward(
    ops: Any, grad: Any, target: Any, weight: Any, shape: Shape, reduction: str, ignore: int
) -> Any:
    dense = ops.nll_weights(target, weight, shape, reduction, ignore)
    if reduction == "none":
        grad = ops.unsqueeze(grad, 1 if len(shape) > 1 else 0)
    return dense * grad


row("nll_weights", _nll_weights)
for _name, _node in (("nll_loss", "NllLossBackward0"), ("nll_loss2d", "NllLoss2DBackward0")):
    row(
        _name,
        _nll_loss,
        node=_node,
        self=lambda ops, grad, target, weight, self_shape, reduction, ignore: _nll_loss_backward(
            ops, grad, target, weight, self_shape, reduction, ignore
        ),
    )


def _weighted(values: Any, weight: Any) -> Any:
    return values if weight is None else values * weight


@quiet
def _binary_cross_entropy(self: Any, target: Any, weight: Any, /, reduction: str = "mean") -> Any:
    if np.any(self < 0) or np.any(self > 1):
        raise RuntimeError("all elements of input should be between 0 and 1")
    present, absent = np.maximum(np.log(self), -100), np.maximum(np.log1p(-self), -100)
    return reduced(_weighted((target - 1) * absent - target * present, weight), reduction)


def _binary_cross_entropy_backward(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, reduction: str
) -> Any:
    spread = ops.clamp((1 - self) * self, 1e-12, None)
    slope = _weighted((self - target) / spread, weight)
    return slope * _share(grad, self.shape, reduction)


row(
    "binary_cross_entropy",
    _binary_cross_entropy,
    self=lambda ops, grad, self, target, weight, reduction: _binary_cross_entropy_backward(
        ops, grad, self, target, weight, reduction
    ),
    target=lambda ops, grad, self, weight, reduction: (
        _weighted(ops.log(1 - self) - ops.log(self), weight) * _share(grad, self.shape, reduction)
    ),
)


def _log_sigmoid(x: Any) -> Any:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@quiet
def _with_logits(
    self: Any, target: Any, weight: Any, pos_weight: Any, /, reduction: str = "mean"
) -> Any:
    positive = _weighted(_log_sigmoid(self) * target, pos_weight)
    losses = _weighted((1 - target) * (self - _log_sigmoid(self)) - positive, weight)
    return reduced(losses, reduction)


def _with_logits_backward(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    positive = _weighted(target, pos_weight)
    slope = _weighted((positive + 1 - target) * ops.sigmoid(self) - positive, weight)
    return slope * _share(grad, self.shape, reduction)


def _with_logits_backward_target(
    ops: Any, grad: Any, self: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    if pos_weight is None:
        slope = -self
    else:
        slope = ops.log_sigmoid(-self) - ops.log_sigmoid(self) * pos_weight
    return _weighted(slope, weight) * _share(grad, self.shape, reduction)


row(
    "binary_cross_entropy_with_logits",
    _with_logits,
    promote=promote,
    self=lambda ops, grad, self, target, weight, pos_weight, reduction: _with_logits_backward(
        ops, grad, self, target, weight, pos_weight, reduction
    ),
    target=lambda ops, grad, self, weight, pos_weight, reduction: _with_logits_backward_target(
        ops, grad, self, weight, pos_weight, reduction
    ),
)
row(
    "soft_margin_loss",
    quiet(
        lambda self, target, /, reduction="mean": reduced(
            np.log1p(np.exp(-target * self)).astype(self.dtype), reduction
        )
    ),
    self=lambda ops, grad, self, target, reduction: (
        -target * ops.sigmoid(-target * self) * _share(grad, self.shape, reduction)
    ),
)


def _hinges(
    ops: Any, self: Any, target: Any, weight: Any, margin: float
) -> tuple[Any, Any, Any, Any]:
    """Distances below the margin, where they count, the target's column and its row's weight."""
    column = ops.unsqueeze(target, -1)
    rest = margin - ops.gather(self, column, -1) + self
    own = ops.one_hot(target, self.shape[-1])
    counts = ops.logical_and(rest > 0, ops.logical_not(own))
    scale = (
        None if weight is None else ops.gather(ops.expand(weight, tuple(self.shape)), column, -1)
    )
    return rest, counts, column, scale


def _multi_margin_loss(
    self: Any, target: Any, weight: Any, /, p: int = 1, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    classes = self.shape[-1]
    chosen = np.take_along_axis(self, target[..., np.newaxis], -1)
    rest = np.maximum(margin - chosen + self, 0) ** p
    rest = np.where(np.arange(classes) == target[..., np.newaxis], 0, rest)
    rest = rest if weight is None else rest * weight[target][..., np.newaxis]
    return reduced(np.sum(rest, -1) / classes, reduction).astype(self.dtype)


def _multi_margin_loss_backward(
    ops: Any, grad: Any, self: Any, target: Any, weight: Any, p: int, margin: float, reduction: str
) -> Any:
    rest, counts, column, scale = _hinges(ops, self, target, weight, margin)
    shape = tuple(self.shape)
    slope = ops.where(counts, rest * 2 if p == 2 else 1.0 + rest * 0, 0.0) / shape[-1]
    slope = _weighted(slope, scale)
    slope = slope - ops.gather_transposed(ops.sum_dim(slope, -1, True), column, shape, -1)
    return slope * _row_share(ops, grad, shape, reduction)


def _row_share(ops: Any, grad: Any, shape: Shape, reduction: str) -> Any:
    """The gradient of a loss a row (the last dimension), for each element of the row."""
    if reduction == "none":
        return ops.unsqueeze(grad, -1)
    return grad / prod(shape[:-1]) if reduction == "mean" else grad


row("one_hot", lambda self, /, classes: self[..., np.newaxis] == np.arange(classes))
row(
    "multi_margin_loss",
    _multi_margin_loss,
    self=lambda ops, grad, self, target, weight, p, margin, reduction: _multi_margin_loss_backward(
        ops, grad, self, target, weight, p, margin, reduction
    ),
)


def _label_pairs(self: Any, target: Any, /) -> Any:
    """For each row, how often each class counts (j < 0 ends the list) against each that does not.

    The result has the rows, the targets, and the other classes as its last three dimensions.
    """
    classes = self.shape[-1]
    listed = np.cumprod(target >= 0, axis=-1).astype(bool)
    wanted = (target[..., np.newaxis] == np.arange(classes)) & listed[..., np.newaxis]
    others = ~np.any(wanted, axis=-2, keepdims=True)
    rest = 1 - np.sum(np.where(wanted, self[..., np.newaxis, :], 0), -1, keepdims=True)
    rest = rest + self[..., np.newaxis, :]
    return (rest > 0) & others & listed[..., np.newaxis]


def _multilabel_margin_loss(self: Any, target: Any, /, reduction: str = "mean") -> Any:
    counts = _label_pairs(self, target)
    chosen = np.take_along_axis(self, np.maximum(target, 0), -1)[..., np.newaxis]
    rest = np.where(counts, 1 - chosen + self[..., np.newaxis, :], 0)
    return reduced(np.sum(rest, (-2, -1)) / self.shape[-1], reduction).astype(self.dtype)


def _label_slopes(self: Any, target: Any, /) -> Any:
    """The derivative of each row's loss, which is linear between its kinks."""
    counts = _label_pairs(self, target)
    slopes = np.sum(counts, -2).astype(self.dtype)
    chosen = np.maximum(target, 0)[..., np.newaxis] == np.arange(self.shape[-1])
    slopes -= np.sum(np.sum(counts, -1)[..., np.newaxis] * chosen, -2)
    return slopes / self.shape[-1]


row("label_slopes", _label_slopes)
row(
    "multilabel_margin_loss",
    _multilabel_margin_loss,
    self=lambda ops, grad, self, target, self_shape, reduction: (
        ops.label_slopes(self, target) * _row_share(ops, grad, self_shape, reduction)
    ),
)

# -- distances ------------------------------------------------------------------------------------


def _row_norm(self: Any, /, p: float, keepdim: bool = False) -> Any:
    size = np.abs(self)
    if p == np.inf:
        return np.max(size, -1, keepdims=keepdim)
    if p == 0:
        return np.sum(size != 0, -1, keepdims=keepdim, dtype=self.dtype)
    return np.power(np.sum(np.power(size, p), -1, keepdims=keepdim), 1 / p).astype(self.dtype)


def _row_norm_backward(ops: Any, grad: Any, self: Any, result: Any, p: float, keepdim: bool) -> Any:
    if not keepdim:
        grad, result = ops.unsqueeze(grad, -1), ops.unsqueeze(result, -1)
    if p == 0:
        return self * 0
    if p == 2:
        return ops.where(result == 0, 0.0, grad * (self / result))
    if p == np.inf:
        mask = ops.abs(self) == result
        return ops.where(mask, ops.sign(self) * (grad / ops.count(mask, -1, True)), 0.0)
    if p == 1:
        return grad * ops.sign(self)
    power = ops.where(self == 0, 0.0, ops.sign(self) * ops.pow_number(ops.abs(self), p - 1))
    return ops.where(result == 0, 0.0, power * (grad / ops.pow_number(result, p - 1)))


row(
    "row_norm",
    _row_norm,
    node="NormBackward1",
    self=lambda ops, grad, self, result, p, keepdim: _row_norm_backward(
        ops, grad, self, result, p, keepdim
    ),
)


def _pairs(count: int) -> tuple[Any, Any]:
    first, second = np.triu_indices(count, 1)
    return first, second


def _pair_distances(self: Any, /, p: float = 2.0) -> Any:
    first, second = _pairs(len(self))
    return _row_norm(self[first] - self[second], p)


def _pair_distances_backward(
    ops: Any, grad: Any, self: Any, shape: Shape, result: Any, p: float
) -> Any:
    first, second = _pairs(shape[0])
    difference = ops.index(self, (first,)) - ops.index(self, (second,))
    slope = _row_norm_backward(ops, grad, difference, result, p, keepdim=False)
    return ops.added_at(slope, shape, (first,)) - ops.added_at(slope, shape, (second,))


row(
    "pdist",
    _pair_distances,
    self=lambda ops, grad, self, self_shape, result, p: _pair_distances_backward(
        ops, grad, self, self_shape, result, p
    ),
)
