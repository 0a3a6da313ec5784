"""Reductions: sums, means, products, norms and what is normalised by them.

Formulas follow PyTorch's derivatives.yaml.
"""

from math import prod
from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import _elementary as elementary
from reference_engine._derivatives._summing import total
from reference_engine._derivatives._table import row
from reference_engine._promotion import dtype_name, promote_to_float
from reference_engine._quiet import quiet

Shape = tuple[int, ...]

_DOUBLE = np.dtype(np.float64)
_add_up = np.add.reduce


def check_flag(flag: Any) -> Any:
    """A flag such as `keepdim`, unless it is a number: `sum(0, 1)` does not sum over both."""
    if type(flag) is int:
        raise TypeError(_errors.FLAG_TYPE)
    return flag


def restored(ops: Any, value: Any, shape: Shape, dim: Any, keepdim: bool) -> Any:
    """A reduced value with the reduced dimensions back in, at size 1."""
    if keepdim or dim is None or not shape:
        return value
    return ops.reshape(value, kept_shape(shape, dim))


def kept_shape(shape: Shape, dim: Any) -> Shape:
    """`shape` with the reduced dimensions at size 1."""
    reduced = {one % len(shape) for one in ((dim,) if isinstance(dim, int) else dim)}
    return tuple(1 if place in reduced else size for place, size in enumerate(shape))


def count_of(shape: Shape, dim: Any) -> int:
    """How many elements each result of a reduction is made of."""
    if dim is None or not shape:
        return prod(shape)
    return prod(shape[one] for one in ((dim,) if isinstance(dim, int) else dim))


def axes(self: Any, dim: Any) -> Any:
    """NumPy's axis for PyTorch's dim: a 0-d tensor has the dimensions 0 and -1 to reduce over."""
    if dim is None or dim == ():
        return None
    if self.ndim == 0 and dim in (0, -1, (0,), (-1,)):
        return None
    if isinstance(dim, tuple):
        span = self.ndim or 1
        for one in dim:
            if not -span <= one < span:
                raise np.exceptions.AxisError(one, self.ndim)
        places = [one % span for one in dim]
        for one in places:
            if places.count(one) > 1:
                raise RuntimeError(_errors.DIM_TWICE.format(dim=one))
    return dim


def widened(self: Any) -> Any:
    """The dtype in which elements are added up: int64 for integers and bools."""
    return None if self.dtype.kind == "f" else np.int64


def _spread(ops: Any, grad: Any, shape: Shape, dim: Any, keepdim: bool) -> Any:
    return ops.expand(restored(ops, grad, shape, dim, keepdim), shape)


# -- sums and means -------------------------------------------------------------------------------


def _sum(self: Any, /, dim: Any = None, keepdim: bool = False) -> Any:
    return total(self, axes(self, dim), widened(self), keepdim)


@quiet
def _mean(self: Any, /, dim: Any = None, keepdim: bool = False) -> Any:
    if self.dtype.kind != "f":
        raise RuntimeError(_errors.MEAN_DTYPE.format(which="Input", dtype=dtype_name(self)))
    axis = axes(self, dim)
    return total(self, axis, None, keepdim) / count_of(self.shape, axis)


def _sum_all(self: Any, /) -> Any:
    if self.dtype is _DOUBLE:
        return _add_up(self, None)
    return total(self, None, widened(self))


row(
    "sum",
    _sum_all,
    self=lambda ops, grad, self_shape: ops.expand(grad, self_shape),
)
row(
    "sum_dim",
    _sum,
    node="SumBackward1",
    self=lambda ops, grad, self_shape, dim, keepdim: _spread(ops, grad, self_shape, dim, keepdim),
)
row(
    "mean",
    _mean,
    self=lambda ops, grad, self_shape: ops.div_number(
        ops.expand(grad, self_shape), prod(self_shape)
    ),
)
row(
    "mean_dim",
    _mean,
    node="MeanBackward1",
    self=lambda ops, grad, self_shape, dim, keepdim: ops.div_number(
        _spread(ops, grad, self_shape, dim, keepdim), count_of(self_shape, dim)
    ),
)


def _sum_to(self: Any, /, shape: Shape) -> Any:
    extra = self.ndim - len(shape)
    if prod(shape) == 1:
        if self.dtype is _DOUBLE:
            summed = _add_up(self, None, None, None, not extra)
        else:
            summed = total(self, None, None, not extra)
        return summed.reshape(shape) if extra and shape else summed
    stretched = tuple(range(extra)) + tuple(
        extra + place
        for place, size in enumerate(shape)
        if size == 1 and self.shape[extra + place] != 1
    )
    if not stretched:
        return self
    summed = total(self, stretched, None, True)
    return summed.reshape(shape) if extra else summed


row(
    "sum_to",
    _sum_to,
    node="SumBackward1",
    self=lambda ops, grad, self_shape: ops.expand(grad, self_shape),
)


def _reversed_cumsum(ops: Any, grad: Any, dim: int) -> Any:
    if not grad.shape:
        return grad
    return ops.flip(ops.cumsum(ops.flip(grad, (dim,)), dim), (dim,))


row(
    "cumsum",
    lambda self, /, dim: np.cumsum(self, axis=axes(self, dim), dtype=widened(self)).reshape(
        self.shape
    ),
    self=lambda ops, grad, dim: _reversed_cumsum(ops, grad, dim),
)


def _variance_backward(
    ops: Any, grad: Any, self: Any, shape: Shape, dim: Any, correction: Any, keepdim: bool
) -> Any:
    freedom = count_of(shape, dim) - correction
    centred = self - (ops.mean(self) if dim is None else ops.mean_dim(self, dim, True))
    return restored(ops, grad, shape, dim, keepdim) * np.divide(2.0, freedom) * centred


@quiet
def _variance(self: Any, /, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
    if self.dtype.kind != "f":
        raise RuntimeError(_errors.SPREAD_DTYPE)
    axis = axes(self, dim)
    centred = self - _mean(self, axis, keepdim=True)
    squares = np.sum(centred * centred, axis=axis, keepdims=keepdim)
    freedom = max(count_of(self.shape, axis) - correction, 0)
    return np.divide(squares, freedom).astype(self.dtype)


row(
    "var",
    _variance,
    self=lambda ops, grad, self, self_shape, dim, correction, keepdim: _variance_backward(
        ops, grad, self, self_shape, dim, correction, keepdim
    ),
)
row(
    "std",
    lambda self, /, dim=None, correction=1, keepdim=False: np.sqrt(
        _variance(self, dim, correction, keepdim)
    ),
    self=lambda ops, grad, result, self, self_shape, dim, correction, keepdim: _variance_backward(
        ops,
        ops.where(result == 0, 0.0, grad / (2 * result)),
        self,
        self_shape,
        dim,
        correction,
        keepdim,
    ),
)

# -- norms and softmax ----------------------------------------------------------------------------


def _vector_norm(self: Any, /, ord: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    if self.dtype.kind != "f":
        raise RuntimeError(_errors.NORM_DTYPE.format(dtype=dtype_name(self)))
    axis = axes(self, dim)
    if ord == 0:
        return np.sum(self != 0, axis=axis, keepdims=keepdim, dtype=self.dtype)
    if ord == 2:
        return np.sqrt(np.sum(self * self, axis=axis, keepdims=keepdim))
    if ord == 1:
        return np.sum(np.abs(self), axis=axis, keepdims=keepdim)
    if ord == np.inf:
        return np.max(np.abs(self), axis=axis, keepdims=keepdim)
    if ord == -np.inf:
        return np.min(np.abs(self), axis=axis, keepdims=keepdim)
    total = np.sum(np.abs(self) ** ord, axis=axis, keepdims=keepdim)
    return np.power(total, 1.0 / ord).astype(self.dtype)


def _vector_norm_backward(
    ops: Any, grad: Any, self: Any, shape: Shape, result: Any, ord: Any, dim: Any, keepdim: bool
) -> Any:
    """The gradient of a norm; 0 where the norm is 0, as PyTorch has it."""
    grad = restored(ops, grad, shape, dim, keepdim)
    result = restored(ops, result, shape, dim, keepdim)
    if ord == 0:
        return None
    if ord == 2:
        return ops.where(result == 0, 0.0, grad * (self / result))
    if ord == 1:
        return grad * ops.sign(self)
    if abs(ord) == np.inf:
        mask = ops.abs(self) == result
        share = grad / ops.count(mask, dim, dim is not None)
        return ops.where(mask, share * ops.sign(self), 0.0)
    powers = ops.where(self == 0, 0.0, ops.sign(self) * ops.pow_number(ops.abs(self), ord - 1))
    return ops.where(result == 0, 0.0, powers * (grad / ops.pow_number(result, ord - 1)))


row(
    "linalg_vector_norm",
    quiet(_vector_norm),
    self=lambda ops, grad, self, self_shape, result, ord, dim, keepdim: _vector_norm_backward(
        ops, grad, self, self_shape, result, ord, dim, keepdim
    ),
)


@quiet
def _log_sum_exp(self: Any, /, dim: Any, keepdim: bool = False) -> Any:
    dim = axes(self, dim)
    highest = np.max(self, axis=dim, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(highest), highest, 0)
    total = elementary.log(np.sum(elementary.exp(self - shift), axis=dim, keepdims=True)) + shift
    total = total.astype(self.dtype)
    return total if keepdim else np.squeeze(total, dim)


row(
    "logsumexp",
    _log_sum_exp,
    promote=promote_to_float,
    self=lambda ops, grad, self, self_shape, result, dim, keepdim: (
        restored(ops, grad, self_shape, dim, keepdim)
        * ops.exp(self - restored(ops, result, self_shape, dim, keepdim))
    ),
)


def _refuse_integers(kernel: str, self: Any, dim: int) -> None:
    if self.dtype.kind != "f":
        last = "_lastdim" if dim in (-1, max(self.ndim - 1, 0)) else ""
        name = f"{kernel}{last}_kernel_impl"
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=name, dtype=dtype_name(self)))


@quiet
def _softmax(self: Any, /, dim: int) -> Any:
    _refuse_integers("softmax", self, dim)
    if not self.ndim:
        return np.ones_like(self)
    exponentials = elementary.exp(self - np.max(self, axis=dim, keepdims=True, initial=-np.inf))
    return exponentials / np.sum(exponentials, axis=dim, keepdims=True)


@quiet
def _log_softmax(self: Any, /, dim: int) -> Any:
    _refuse_integers("log_softmax", self, dim)
    if not self.ndim:
        return np.zeros_like(self)
    shifted = self - np.max(self, axis=dim, keepdims=True, initial=-np.inf)
    return shifted - elementary.log(np.sum(elementary.exp(shifted), axis=dim, keepdims=True))


def _sums(value: Any, dim: int) -> Any:
    return total(value, dim if np.ndim(value) else None, None, keepdim=True)


def _total(ops: Any, value: Any, dim: int) -> Any:
    return ops.sum_dim(value, dim, True)


row(
    "softmax",
    _softmax,
    self=lambda ops, grad, result, dim: ops.softmax_backward_data(grad, result, dim),
)
row(
    "softmax_backward_data",
    lambda grad_output, output, /, dim: output * (grad_output - _sums(grad_output * output, dim)),
    node="SoftmaxBackwardDataBackward0",
    grad_output=lambda ops, grad, output, dim: ops.softmax_backward_data(grad, output, dim),
    output=lambda ops, grad, grad_output, output, dim: (
        grad * (grad_output - _total(ops, grad_output * output, dim))
        - grad_output * _total(ops, grad * output, dim)
    ),
)
row(
    "log_softmax",
    _log_softmax,
    self=lambda ops, grad, result, dim: ops.log_softmax_backward_data(grad, result, dim),
)
row(
    "log_softmax_backward_data",
    lambda grad_output, output, /, dim: (
        grad_output - elementary.exp(output) * _sums(grad_output, dim)
    ),
    node="LogSoftmaxBackwardDataBackward0",
    grad_output=lambda ops, grad, output, dim: grad - _total(ops, grad * ops.exp(output), dim),
    output=lambda ops, grad, grad_output, output, dim: (
        -grad * _total(ops, grad_output, dim) * ops.exp(output)
    ),
)


def _product_backward(ops: Any, grad: Any, self: Any, result: Any) -> Any:
    """The gradient of a product of everything; with a zero, the product of the other factors."""
    zero = self == 0
    if not self.shape or not ops.any(zero):
        return grad * (result / self) if self.shape else grad
    if ops.count(zero, None, False) > 1:
        return grad * ops.zero(self)
    flat = ops.reshape(self, (-1,))
    one = ops.zero(flat[:1]) + 1
    before = ops.cumprod(ops.cat([one, flat[:-1]], 0), 0)
    after = ops.cumprod(ops.cat([one, ops.flip(flat[1:], (0,))], 0), 0)
    return ops.reshape(grad * (before * ops.flip(after, (0,))), tuple(self.shape))


row(
    "prod",
    lambda self, /: np.prod(self, dtype=widened(self)),
    self=lambda ops, grad, self, result: _product_backward(ops, grad, self, result),
)


def _product_along_backward(ops: Any, grad: Any, self: Any, dim: int, keepdim: bool) -> Any:
    """The gradient of a product along `dim`: of each factor, the product of the others."""
    if not self.shape:
        return grad
    size = self.shape[dim]
    if not keepdim:
        grad = ops.unsqueeze(grad, dim)
    if not size:
        return ops.expand(grad, tuple(self.shape))
    others = [
        ops.prod_dim(
            ops.cat(
                [
                    ops.narrow(self, dim, 0, place),
                    ops.narrow(self, dim, place + 1, size - place - 1),
                ],
                dim,
            ),
            dim,
            True,
        )
        for place in range(size)
    ]
    return grad * ops.cat(others, dim)


row(
    "prod_dim",
    lambda self, /, dim, keepdim=False: np.prod(
        self, axis=axes(self, dim), keepdims=keepdim, dtype=widened(self)
    ),
    node="ProdBackward1",
    self=lambda ops, grad, self, dim, keepdim: _product_along_backward(
        ops, grad, self, dim, keepdim
    ),
)
