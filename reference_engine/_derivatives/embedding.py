"""Rows of a table looked up by numbers, and numbers as rows of zeros with a one."""

from typing import Any

import numpy as np

from reference_engine import _errors
from reference_engine._derivatives._table import row
from reference_engine._derivatives.shapes import Shape


def _embedding_shares(indices: Any, /, padding_idx: int, by_frequency: bool) -> Any:
    """What each looked-up row's gradient is multiplied by."""
    shares = np.ones(indices.shape)
    if by_frequency:
        _, places, counts = np.unique(indices, return_inverse=True, return_counts=True)
        shares = 1.0 / counts[places.reshape(indices.shape)]
    return np.where(indices == padding_idx, 0.0, shares)[..., np.newaxis]


def _embedding(weight: Any, indices: Any, /, padding_idx: int, by_frequency: bool) -> Any:
    if indices.size and (indices.min() < 0 or indices.max() >= len(weight)):
        raise IndexError(_errors.INDEX_SELECT_BOUNDS)
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


row("one_hot", lambda self, /, classes: self[..., np.newaxis] == np.arange(classes))
