"""Products of matrices and vectors, with PyTorch's checks of shapes and dtypes."""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._promotion import dtype_name


def _shape_text(array: Any) -> str:
    return "x".join(str(size) for size in array.shape)


def _same_dtype(a: Any, b: Any) -> None:
    if a.dtype != b.dtype:
        names = {"a": dtype_name(a).lower(), "b": dtype_name(b).lower()}
        raise RuntimeError(_errors.MATMUL_DTYPE.format(**names))


def is_vector(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether the right side of a system (of matrices of `shape`) is a batch of vectors."""
    return len(other) == 1 or (len(shape) - 1 == len(other) and other == shape[:-1])


def _mm(self: Any, mat2: Any, /) -> Any:
    for name, one in (("self", self), ("mat2", mat2)):
        if one.ndim != 2:
            raise RuntimeError(_errors.MUST_BE_MATRIX.format(name=name))
    if self.shape[1] != mat2.shape[0]:
        raise RuntimeError(_errors.MATMUL_SHAPES.format(a=_shape_text(self), b=_shape_text(mat2)))
    _same_dtype(self, mat2)
    return np.matmul(self, mat2)


def _mv(self: Any, vec: Any, /) -> Any:
    if self.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(_errors.MATRIX_VECTOR_DIMS.format(a=self.ndim, b=vec.ndim))
    if self.shape[1] != vec.shape[0]:
        raise RuntimeError(
            _errors.MATRIX_VECTOR.format(
                rows=self.shape[0], a=_shape_text(self), b=_shape_text(vec)
            )
        )
    if self.dtype != vec.dtype:
        raise RuntimeError(_errors.ADDMV_DTYPE.format(mat=dtype_name(self), vec=dtype_name(vec)))
    return np.matmul(self, vec)


def _dot(self: Any, tensor: Any, /) -> Any:
    if self.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(_errors.DOT_DIMS.format(a=self.ndim, b=tensor.ndim))
    if self.dtype != tensor.dtype:
        raise RuntimeError(_errors.DOT_DTYPE.format(a=dtype_name(self), b=dtype_name(tensor)))
    if self.shape != tensor.shape:
        raise RuntimeError(_errors.DOT_SIZE.format(a=self.size, b=tensor.size))
    return np.dot(self, tensor)


def _bmm(self: Any, mat2: Any, /) -> Any:
    for name, one in (("batch1", self), ("batch2", mat2)):
        if one.ndim != 3:
            raise RuntimeError(_errors.MUST_BE_BATCHED.format(name=name))
    if self.shape[0] != mat2.shape[0] or self.shape[2] != mat2.shape[1]:
        raise RuntimeError(
            _errors.BATCH_SIZES.format(
                batch=self.shape[0],
                inner=self.shape[2],
                found_batch=mat2.shape[0],
                found_inner=mat2.shape[1],
            )
        )
    _same_dtype(self, mat2)
    return np.matmul(self, mat2)


row(
    "mm",
    _mm,
    self=lambda ops, grad, mat2: ops.mm(grad, ops.t(mat2)),
    mat2=lambda ops, grad, self: ops.mm(ops.t(self), grad),
)
row(
    "mv",
    _mv,
    self=lambda ops, grad, vec: ops.unsqueeze(grad, 1) * vec,
    vec=lambda ops, grad, self: ops.mv(ops.t(self), grad),
)
row(
    "dot",
    _dot,
    self=lambda grad, tensor: grad * tensor,
    tensor=lambda grad, self: grad * self,
)
row(
    "bmm",
    _bmm,
    self=lambda ops, grad, mat2: ops.bmm(grad, ops.transpose(mat2, 1, 2)),
    mat2=lambda ops, grad, self: ops.bmm(ops.transpose(self, 1, 2), grad),
)
