"""Layers of torch.nn.functional without windows: products, lookups, norms, dropout, attention."""

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from reference_engine import _functions, _random
from reference_engine._dispatch import storage, wrap
from reference_engine._tensor import Tensor
from reference_engine._types import int64
from reference_engine.nn._activations import ops
from reference_engine.nn._pooling import avg_pool2d, avg_pool3d


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.t() + bias`: weight (out, in), bias (out), input (..., in)."""
    turned = ops.t(weight)
    if bias is None:
        return _functions.matmul(input, turned)
    if input.dim() == 2:
        return ops.linear_addmm(bias, input, turned)  # type: ignore[no-any-return]
    if input.dim() and input._array.flags.c_contiguous:
        flat = _functions.view(input, (-1, input.shape[-1]))
        shape = (*input.shape[:-1], weight.shape[0])
        return _functions.view(ops.linear_addmm(bias, flat, turned), shape)
    return _functions.matmul(input, turned) + bias  # type: ignore[operator,no-any-return]


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input1 @ weight[o] @ input2` for every output o: weight (out, in1, in2)."""
    outer = tuple(input1.shape[:-1])
    first = _functions.view(input1, (-1, input1.shape[-1]))
    second = _functions.view(input2, (-1, input2.shape[-1]))
    found = _functions.view(ops.trilinear(first, weight, second), (*outer, weight.shape[0]))
    return found if bias is None else found + bias  # type: ignore[operator]


# -- dropout --------------------------------------------------------------------------------------


def _dropped(input: Tensor, p: float, training: bool, shape: tuple[int, ...]) -> Tensor:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0 or not input.numel():
        return input
    if p == 1:
        return input * wrap(np.zeros((), input._array.dtype))  # type: ignore[operator,no-any-return]
    kept = _random.default_generator.bernoulli(1 - p, shape, input._array.dtype)
    return input * wrap(kept / input._array.dtype.type(1 - p))  # type: ignore[operator,no-any-return]


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element dropped with probability `p`, the others divided by `1 - p`."""
    return _written(input, _dropped(input, p, training, input._array.shape), inplace)


def _feature_dropout(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    shape = input._array.shape
    channels = (*shape[:2], *(1,) * (len(shape) - 2))
    return _written(input, _dropped(input, p, training, channels), inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels dropped with probability `p`: input (batch, channels, length)."""
    if input.dim() == 2:
        found = _feature_dropout(_functions.unsqueeze(input, 0), p, training, inplace)
        return _functions.squeeze(found, 0)
    return _feature_dropout(input, p, training, inplace)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels dropped with probability `p`: input (batch, channels, height, width)."""
    return _feature_dropout(input, p, training, inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels dropped with probability `p`: input (batch, channels, three sizes)."""
    if input.dim() == 4:
        found = _feature_dropout(_functions.unsqueeze(input, 0), p, training, inplace)
        return _functions.squeeze(found, 0)
    return _feature_dropout(input, p, training, inplace)


def _written(input: Tensor, found: Tensor, inplace: bool) -> Tensor:
    return _functions.copy_(input, found) if inplace and found is not input else found


# -- lookups --------------------------------------------------------------------------------------


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` that the indices `input` name; `padding_idx` gets no gradient."""
    count = weight.shape[0]
    if padding_idx is not None and not -count <= padding_idx < count:
        raise AssertionError("Padding_idx must be within num_embeddings")
    padding = -1 if padding_idx is None else padding_idx % count
    if max_norm is not None:
        _limit_norms(weight, np.unique(input._array), max_norm, norm_type)
    return ops.embedding(weight, input, padding, scale_grad_by_freq)  # type: ignore[no-any-return]


def _limit_norms(weight: Tensor, rows: Any, limit: float, order: float) -> None:
    """Shrink the rows that are longer than `limit`, in place and unrecorded."""
    array = storage(weight)
    norms = np.linalg.norm(array[rows], order, axis=1, keepdims=True)
    array[rows] *= np.where(norms > limit, limit / (norms + 1e-7), 1)
    weight._counter[0] += 1


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A 1 in the column that each index names, zeros elsewhere: int64 (..., classes)."""
    indices = tensor._array
    if indices.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if indices.size and indices.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(indices.max()) + 1
    elif indices.size and indices.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return _functions.to(ops.one_hot(tensor, num_classes), int64)


# -- lengths and distances ------------------------------------------------------------------------


def normalize(
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None
) -> Tensor:
    """The input divided by its norm along `dim`, or by `eps` where that is larger."""
    length = ops.clamp_min(_functions.norm(input, p, dim, True), eps)
    return input / _functions.expand_as(length, input)  # type: ignore[operator,no-any-return]


def limited_below(values: Tensor, least: float) -> Tensor:
    """A copy with every element at least `least`, which gradients pass as if it were not."""
    copied = _functions.clone(values)
    array = storage(copied)
    np.maximum(array, least, out=array)
    return copied


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`."""
    shape = np.broadcast_shapes(x1._array.shape, x2._array.shape)
    directions = []
    for one in (x1, x2):
        spread = one if one._array.shape == shape else _functions.expand(one, shape)
        length = limited_below(_functions.norm(spread, 2, dim, True), eps)
        directions.append(spread / length)  # type: ignore[operator]
    return _functions.sum(directions[0] * directions[1], (dim,))


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The norm of `x1 - x2 + eps` along the last dimension."""
    difference = ops.add_number(x1 - x2, eps)  # type: ignore[operator]
    return ops.row_norm(difference, p, keepdim)  # type: ignore[no-any-return]


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances between every two rows."""
    if input.dim() != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.dim()}D")
    return ops.pdist(input, p)  # type: ignore[no-any-return]


# -- normalisation --------------------------------------------------------------------------------


def _check_normalized_shape(
    name: str, input: Tensor, shape: tuple[int, ...], weight: Tensor | None
) -> None:
    if weight is not None and tuple(weight.shape) != shape:
        raise RuntimeError(
            f"Expected weight to be of same shape as normalized_shape, but got weight of shape "
            f"{list(weight.shape)} and normalized_shape = {list(shape)}"
        )
    if tuple(input.shape[-len(shape) :]) != shape:
        sizes = ", ".join(map(str, shape))
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, {sizes}], but "
            f"got input of size{list(input.shape)}"
        )


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each slice of `normalized_shape` (the last dimensions) to mean 0 and variance 1."""
    shape = tuple(normalized_shape)
    _check_normalized_shape("layer_norm", input, shape, weight)
    return ops.native_layer_norm(input, weight, bias, len(shape), eps)  # type: ignore[no-any-return]


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """The input divided by the root mean square of its last dimensions."""
    shape = tuple(normalized_shape)
    _check_normalized_shape("rms_norm", input, shape, weight)
    if eps is None:
        eps = float(np.finfo(input._array.dtype).eps)
    squares = _functions.mean(input**2, tuple(range(-len(shape), 0)), True)  # type: ignore[operator]
    found = input * ops.rsqrt(squares + eps)  # type: ignore[operator]
    return found if weight is None else found * weight  # type: ignore[no-any-return]


def _updated(running: Tensor, found: Any, momentum: float) -> None:
    array = storage(running)
    array[...] = (1 - momentum) * array + momentum * found
    running._counter[0] += 1


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel (dimension 1) to mean 0 and variance 1, by the batch's or the running values.

    Training moves the running values by `momentum` towards the batch's, whose variance is then
    the unbiased one.
    """
    array = input._array
    count = array.size // array.shape[1] if array.size else 0
    if training:
        if count == 1:
            raise ValueError(
                "Expected more than 1 value per channel when training, got input size "
                f"{input.shape!r}"
            )
    elif running_mean is None or running_var is None:
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when training=False"
        )
    found = ops.native_batch_norm(
        input, weight, bias, *((None, None) if training else (running_mean, running_var)),
        training, eps,
    )  # fmt: skip
    if training and running_mean is not None and running_var is not None:
        dims = tuple(dim for dim in range(array.ndim) if dim != 1)
        _updated(running_mean, np.mean(array, dims), momentum)
        _updated(running_var, np.var(array, dims, ddof=1), momentum)
    return found  # type: ignore[no-any-return]


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each group of channels of each sample to mean 0 and variance 1."""
    if input.shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input.shape)} and num_groups={num_groups}"
        )
    return ops.native_group_norm(input, weight, bias, num_groups, eps)  # type: ignore[no-any-return]


def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """The input divided by a power of the squares around its channel."""
    if input.dim() < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {input.dim()} dimensions)"
        )
    squares = input * input
    before, after = size // 2, (size - 1) // 2
    if input.dim() == 3:
        padded = ops.constant_pad_nd(_functions.unsqueeze(squares, 1), (0, 0, before, after), 0)
        means = _functions.squeeze(avg_pool2d(padded, (size, 1), stride=1), 1)
    else:
        batch, channels, height, *rest = input._array.shape
        flat = _functions.view(squares, (batch, 1, channels, height, prod(rest)))
        padded = ops.constant_pad_nd(flat, (0, 0, 0, 0, before, after), 0)
        pooled = _functions.squeeze(avg_pool3d(padded, (size, 1, 1), stride=1), 1)
        means = _functions.view(pooled, tuple(input.shape))
    scale = _functions.pow(means * alpha + k, beta)  # type: ignore[operator]
    return input / scale  # type: ignore[no-any-return]


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of each sample to mean 0 and variance 1."""
    batch, channels, *places = input._array.shape
    if use_input_stats and prod(places) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape!r}"
        )
    repeated = [
        None if one is None else _functions.repeat(one, batch)
        for one in (running_mean, running_var, weight, bias)
    ]
    flat = _functions.reshape(input, (1, batch * channels, *places))
    means, variances, weights, biases = repeated
    found = batch_norm(flat, means, variances, weights, biases, use_input_stats, momentum, eps)
    for running, one in zip((running_mean, running_var), repeated[:2], strict=True):
        if running is not None and one is not None and use_input_stats:
            array = storage(running)
            array[...] = np.mean(one._array.reshape(batch, channels), 0)
            running._counter[0] += 1
    return _functions.view(found, tuple(input.shape))


# -- attention ------------------------------------------------------------------------------------


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
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
                "is_causal=True"
            )
        attn_mask = wrap(np.tri(query.shape[-2], key.shape[-2], dtype=np.bool_))
    if enable_gqa:
        key, value = (_repeated_heads(one, query.shape[-3]) for one in (key, value))
    if _is_fused(query, key, value, attn_mask, dropout_p):
        return ops.scaled_dot_product_attention(query, key, value, attn_mask, factor)  # type: ignore[no-any-return]
    root = sqrt(factor)
    turned = ops.mul_number(_functions.transpose(key, -2, -1), root)
    scores = _functions.matmul(ops.mul_number(query, root), turned)
    if attn_mask is not None:
        if attn_mask._array.dtype == np.bool_:
            lowest = np.where(attn_mask._array, 0, -np.inf).astype(scores._array.dtype)
            attn_mask = wrap(lowest)
        scores = scores + attn_mask  # type: ignore[operator]
    weights = ops.safe_softmax(scores, -1)
    return _functions.matmul(dropout(weights, dropout_p), value)


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
