"""Rows of a table summed bag by bag, and one of several outcomes drawn so that gradients pass."""

import warnings
from typing import Any

import numpy as np

import reference_engine as torch
from reference_engine import _errors
from reference_engine._dispatch import wrap
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops
from reference_engine.nn._layers import _limit_norms

__all__ = ["embedding_bag", "gumbel_softmax"]


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or largest of the rows of `weight` that each bag of indices names.

    A bag is a row of `input` (bags, indices), or goes in (indices,) from one of `offsets` up to
    the next. Rows of `padding_idx` do not count.
    """
    if per_sample_weights is not None and input.size() != per_sample_weights.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then "
            f"it must have the same shape as the input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(
            f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}"
        )
    indices, starts = _bags(input, offsets)
    if mode not in {"sum", "mean", "max"}:
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and (scale_grad_by_freq or sparse):
        what = "scaling the gradient by the frequency" if scale_grad_by_freq else "sparse weights"
        raise ValueError(f"max mode does not support {what}")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    if include_last_offset:
        starts = starts[:-1]
    rows = len(weight)
    if indices.size and (indices.min() < 0 or indices.max() >= rows):
        raise RuntimeError(_errors.INDEX_SELECT_BOUNDS)
    if max_norm is not None:
        _limit_norms(weight, np.unique(indices), max_norm, norm_type)
    count = len(starts)
    bags = np.searchsorted(starts, np.arange(len(indices)), side="right") - 1
    kept = np.ones(len(indices), bool) if padding_idx is None else indices != padding_idx % rows
    if per_sample_weights is not None:
        per_sample_weights = per_sample_weights.reshape(-1)
        if padding_idx is not None:
            per_sample_weights = per_sample_weights[wrap(kept)]
    indices, bags = indices[kept], bags[kept]
    if mode == "max":
        return ops.embedding_bag_max(weight, wrap(indices), bags, count)  # type: ignore[no-any-return]
    shares = per_sample_weights
    if shares is None:
        sizes = np.bincount(bags, minlength=count)[bags] if mode == "mean" else np.ones(len(bags))
        shares = wrap((1 / sizes).astype(weight._array.dtype))
    return ops.embedding_bag(weight, wrap(indices), shares, bags, count)  # type: ignore[no-any-return]


def _bags(input: Any, offsets: Any) -> tuple[Any, Any]:
    """The indices in a line, and where each bag of them starts."""
    array = np.asarray(input._array)
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {type(offsets)}"
            )
        return array.reshape(-1), np.arange(len(array)) * array.shape[1]
    if input.dim() != 1:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.dim() != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    return array, np.asarray(offsets._array)


def gumbel_softmax(
    logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """A draw that is nearly one-hot, the nearer the smaller `tau`; exactly so if `hard`.

    Gradients always pass as if it were not `hard`.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    drawn: Any = torch.empty_like(logits)
    noise = -drawn.exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft  # type: ignore[no-any-return]
    places = soft.max(dim, keepdim=True)[1]
    zeros: Any = torch.zeros_like(logits)
    return zeros.scatter_(dim, places, 1.0) - soft.detach() + soft  # type: ignore[no-any-return]
