"""Reductions, continued: what skips nan, pairs of statistics, running extremes and products.

Formulas follow PyTorch's derivatives.yaml.
"""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import extremes, reductions  # noqa: F401 - their rows serve here
from reference_engine._derivatives._table import TABLE, row
from reference_engine._derivatives.reductions import Shape, axes, restored, widened
from reference_engine._promotion import dtype_name, promote
from reference_engine._quiet import quiet

_mean, _variance = TABLE["mean_dim"].forward, TABLE["var"].forward
_vector_norm = TABLE["linalg_vector_norm"].forward
_mean_backward = TABLE["mean_dim"].formulas["self"]
_variance_backward = TABLE["var"].formulas["self"]
_extreme_backward = TABLE["amax"].formulas["self"]
_norm_backward = TABLE["linalg_vector_norm"].formulas["self"]

# -- sums without nan, counts ---------------------------------------------------------------------


def _sum_without_nan(self: Any, /, dim: Any = None, keepdim: bool = False) -> Any:
    return np.nansum(self, axis=axes(self, dim), keepdims=keepdim, dtype=widened(self))


def _nansum_backward(ops: Any, grad: Any, self: Any, shape: Shape, dim: Any, keepdim: bool) -> Any:
    spread = ops.expand(restored(ops, grad, shape, dim, keepdim), shape)
    return ops.where(ops.isnan(self), 0.0, spread)


row(
    "nansum",
    _sum_without_nan,
    self=lambda ops, grad, self, self_shape, dim, keepdim: _nansum_backward(
        ops, grad, self, self_shape, dim, keepdim
    ),
)
row(
    "count_nonzero",
    lambda self, /, dim=None: np.asarray(np.count_nonzero(self, axis=axes(self, dim)), np.int64),
)

# -- pairs of statistics --------------------------------------------------------------------------


def _together(first: Any, second: Any) -> Any:
    """The sum of two gradients, each of which may be missing."""
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _var_mean_backward(
    ops: Any, grads: Any, self: Any, shape: Shape, dim: Any, correction: Any, keepdim: bool
) -> Any:
    of_variance, of_mean = grads
    if of_variance is not None:
        of_variance = _variance_backward(ops, of_variance, self, shape, dim, correction, keepdim)
    if of_mean is not None:
        of_mean = _mean_backward(ops, of_mean, shape, dim, keepdim)
    return _together(of_variance, of_mean)


def _spread_and_mean(name: str) -> Any:
    def forward(self: Any, /, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
        spread = _variance(self, dim, correction, keepdim)
        return (
            np.sqrt(spread) if name == "std_mean" else spread,
            _mean(self, dim, keepdim),
        )

    return forward


row(
    "var_mean",
    _spread_and_mean("var_mean"),
    outputs=("var", "mean"),
    self=lambda ops, grads, self, self_shape, dim, correction, keepdim: _var_mean_backward(
        ops, grads, self, self_shape, dim, correction, keepdim
    ),
)


def _of_variance(ops: Any, grads: Any, deviation: Any) -> Any:
    """The gradients of (std, mean) as those of (var, mean)."""
    if grads[0] is None:
        return grads
    return ops.where(deviation == 0, 0.0, grads[0] / (2 * deviation)), grads[1]


row(
    "std_mean",
    _spread_and_mean("std_mean"),
    outputs=("std", "mean"),
    self=lambda ops, grads, self, std, self_shape, dim, correction, keepdim: _var_mean_backward(
        ops, _of_variance(ops, grads, std), self, self_shape, dim, correction, keepdim
    ),
)


def _least_and_most(self: Any, /, dim: Any = None, keepdim: bool = False) -> Any:
    if not self.size and (dim is None or not self.shape[dim]):
        raise RuntimeError(_errors.REDUCE_EMPTY.format(name="aminmax"))
    axis = axes(self, dim)
    return tuple(one(self, axis=axis, keepdims=keepdim) for one in (np.min, np.max))


def _aminmax_backward(
    ops: Any, grads: Any, self: Any, shape: Shape, results: Any, dim: Any, keepdim: bool
) -> Any:
    found = [
        None if grad is None else _extreme_backward(
            ops, grad, self, shape, result, dim, keepdim
        )
        for grad, result in zip(grads, results, strict=True)
    ]  # fmt: skip
    return _together(*found)


row(
    "aminmax",
    _least_and_most,
    outputs=("min", "max"),
    self=lambda ops, grads, self, self_shape, min, max, dim, keepdim: _aminmax_backward(
        ops, grads, self, self_shape, (min, max), dim, keepdim
    ),
)

# -- running products, sums of exponentials and extremes ------------------------------------------


def _reversed_cumsum(ops: Any, grad: Any, dim: int) -> Any:
    return ops.flip(ops.cumsum(ops.flip(grad, (dim,)), dim), (dim,))


def _running_product_backward(ops: Any, grad: Any, self: Any, dim: int, result: Any) -> Any:
    """The gradient of a running product; what follows the first factor that is 0 has none."""
    if not self.shape:
        return grad
    zero = self == 0
    if not ops.any(zero):
        return _reversed_cumsum(ops, grad * result, dim) / self
    count = ops.cumsum(zero, dim)
    before, among = count == 0, count == 1
    first = ops.logical_and(zero, among)
    ahead = _reversed_cumsum(ops, ops.where(before, grad * result, 0.0), dim) / self
    after = ops.where(ops.logical_and(among, ops.logical_not(first)), self, 1.0)
    reached = ops.sum_dim(ops.cumprod(after, dim) * ops.where(among, grad, 0.0), dim, True)
    lead = ops.prod_dim(ops.where(before, self, 1.0), dim, True)
    return ops.where(before, ahead, ops.where(first, reached * lead, 0.0))


row(
    "cumprod",
    lambda self, /, dim: np.cumprod(self, axis=axes(self, dim), dtype=widened(self)).reshape(
        self.shape
    ),
    self=lambda ops, grad, self, dim, result: _running_product_backward(
        ops, grad, self, dim, result
    ),
)


@quiet
def _running_log_sum(self: Any, /, dim: int) -> Any:
    if self.dtype.kind != "f":
        name = _errors.NOT_IMPLEMENTED.format(name="logcumsumexp_out_cpu", dtype=dtype_name(self))
        raise NotImplementedError(name)
    return np.logaddexp.accumulate(self, axis=dim) if self.ndim else np.copy(self)


def _running_log_sum_backward(ops: Any, grad: Any, self: Any, dim: int, result: Any) -> Any:
    """The gradient of a running log-sum-exp: no power of e in it is above 1."""
    if not self.shape:
        return grad
    size = self.shape[dim]
    pieces = []
    for place in range(size):
        sums = ops.narrow(result, dim, place, size - place)
        shares = ops.exp(ops.narrow(self, dim, place, 1) - sums)
        weighed = ops.narrow(grad, dim, place, size - place) * shares
        pieces.append(ops.sum_dim(weighed, dim, True))
    return ops.cat(pieces, dim) if pieces else grad


row(
    "logcumsumexp",
    _running_log_sum,
    self=lambda ops, grad, self, dim, result: _running_log_sum_backward(
        ops, grad, self, dim, result
    ),
)


def _running_extreme(accumulate: Any, reaches: Any) -> Any:
    def forward(self: Any, /, dim: int) -> Any:
        if not self.ndim:
            return np.copy(self), np.zeros((), np.int64)
        values = accumulate(self, axis=dim)
        places = np.arange(self.shape[dim]).reshape(
            (-1,) + (1,) * (self.ndim - 1 - dim % self.ndim)
        )
        new = np.isnan(self) | reaches(self, values)
        return values, np.maximum.accumulate(np.where(new, places, 0), axis=dim)

    return forward


def _added_back(ops: Any, grad: Any, indices: Any, shape: Shape, dim: int) -> Any:
    return ops.gather_transposed(grad, indices, shape, dim) if shape else grad


for _name, _accumulate, _reaches in (
    ("cummax", np.maximum.accumulate, np.greater_equal),
    ("cummin", np.minimum.accumulate, np.less_equal),
):
    row(
        _name,
        _running_extreme(_accumulate, _reaches),
        outputs=("values", "indices"),
        self=lambda ops, grad, indices, self_shape, dim: _added_back(
            ops, grad, indices, self_shape, dim
        ),
    )

# -- distances ------------------------------------------------------------------------------------


def _distance_backward(ops: Any, grad: Any, self: Any, other: Any, result: Any, p: Any) -> Any:
    difference = self - other
    shape = tuple(difference.shape)
    return _norm_backward(ops, grad, difference, shape, result, p, None, False)


row(
    "dist",
    quiet(lambda self, other, /, p=2: _vector_norm(self - other, p)),
    promote=promote,
    self=lambda ops, grad, self, other, result, p: _distance_backward(
        ops, grad, self, other, result, p
    ),
    other=lambda ops, grad, self, other, result, p: _distance_backward(
        ops, -grad, self, other, result, p
    ),
)


def _other_dims(shape: Shape, dim: int) -> tuple[int, ...]:
    return tuple(place for place in range(len(shape)) if place != dim % len(shape))


@quiet
def _renormed(self: Any, /, p: Any, dim: int, maxnorm: float) -> Any:
    norm = _vector_norm(self, p, _other_dims(self.shape, dim), True)
    return np.where(norm > maxnorm, self * (maxnorm / (norm + 1e-7)), self)


def _renorm_backward(
    ops: Any, grad: Any, self: Any, shape: Shape, p: Any, dim: int, maxnorm: float
) -> Any:
    dims = _other_dims(shape, dim)
    norm = ops.linalg_vector_norm(self, p, dims, True)
    inverse = ops.reciprocal(norm + 1e-7)
    product = ops.sum_dim(self * grad, dims, True)
    of_norm = _norm_backward(ops, product, self, shape, norm, p, dims, True)
    return ops.where(norm > maxnorm, maxnorm * inverse * (grad - inverse * of_norm), grad)


row(
    "renorm",
    _renormed,
    self=lambda ops, grad, self, self_shape, p, dim, maxnorm: _renorm_backward(
        ops, grad, self, self_shape, p, dim, maxnorm
    ),
)
