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


# -- bags of rows ---------------------------------------------------------------------------------


def _bag(weight: Any, indices: Any, shares: Any, /, bags: Any, count: int) -> Any:
    found = np.zeros((count, weight.shape[1]), weight.dtype)
    np.add.at(found, bags, weight[indices] * shares[:, np.newaxis])
    return found


def _bag_backward(ops: Any, grad: Any, indices: Any, shares: Any, shape: Shape, bags: Any) -> Any:
    rows = ops.index(grad, (bags,)) * ops.unsqueeze(shares, 1)
    return ops.index_select_transposed(rows, indices, shape, 0)


row(
    "embedding_bag",
    _bag,
    weight=lambda ops, grad, indices, shares, weight_shape, bags: _bag_backward(
        ops, grad, indices, shares, weight_shape, bags
    ),
    shares=lambda ops, grad, weight, indices, bags: ops.sum_dim(
        ops.index(grad, (bags,)) * ops.index_select(weight, indices, 0), (1,), False
    ),
)


def _largest_places(weight: Any, indices: Any, bags: Any, count: int) -> Any:
    """For each bag and column the row with the largest element; -1 for an empty bag."""
    places = np.full((count, weight.shape[1]), -1)
    for bag in range(count):
        rows = indices[bags == bag]
        if len(rows):
            places[bag] = rows[np.argmax(weight[rows], axis=0)]
    return places


def _bag_max(weight: Any, indices: Any, /, bags: Any, count: int) -> Any:
    places = _largest_places(weight, indices, bags, count)
    found = weight[places, np.arange(weight.shape[1])]
    return np.where(places >= 0, found, weight.dtype.type(0))


def _bag_max_backward(ops: Any, grad: Any, weight: Any, indices: Any, bags: Any, count: int) -> Any:
    places = ops.largest_places(weight, indices, bags, count)
    columns = np.arange(weight.shape[1])
    kept = grad * ops.where(places >= 0, 1.0, 0.0)
    return ops.added_at(kept, tuple(weight.shape), (places, columns))


row("largest_places", lambda self, indices, /, bags, count: _largest_places(
    self, indices, bags, count
))  # fmt: skip
row(
    "embedding_bag_max",
    _bag_max,
    node="EmbeddingBagBackward0",
    weight=lambda ops, grad, weight, indices, bags, count: _bag_max_backward(
        ops, grad, weight, indices, bags, count
    ),
)
