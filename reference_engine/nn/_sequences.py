"""The loss of torch.nn.functional for sequences of labels that are not aligned."""

from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _reductions
from reference_engine._dispatch import wrap
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops
from reference_engine.nn._reduction import reduction_of

__all__ = ["ctc_loss"]


def _numbers(lengths: Any) -> list[int]:
    found = lengths.tolist() if isinstance(lengths, Tensor) else lengths
    return [int(one) for one in found] if isinstance(found, (list, tuple)) else [int(found)]


def _labels(targets: Any, lengths: list[int]) -> list[Any]:
    """The labels of each sample, of targets that are padded or come one after the other."""
    array = np.asarray(targets._array).astype(np.int64)
    longest = max(lengths, default=0)
    if array.ndim == 1:
        if len(array) != sum(lengths):
            sizes = {"expected": sum(lengths), "found": len(array)}
            raise RuntimeError(_errors.CTC_CONCATENATED.format(**sizes))
        return np.split(array, np.cumsum(lengths)[:-1])
    if array.shape[1] < longest:
        sizes = {"expected": longest, "found": array.shape[1]}
        raise RuntimeError(_errors.CTC_PADDED.format(**sizes))
    return [line[:length] for line, length in zip(array, lengths, strict=True)]


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """How unlikely labels are, whatever their alignment: log_probs (steps, batch, classes)."""
    reduction = reduction_of(reduction)
    alone = log_probs._array.ndim == 2
    if alone:
        log_probs = _functions.unsqueeze(log_probs, 1)
        targets = _functions.reshape(targets, 1, -1)
    steps, batch, classes = log_probs._array.shape
    given, wanted = _numbers(input_lengths), _numbers(target_lengths)
    if not 0 <= blank < classes:
        raise RuntimeError(_errors.CTC_BLANK)
    for name, one in (("input", given), ("target", wanted)):
        if len(one) != batch:
            raise RuntimeError(_errors.CTC_LENGTHS.format(name=name))
    labels = _labels(targets, wanted)
    if max(given, default=0) > steps:
        raise RuntimeError(_errors.CTC_STEPS.format(steps=steps, found=max(given)))
    found = ops.ctc_loss(log_probs, labels, given, blank, zero_infinity)
    if zero_infinity:
        found = _functions.where(found == np.inf, 0.0, found)
    if reduction == "sum":
        return _reductions.sum(found)
    if reduction == "mean":
        sizes = np.maximum(np.array(wanted), 1).astype(found._array.dtype)
        return _reductions.mean(found / wrap(sizes))
    return _functions.squeeze(found, 0) if alone else found
