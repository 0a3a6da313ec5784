"""Products of matrices and vectors, with PyTorch's checks of shapes and dtypes."""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._promotion import dtype_name


def _shape_text(array: Any) -> str:
    return "x".join(str(size) for size in array.shape)


_C_NAMES = {
    "Long": "long int", "Short": "short int", "Char": "signed char", "Byte": "unsigned char",
    "Half": "c10::Half",
}  # fmt: skip


def c_name(array: Any) -> str:
    """The name of an array's dtype in C++, which some messages have."""
    name = dtype_name(array)
    return _C_NAMES.get(name, name.lower())


def _same_dtype(a: Any, b: Any) -> None:
    if a.dtype != b.dtype:
        raise RuntimeError(_errors.MATMUL_DTYPE.format(a=c_name(a), b=c_name(b)))


def _product(kernel: str, multiply: Any, a: Any, b: Any) -> Any:
    """A product, unless of bools, for which PyTorch has no kernel."""
    if a.dtype.kind == "b":
        raise NotImplementedError(_errors.NOT_IMPLEMENTED.format(name=kernel, dtype="Bool"))
    return multiply(a, b)


def is_vector(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether the right side of a system (of matrices of `shape`) is a batch of vectors."""
    return len(other) == 1 or (len(shape) - 1 == len(other) and other == shape[:-1])


def _mm(self: Any, mat2: Any, /) -> Any:
    if self.ndim != 2 or mat2.ndim != 2:
        name = "self" if self.ndim != 2 else "mat2"
        raise RuntimeError(_errors.MUST_BE_MATRIX.format(name=name))
    if self.shape[1] != mat2.shape[0]:
        raise RuntimeError(_errors.MATMUL_SHAPES.format(a=_shape_text(self), b=_shape_text(mat2)))
    if self.dtype is not mat2.dtype:
        _same_dtype(self, mat2)
    return _product("addmm_impl_cpu_", np.matmul, self, mat2)


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
    return _product("addmv_impl_cpu", np.matmul, self, vec)


def _dot(self: Any, tensor: Any, /) -> Any:
    if self.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(_errors.DOT_DIMS.format(a=self.ndim, b=tensor.ndim))
    if self.dtype != tensor.dtype:
        raise RuntimeError(_errors.DOT_DTYPE.format(a=dtype_name(self), b=dtype_name(tensor)))
    if self.shape != tensor.shape:
        raise RuntimeError(_errors.DOT_SIZE.format(a=self.size, b=tensor.size))
    return _product("dot", np.dot, self, tensor)


def check_batched(first: Any, second: Any) -> None:
    """Refuse what is no batch of matrices."""
    for name, one in (("batch1", first), ("batch2", second)):
        if one.ndim != 3:
            raise RuntimeError(_errors.MUST_BE_BATCHED.format(name=name))


def check_sizes(self: Any, mat2: Any) -> None:
    """Refuse two batches of matrices that cannot be multiplied."""
    if self.shape[0] != mat2.shape[0] or self.shape[2] != mat2.shape[1]:
        raise RuntimeError(
            _errors.BATCH_SIZES.format(
                batch=self.shape[0],
                inner=self.shape[2],
                found_batch=mat2.shape[0],
                found_inner=mat2.shape[1],
            )
        )


def _bmm(self: Any, mat2: Any, /) -> Any:
    check_batched(self, mat2)
    check_sizes(self, mat2)
    if self.dtype != mat2.dtype:
        names = {"expected": dtype_name(self), "found": dtype_name(mat2)}
        raise RuntimeError(_errors.BATCH_DTYPE.format(**names))
    return _product("bmm", np.matmul, self, mat2)


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
