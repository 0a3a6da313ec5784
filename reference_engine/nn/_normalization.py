"""Normalisation in torch.nn.functional."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from reference_engine import _errors, _functions, _reductions
from reference_engine._dispatch import storage
from reference_engine._tensor import Tensor
from reference_engine.nn._activations import ops
from reference_engine.nn._pooling import avg_pool2d, avg_pool3d

__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm",
    "rms_norm",
]  # fmt: skip


def _check_normalized_shape(
    name: str, input: Tensor, shape: tuple[int, ...], weight: Tensor | None
) -> None:
    if weight is not None and tuple(weight.shape) != shape:
        raise RuntimeError(
            _errors.NORMALIZED_WEIGHT.format(weight=list(weight.shape), shape=list(shape))
        )
    if tuple(input.shape[-len(shape) :]) != shape:
        sizes = ", ".join(map(str, shape))
        raise RuntimeError(
            _errors.NORMALIZED_SHAPE.format(shape=list(shape), sizes=sizes, found=list(input.shape))
        )


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each slice of `normalized_shape` (the last dimensions) to mean 0 and variance 1."""
    if not isinstance(input, Tensor):
        raise _functions.refusal("layer_norm", input)
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
    squares = _reductions.mean(input**2, tuple(range(-len(shape), 0)), True)  # type: ignore[operator]
    found = input * ops.rsqrt(ops.add_number(squares, eps))
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
    if not isinstance(input, Tensor):
        raise _functions.refusal("batch_norm", input)
    array = input._array
    count = array.size // array.shape[1] if array.size else 0
    if training and count == 1:
        raise ValueError(_errors.BATCH_NORM_SIZE.format(shape=input.shape))
    given = {
        "running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias,
    }  # fmt: skip
    for name, one in given.items():
        if one is None:
            if name.startswith("running") and not training:
                raise RuntimeError(_errors.BATCH_NORM_STATISTICS.format(name=name))
        elif one._array.size != array.shape[1]:
            sizes = {"expected": array.shape[1], "found": one._array.size}
            raise RuntimeError(_errors.BATCH_NORM_LENGTH.format(name=name, **sizes))
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
        raise RuntimeError(_errors.GROUPS.format(shape=list(input.shape), groups=num_groups))
    for name, one in (("weight", weight), ("bias", bias)):
        if one is not None and one._array.shape != (input.shape[1],):
            shapes = {"found": list(one._array.shape), "input": list(input.shape)}
            raise RuntimeError(_errors.GROUP_NORM_SIZES.format(name=name, **shapes))
    return ops.native_group_norm(input, weight, bias, num_groups, eps)  # type: ignore[no-any-return]


def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """The input divided by a power of the squares around its channel."""
    if input.dim() < 3:
        raise ValueError(_errors.RESPONSE_NORM_DIMS.format(dim=input.dim()))
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
        raise ValueError(_errors.INSTANCE_NORM_SIZE.format(shape=input.shape))
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
