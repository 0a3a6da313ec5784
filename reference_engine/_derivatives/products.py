"""Products of matrices and vectors with something added, and those of several factors."""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives import matrix
from reference_engine._derivatives._table import TABLE, row
from reference_engine._derivatives.shapes import Shape
from reference_engine._promotion import dtype_name


def _scaled(value: Any, factor: Any) -> Any:
    return value if factor == 1 else value * factor


def _plus(self: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """`beta * self + alpha * product`; at beta 0, what self holds does not count, be it nan."""
    found = _scaled(product, alpha)
    TABLE["expand"].forward(self, found.shape)  # its error, where it does not fit
    if beta == 0:
        return np.broadcast_to(found, np.broadcast_shapes(self.shape, found.shape)).copy()
    return found + _scaled(self, beta)


def _of_one_dtype(name: str, first: Any, other: str, second: Any) -> None:
    if first.dtype != second.dtype:
        a, b = dtype_name(first), dtype_name(second)
        raise RuntimeError(_errors.PRODUCT_DTYPE.format(name=name, other=other, a=a, b=b))


def _checked_mm(first: Any, second: Any) -> Any:
    for name, one in (("mat1", first), ("mat2", second)):
        if one.ndim != 2:
            raise RuntimeError(_errors.MATRIX_EXPECTED.format(name=name, dim=one.ndim))
    if first.shape[1] != second.shape[0]:
        a, b = ("x".join(map(str, one.shape)) for one in (first, second))
        raise RuntimeError(_errors.MATMUL_SHAPES.format(a=a, b=b))
    return np.matmul(first, second)


def _addmm(self: Any, mat1: Any, mat2: Any, /, beta: Any = 1, alpha: Any = 1) -> Any:
    product = _checked_mm(mat1, mat2)
    _of_one_dtype("mat1", mat1, "mat2", mat2)
    _of_one_dtype("self", self, "mat2", mat2)
    return _plus(self, product, beta, alpha)


row(
    "addmm",
    _addmm,
    self=lambda grad, beta: _scaled(grad, beta),
    mat1=lambda ops, grad, mat2, alpha: _scaled(ops.mm(grad, ops.t(mat2)), alpha),
    mat2=lambda ops, grad, mat1, alpha: _scaled(ops.mm(ops.t(mat1), grad), alpha),
)


def _addmv(self: Any, mat: Any, vec: Any, /, beta: Any = 1, alpha: Any = 1) -> Any:
    if mat.ndim != 2 or vec.ndim != 1 or self.ndim > 1:
        dims = {"added": self.ndim, "a": mat.ndim, "b": vec.ndim}
        raise RuntimeError(_errors.ADDMV_DIMS.format(**dims))
    if mat.shape[1] != vec.shape[0] or self.size not in {1, mat.shape[0]}:
        shape = "x".join(map(str, mat.shape))
        raise RuntimeError(_errors.MATRIX_VECTOR.format(rows=self.size, a=shape, b=vec.shape[0]))
    if not self.dtype == mat.dtype == vec.dtype:
        names = {"first": dtype_name(self), "mat": dtype_name(mat), "vec": dtype_name(vec)}
        raise RuntimeError(_errors.ADDMV_DTYPES.format(**names))
    return _plus(self, np.matmul(mat, vec), beta, alpha)


def _addr(self: Any, vec1: Any, vec2: Any, /, beta: Any = 1, alpha: Any = 1) -> Any:
    for name, one in (("vec1", vec1), ("vec2", vec2)):
        if one.ndim != 1:
            raise RuntimeError(_errors.ADDR_DIMS.format(name=name, dim=one.ndim))
    return _plus(self, np.outer(vec1, vec2), beta, alpha)


def _addbmm(self: Any, batch1: Any, batch2: Any, /, beta: Any = 1, alpha: Any = 1) -> Any:
    matrix.check_batched(batch1, batch2)
    if batch1.shape[0] != batch2.shape[0]:
        counts = {"a": batch1.shape[0], "b": batch2.shape[0]}
        raise RuntimeError(_errors.BATCH_COUNTS.format(**counts))
    if batch1.shape[2] != batch2.shape[1]:
        a, b = ("x".join(map(str, one.shape[1:])) for one in (batch1, batch2))
        raise RuntimeError(_errors.BATCH_SHAPES.format(a=a, b=b))
    return _plus(self, np.matmul(batch1, batch2).sum(0), beta, alpha)


def _baddbmm(self: Any, batch1: Any, batch2: Any, /, beta: Any = 1, alpha: Any = 1) -> Any:
    matrix.check_batched(batch1, batch2)
    matrix.check_sizes(batch1, batch2)
    if not self.dtype == batch1.dtype == batch2.dtype:
        a, b, c = (matrix.c_name(one) for one in (self, batch1, batch2))
        raise RuntimeError(_errors.BATCH_DTYPES.format(a=a, b=b, c=c))
    return _plus(self, np.matmul(batch1, batch2), beta, alpha)


row(
    "addmv",
    _addmv,
    self=lambda grad, beta: _scaled(grad, beta),
    mat=lambda ops, grad, vec, alpha: _scaled(ops.unsqueeze(grad, 1) * vec, alpha),
    vec=lambda ops, grad, mat, alpha: _scaled(ops.mv(ops.t(mat), grad), alpha),
)
row(
    "addr",
    _addr,
    self=lambda grad, beta: _scaled(grad, beta),
    vec1=lambda ops, grad, vec2, alpha: _scaled(ops.mv(grad, vec2), alpha),
    vec2=lambda ops, grad, vec1, alpha: _scaled(ops.mv(ops.t(grad), vec1), alpha),
)
row(
    "addbmm",
    _addbmm,
    self=lambda grad, beta: _scaled(grad, beta),
    batch1=lambda grad, batch2, alpha: _scaled(grad @ batch2.mT, alpha),
    batch2=lambda grad, batch1, alpha: _scaled(batch1.mT @ grad, alpha),
)
row(
    "baddbmm",
    _baddbmm,
    self=lambda grad, beta: _scaled(grad, beta),
    batch1=lambda grad, batch2, alpha: _scaled(grad @ batch2.mT, alpha),
    batch2=lambda grad, batch1, alpha: _scaled(batch1.mT @ grad, alpha),
)


def _vdot(self: Any, other: Any, /) -> Any:
    if self.ndim != 1 or other.ndim != 1:
        raise RuntimeError(_errors.DOT_DIMS.format(a=self.ndim, b=other.ndim))
    if self.shape != other.shape:
        raise RuntimeError(_errors.DOT_SIZE.format(a=self.size, b=other.size))
    return np.dot(self, other)


row(
    "vdot",
    _vdot,
    self=lambda grad, other: grad * other,
    other=lambda grad, self: grad * self,
)


def _cross(self: Any, other: Any, /, dim: int = -1) -> Any:
    shape = np.broadcast_shapes(self.shape, other.shape)
    if self.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            _errors.CROSS_SIZE.format(dim=dim, first=self.shape[dim], second=other.shape[dim])
        )
    a, b = (np.moveaxis(np.broadcast_to(one, shape), dim, 0) for one in (self, other))
    found = [a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3] for i in range(3)]
    return np.stack(found, dim)


row(
    "linalg_cross",
    _cross,
    self=lambda ops, grad, other, dim: ops.linalg_cross(other, grad, dim),
    other=lambda ops, grad, self, dim: ops.linalg_cross(grad, self, dim),
)


def _affine(bias: Any, self: Any, weight: Any, /) -> Any:
    if self.shape[1] != weight.shape[0]:
        raise RuntimeError(
            _errors.MATMUL_SHAPES.format(
                a="x".join(map(str, self.shape)), b="x".join(map(str, weight.shape))
            )
        )
    _of_one_dtype("mat1", self, "mat2", weight)
    _of_one_dtype("self", bias, "mat2", weight)
    product = np.matmul(self, weight)
    if bias.ndim != 1 or bias.size != weight.shape[1]:
        TABLE["expand"].forward(bias, product.shape)
    return product + bias


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
