"""Attention: the weights of keys for queries, and the weighted values.

The formulas compute the weights anew: a pass saves what it was given, not the large matrix.
"""

from math import prod
from typing import Any

import numpy as np

from reference_engine._derivatives import _elementary as elementary
from reference_engine._derivatives._table import row
from reference_engine._derivatives.shapes import Shape
from reference_engine._quiet import quiet


@quiet
def _safe_softmax(self: Any, /, dim: int) -> Any:
    highest = np.max(self, axis=dim, keepdims=True)
    exponentials = elementary.exp(self - np.where(np.isfinite(highest), highest, 0))
    total = np.sum(exponentials, axis=dim, keepdims=True)
    return np.where(total == 0, 0, exponentials / total)


row(
    "safe_softmax",
    _safe_softmax,
    self=lambda ops, grad, result, dim: result * (grad - ops.sum_dim(grad * result, dim, True)),
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
