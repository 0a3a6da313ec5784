"""Attention with several heads: projections, masks, and the weights that the heads give.

It knows nothing of modules; `MultiheadAttention` hands it the weights.
"""

import math
import warnings
from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import softmax
from reference_engine.nn._attention import scaled_dot_product_attention
from reference_engine.nn._layers import dropout, linear
from reference_engine.nn._padding import pad

__all__ = ["multi_head_attention_forward"]


def additive_mask(
    mask: Any, name: str, dtype: Any, *, other: Any = None, other_name: str = ""
) -> Any:
    """A mask to be added to scores: a bool one becomes minus infinity where it is True.

    `other` is a mask that it should have the dtype of.
    """
    if mask is None:
        return None
    if mask.dtype != torch.bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and mask.dtype != other.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both "
            "instead.",
            stacklevel=3,
        )
    if mask.is_floating_point():
        return mask
    lowest: Any = torch.zeros_like(mask, dtype=dtype)
    return lowest.masked_fill_(mask, -math.inf)


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """(output (length, batch, embedding), weights (batch, length, source) or None).

    Query, key and value are (length, batch, features), or without a batch (length, features).
    """
    is_batched = _check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not is_batched:
        query, key, value = _with_batch(query, key, value)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, width = query.shape
    key_padding_mask = additive_mask(
        key_padding_mask, "key_padding_mask", query.dtype, other=attn_mask, other_name="attn_mask"
    )
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    is_causal = is_causal and key_padding_mask is None and not need_weights
    attn_mask = None if is_causal else additive_mask(attn_mask, "attn_mask", query.dtype)
    if width != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}"
        )
    if width % num_heads:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        weights = (q_proj_weight, k_proj_weight, v_proj_weight)
        found = _projected_separately(query, key, value, weights, in_proj_bias)
    else:
        found = _projected(query, key, value, weight=in_proj_weight, bias=in_proj_bias)
    q, k, v = found
    attn_mask = _checked_mask(attn_mask, (length, key.shape[0]), batch * num_heads)
    heads, head_width = batch * num_heads, width // num_heads
    own = k.size(0)
    if bias_k is not None and bias_v is not None:
        k = torch.cat([k, bias_k.repeat(1, batch, 1)])
        v = torch.cat([v, bias_v.repeat(1, batch, 1)])
    q = q.view(length, heads, head_width).transpose(0, 1)
    k = _in_heads(k, heads, head_width) if static_k is None else static_k
    v = _in_heads(v, heads, head_width) if static_v is None else static_v
    if add_zero_attn:
        nothing = torch.zeros((heads, 1, head_width), dtype=k.dtype)
        k, v = torch.cat([k, nothing], dim=1), torch.cat([v, nothing], dim=1)
    more = 0 if static_k is not None else k.size(1) - own
    mask = _joined_mask(attn_mask, key_padding_mask, more, (batch, num_heads))
    dropped = dropout_p if training else 0.0
    attend = _attended_with_weights if need_weights else _attended
    output: Any
    output, shares = attend(q, k, v, mask, (batch, num_heads), dropped, is_causal)
    output = linear(output.reshape(length * batch, width), out_proj_weight, out_proj_bias)
    output = output.view(length, batch, -1)
    if shares is not None and average_attn_weights:
        shares = shares.mean(dim=1)
    if is_batched:
        return output, shares
    return output.squeeze(1), None if shares is None else shares.squeeze(0)


def _joined_mask(mask: Any, padding: Any, more: int, sizes: tuple[int, int]) -> Any:
    """One mask from both, wider by what was added behind the keys; None where there is none."""
    if more:
        mask, padding = (None if one is None else pad(one, (0, more)) for one in (mask, padding))
    if padding is None:
        return mask
    batch, heads = sizes
    spread = padding.view(batch, 1, 1, -1).expand(-1, heads, -1, -1)
    spread = spread.reshape(batch * heads, 1, -1)
    return spread if mask is None else mask + spread


def _attended(
    q: Any, k: Any, v: Any, mask: Any, sizes: tuple[int, int], dropped: float, is_causal: bool
) -> tuple[Any, None]:
    """What the heads give (length, batch, heads, width), in one operation."""
    if mask is not None:
        mask = mask.unsqueeze(0) if mask.size(0) == 1 else mask.view(*sizes, -1, k.size(1))
    q, k, v = (one.view(*sizes, -1, one.size(-1)) for one in (q, k, v))
    output: Any = scaled_dot_product_attention(q, k, v, mask, dropped, is_causal)
    return output.permute(2, 0, 1, 3), None


def _attended_with_weights(
    q: Any, k: Any, v: Any, mask: Any, sizes: tuple[int, int], dropped: float, _: bool
) -> tuple[Any, Any]:
    """What the heads give (length, heads, width), and their weights (batch, heads, ...)."""
    scaled = q * math.sqrt(1.0 / q.size(-1))
    turned = k.transpose(-2, -1)
    scores: Any = torch.bmm(scaled, turned) if mask is None else torch.baddbmm(mask, scaled, turned)
    shares: Any = softmax(scores, dim=-1)
    if dropped > 0.0:
        shares = dropout(shares, p=dropped)
    output = torch.bmm(shares, v).transpose(0, 1)
    return output, shares.view(*sizes, *shares.shape[1:])


def _with_batch(*tensors: Any) -> list[Any]:
    """The tensors with a batch of one; those that are the same object stay the same."""
    made: dict[int, Any] = {}
    return [made.setdefault(id(one), one.unsqueeze(1)) for one in tensors]


def _in_heads(values: Any, heads: int, width: int) -> Any:
    return values.view(values.shape[0], heads, width).transpose(0, 1)


def _projected(query: Any, key: Any, value: Any, *, weight: Any, bias: Any) -> Any:
    """Queries, keys and values, in one product for as many of them as come from one tensor."""
    if key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    width = query.size(-1)
    if key is value and query is key:
        return _split(linear(query, weight, bias), 3, width)
    if key is value:
        first, others = weight.split([width, 2 * width])
        biases = (None, None) if bias is None else bias.split([width, 2 * width])
        projected = linear(query, first, biases[0])
        return (projected, *_split(linear(key, others, biases[1]), 2, width))
    return _projected_apart((query, key, value), weight.chunk(3), bias)


def _projected_separately(query: Any, key: Any, value: Any, weights: Any, bias: Any) -> Any:
    """Queries, keys and values, of inputs that may have different numbers of features."""
    if key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    return _projected_apart((query, key, value), weights, bias)


def _projected_apart(tensors: Any, weights: Any, bias: Any) -> Any:
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    return [linear(*one) for one in zip(tensors, weights, biases, strict=True)]


def _split(found: Any, count: int, width: int) -> Any:
    """The parts of a projection, each in one piece of memory."""
    parts = found.unflatten(-1, (count, width)).unsqueeze(0).transpose(0, -2).squeeze(-2)
    parts = parts.contiguous()
    return tuple(parts[place] for place in range(count))


def _checked_mask(mask: Any, size: tuple[int, int], heads: int) -> Any:
    """The mask with a dimension for the heads."""
    if mask is None:
        return None
    expected = size if mask.dim() == 2 else (heads, *size)
    if mask.shape != expected:
        raise RuntimeError(
            f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {expected}."
        )
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


def _check_dims(query: Any, key: Any, value: Any, padding: Any, mask: Any, heads: int) -> bool:
    """Whether there is a batch; refuses arguments that disagree about it."""
    if query.dim() not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.dim()}-D query "
            "tensor"
        )
    dims = query.dim()
    kind = f"For {'batched' if dims == 3 else 'unbatched'} ({dims}-D) `query`, expected"
    if key.dim() != dims or value.dim() != dims:
        raise AssertionError(
            f"{kind} `key` and `value` to be {dims}-D but found {key.dim()}-D and {value.dim()}-D "
            "tensors respectively"
        )
    if padding is not None and padding.dim() != dims - 1:
        raise AssertionError(
            f"{kind} `key_padding_mask` to be `None` or {dims - 1}-D but found {padding.dim()}-D "
            "tensor instead"
        )
    if mask is not None and mask.dim() not in (2, 3):
        raise AssertionError(
            f"{kind} `attn_mask` to be `None`, 2-D or 3-D but found {mask.dim()}-D tensor instead"
        )
    if mask is not None and dims == 2 and mask.dim() == 3:
        expected = (heads, query.shape[0], key.shape[0])
        if mask.shape != expected:
            raise AssertionError(
                f"Expected `attn_mask` shape to be {expected} but got {mask.shape}"
            )
    return bool(dims == 3)
