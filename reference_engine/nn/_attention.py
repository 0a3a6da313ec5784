"""Attention in torch.nn.functional."""

from math import sqrt

import numpy as np

from reference_engine import _errors, _functions, _products
from reference_engine._dispatch import wrap
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops
from reference_engine.nn._layers import dropout

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """The values weighed by the softmax of the scaled products of queries and keys."""
    factor = 1 / sqrt(query.shape[-1]) if scale is None else scale
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError(_errors.ATTENTION_MASKS)
        attn_mask = wrap(np.tri(query.shape[-2], key.shape[-2], dtype=np.bool_))
    if enable_gqa:
        key, value = (_repeated_heads(one, query.shape[-3]) for one in (key, value))
    if _is_fused(query, key, value, attn_mask, dropout_p):
        return ops.scaled_dot_product_attention(query, key, value, attn_mask, factor)  # type: ignore[no-any-return]
    root = sqrt(factor)
    turned = ops.mul_number(_functions.transpose(key, -2, -1), root)
    scores = _products.matmul(ops.mul_number(query, root), turned)
    if attn_mask is not None:
        if attn_mask._array.dtype == np.bool_:
            lowest = np.where(attn_mask._array, 0, -np.inf).astype(scores._array.dtype)
            attn_mask = wrap(lowest)
        scores = scores + attn_mask  # type: ignore[operator]
    weights = ops.safe_softmax(scores, -1)
    return _products.matmul(dropout(weights, dropout_p), value)


def _repeated_heads(input: Tensor, heads: int) -> Tensor:
    places = np.repeat(np.arange(input.shape[-3]), heads // input.shape[-3])
    return _functions.index_select(input, -3, wrap(places))


def _is_fused(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float
) -> bool:
    """Whether PyTorch takes its kernel for processors, which is one operation."""
    shapes = [one._array.shape for one in (query, key, value)]
    return (
        all(len(shape) == 4 and shape[2] for shape in shapes)
        and len({(shape[:2], shape[3]) for shape in shapes}) == 1
        and dropout_p == 0
        and not (mask is not None and mask._requires_grad)
    )
