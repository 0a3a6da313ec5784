"""How samples become a batch: tensors stacked, numbers gathered, containers gone through."""

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from reference_engine._creation import as_tensor, tensor
from reference_engine._functions import stack
from reference_engine._tensor import Tensor

COLLATE_TYPE = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
    "{type}"
)
UNEVEN = "each element in list of batch should be of equal size"


def default_collate(batch: Sequence[Any]) -> Any:
    """One batch out of samples of one structure: a leading dimension is added to each tensor.

    Raises RuntimeError where lists differ in length, TypeError for what cannot be put in a tensor.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(batch, 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SaUO":
            raise TypeError(COLLATE_TYPE.format(type=first.dtype))
        return stack([as_tensor(one) for one in batch], 0)
    if isinstance(first, (np.bool_, np.number)):
        return as_tensor(np.array(batch))
    if isinstance(first, float):
        return as_tensor(np.array(batch, np.float64))
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        gathered = {name: default_collate([one[name] for one in batch]) for name in first}
        return _like_mapping(first, gathered)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(column) for column in zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(one) != len(first) for one in batch):
            raise RuntimeError(UNEVEN)
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _like_sequence(first, columns)
    raise TypeError(COLLATE_TYPE.format(type=type(first)))


def default_convert(data: Any) -> Any:
    """A sample with tensors for its arrays, otherwise as it is."""
    if isinstance(data, (np.ndarray, np.bool_, np.number)):
        if isinstance(data, np.ndarray) and data.dtype.kind in "SaUO":
            return data
        return as_tensor(np.asarray(data))
    if isinstance(data, Mapping):
        return _like_mapping(data, {name: default_convert(one) for name, one in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(one) for one in data))
    if isinstance(data, tuple):
        return [default_convert(one) for one in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(one) for one in data])
    return data


def _like_mapping(model: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """The values in a mapping of the model's kind, or in a dict where that cannot be made."""
    if isinstance(model, MutableMapping):
        return _or_plain(lambda: _updated(copy.copy(model), values), values)
    kind: Any = type(model)
    return _or_plain(lambda: kind(values), values)


def _updated(mapping: Any, values: dict[Any, Any]) -> Any:
    mapping.update(values)
    return mapping


def _like_sequence(model: Sequence[Any], values: list[Any]) -> Any:
    """The values in a sequence of the model's kind, or in a list where that cannot be made."""
    if isinstance(model, MutableSequence):
        return _or_plain(lambda: _filled(copy.copy(model), values), values)
    kind: Any = type(model)
    return _or_plain(lambda: kind(values), values)


def _filled(sequence: Any, values: list[Any]) -> Any:
    for place, value in enumerate(values):
        sequence[place] = value
    return sequence


def _or_plain(make: Callable[[], Any], plain: Any) -> Any:
    try:
        return make()
    except TypeError:
        return plain
