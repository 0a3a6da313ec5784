"""Layers of torch.nn.functional without windows: products, dropout, lookups, distances."""

from math import sqrt
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _products, _random, _reductions
from reference_engine._dispatch import storage, wrap
from reference_engine._tensor import Tensor
from reference_engine._types import int64
from reference_engine.nn._activations import SELU_ALPHA, SELU_SCALE, ops

__all__ = [
    "alpha_dropout", "bilinear", "cosine_similarity", "dropout", "dropout1d", "dropout2d",
    "dropout3d", "embedding", "feature_alpha_dropout", "linear", "normalize", "one_hot",
    "pairwise_distance", "pdist",
]  # fmt: skip


def linear(input: Any, weight: Any, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.t() + bias`: weight (out, in), bias (out), input (..., in)."""
    if not isinstance(input, Tensor) or not isinstance(weight, Tensor):
        place, one = (2, weight) if isinstance(input, Tensor) else (1, input)
        raise _functions.refusal("linear", one, name=("input", "weight")[place - 1], position=place)
    turned = ops.t(weight)
    if not input._array.ndim:
        dims = {"a": 0, "b": weight._array.ndim}
        raise RuntimeError(_errors.LINEAR_SCALAR.format(**dims))
    if bias is None:
        return _products.matmul(input, turned)
    if input.dim() == 2:
        return ops.linear_addmm(bias, input, turned)  # type: ignore[no-any-return]
    if input.dim() and input._array.flags.c_contiguous:
        flat = _functions.view(input, (-1, input.shape[-1]))
        shape = (*input.shape[:-1], weight.shape[0])
        return _functions.view(ops.linear_addmm(bias, flat, turned), shape)
    return _products.matmul(input, turned) + bias  # type: ignore[operator,no-any-return]


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input1 @ weight[o] @ input2` for every output o: weight (out, in1, in2)."""
    outer = tuple(input1.shape[:-1])
    first = _functions.view(input1, (-1, input1.shape[-1]))
    second = _functions.view(input2, (-1, input2.shape[-1]))
    found = _functions.view(ops.trilinear(first, weight, second), (*outer, weight.shape[0]))
    return found if bias is None else found + bias  # type: ignore[operator]


# -- dropout --------------------------------------------------------------------------------------


def _dropped(
    input: Tensor, p: float, training: bool, shape: tuple[int, ...], *, alpha: bool = False
) -> Tensor:
    """The input times a mask of `shape`; with `alpha`, what is dropped becomes SELU's lowest value.

    Then everything is scaled and moved back to the mean and variance that it had.
    """
    if not 0 <= p <= 1:
        raise ValueError(_errors.DROPOUT_PROBABILITY.format(p=p))
    if not training or p == 0 or not input.numel():
        return input
    kind = input._array.dtype
    if p == 1:
        return input * wrap(np.zeros((), kind))  # type: ignore[operator,no-any-return]
    kept = _random.default_generator.bernoulli(1 - p, shape, kind)
    if not alpha:
        return input * wrap(kept / kind.type(1 - p))  # type: ignore[operator,no-any-return]
    lowest = SELU_ALPHA * SELU_SCALE
    scale = 1 / sqrt((lowest**2 * p + 1) * (1 - p))
    moved = (kept - 1) * kind.type(lowest * scale) + kind.type(lowest * scale * p)
    return input * wrap(kept * kind.type(scale)) + wrap(moved)  # type: ignore[operator,no-any-return]


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element dropped with probability `p`, the others divided by `1 - p`."""
    if not isinstance(input, Tensor):
        raise _functions.refusal("dropout", input)
    if inplace and training and 0 < p < 1 and input.numel():
        kept = _dropped(wrap(np.ones_like(input._array)), p, training, input._array.shape)
        return input.mul_(kept)  # type: ignore[attr-defined,no-any-return]
    return _written(input, _dropped(input, p, training, input._array.shape), inplace)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`dropout` that keeps the mean 0 and variance 1 of SELU's results."""
    return _written(input, _dropped(input, p, training, input._array.shape, alpha=True), inplace)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`alpha_dropout` of whole channels."""
    return _feature_dropout(input, p, training, inplace, alpha=True)


def _feature_dropout(
    input: Tensor, p: float, training: bool, inplace: bool, *, alpha: bool = False,
    unbatched: int = 0,
) -> Tensor:  # fmt: skip
    """Whole channels dropped; an input of `unbatched` dimensions has no batch before them."""
    if unbatched and input.dim() == unbatched:
        batch = _functions.unsqueeze(input, 0)
        return _functions.squeeze(_feature_dropout(batch, p, training, inplace), 0)
    shape = input._array.shape
    channels = (*shape[:2], *(1,) * (len(shape) - 2))
    return _written(input, _dropped(input, p, training, channels, alpha=alpha), inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels dropped with probability `p`: input (batch, channels, length)."""
    return _feature_dropout(input, p, training, inplace, unbatched=2)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels dropped with probability `p`: input (batch, channels, height, width)."""
    return _feature_dropout(input, p, training, inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels dropped with probability `p`: input (batch, channels, three sizes)."""
    return _feature_dropout(input, p, training, inplace, unbatched=4)


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
    if not isinstance(input, Tensor):
        raise _functions.refusal("embedding", input, name="indices", position=2)
    if input._array.dtype not in (np.int32, np.int64):
        raise RuntimeError(_errors.EMBEDDING_INDICES.format(legacy=input.dtype.legacy))
    if weight.dim() != 2:
        raise RuntimeError(_errors.EMBEDDING_WEIGHT)
    count = weight.shape[0]
    if padding_idx is not None and not -count <= padding_idx < count:
        raise AssertionError(_errors.PADDING_INDEX)
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
    if not isinstance(tensor, Tensor):
        raise _functions.refusal("one_hot", tensor)
    indices = tensor._array
    if indices.dtype != np.int64:
        raise RuntimeError(_errors.ONE_HOT_DTYPE)
    if indices.size and indices.min() < 0:
        raise RuntimeError(_errors.ONE_HOT_NEGATIVE)
    if not indices.size and num_classes <= 0:
        raise RuntimeError(_errors.ONE_HOT_EMPTY)
    if num_classes == -1:
        num_classes = int(indices.max()) + 1
    elif indices.size and indices.max() >= num_classes:
        raise RuntimeError(_errors.ONE_HOT_CLASSES)
    return _functions.to(ops.one_hot(tensor, num_classes), int64)


# -- lengths and distances ------------------------------------------------------------------------


def normalize(
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None
) -> Tensor:
    """The input divided by its norm along `dim`, or by `eps` where that is larger."""
    length = ops.clamp_min(_reductions.norm(input, p, dim, True), eps)
    return input / _functions.expand_as(length, input)  # type: ignore[operator,no-any-return]


def limited_below(values: Tensor, least: float) -> Tensor:
    """A copy with every element at least `least`, which gradients pass as if it were not."""
    copied = _functions.clone(values)
    array = storage(copied)
    np.maximum(array, least, out=array)
    return copied


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`."""
    for place, one in enumerate((x1, x2), 1):
        if not isinstance(one, Tensor):
            raise _functions.refusal("cosine_similarity", one, name=f"x{place}", position=place)
    shape = np.broadcast_shapes(x1._array.shape, x2._array.shape)
    directions = []
    for one in (x1, x2):
        spread = one if one._array.shape == shape else _functions.expand(one, shape)
        length = limited_below(_reductions.norm(spread, 2, dim, True), eps)
        directions.append(spread / length)  # type: ignore[operator]
    return _reductions.sum(directions[0] * directions[1], (dim,))


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The norm of `x1 - x2 + eps` along the last dimension."""
    difference = ops.add_number(x1 - x2, eps)  # type: ignore[operator]
    return ops.row_norm(difference, p, keepdim)  # type: ignore[no-any-return]


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances between every two rows."""
    if input.dim() != 2:
        raise RuntimeError(_errors.PDIST_DIMS.format(dim=input.dim()))
    return ops.pdist(input, p)  # type: ignore[no-any-return]
