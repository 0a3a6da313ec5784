"""`tensor[key]` and `tensor[key] = value`, taken apart as PyTorch does.

Numbers, slices, None and the ellipsis are views, one after the other; lists and tensors of
indices, and masks, are one operation that copies.
"""

import warnings
from operator import index
from typing import Any

import numpy as np

from reference_engine import _errors, _functions
from reference_engine._derivatives._table import TABLE
from reference_engine._derivatives.indexing import Indices
from reference_engine._dispatch import dispatch, dispatch_in_place, wrap
from reference_engine._narrowing import number
from reference_engine._tensor import Tensor


def get_item(self: Tensor, key: Any) -> Tensor:
    """The elements at `key`: a view where the key is basic, a copy where it holds indices."""
    viewed, advanced = _basic_part(self, _as_tuple(key) if type(key) is list else key)
    if advanced is None:
        if viewed is self:
            return dispatch(TABLE["alias"], (self,))  # type: ignore[no-any-return]
        return viewed
    return dispatch(TABLE["index"], (viewed,), (advanced,))  # type: ignore[no-any-return]


def set_item(self: Tensor, key: Any, value: Any) -> None:
    """Write `value`, broadcast, to the elements at `key`; the history follows."""
    if not isinstance(value, _ASSIGNED):
        name = _functions.full_name(type(value))
        raise TypeError(_errors.ASSIGNED_TYPE.format(type=name, legacy=self.dtype.legacy))
    viewed, advanced = _basic_part(self, _as_tuple(key) if type(key) is list else key, writes=True)
    source = value if isinstance(value, Tensor) else wrap(number(value, self._array.dtype))
    if advanced is not None:
        _check_dtypes(viewed, source, advanced)
        if source._array.shape[:1] == (1,):
            source = _without_front(source, TABLE["index"].forward(viewed._array, advanced).ndim)
        try:
            dispatch_in_place(TABLE["index_put"], viewed, (source,), (advanced,))
        except (RuntimeError, ValueError):
            _check_broadcast(source, viewed._array[advanced].shape)
            raise
        except IndexError:
            TABLE["index"].forward(viewed._array, advanced)  # the same in PyTorch's words
            raise
        return
    source = _without_front(source, viewed._array.ndim)
    TABLE["expand"].forward(source._array, viewed._array.shape)  # its error, where it does not fit
    if viewed is self and not source._array.ndim:
        dispatch_in_place(TABLE["fill_tensor"], self, (source,))
    else:
        _functions.copy_(viewed, source)


def _check_dtypes(target: Tensor, source: Tensor, key: tuple[Any, ...]) -> None:
    """Refuse values of another dtype, but for one that fills a mask."""
    masks = [one for one in key if isinstance(one, np.ndarray)]
    fills = source._array.size == 1 and len(masks) == 1 and masks[0].dtype == np.bool_
    if source._array.dtype != target._array.dtype and not fills:
        names = {"expected": target.dtype.legacy, "found": source.dtype.legacy}
        raise RuntimeError(_errors.INDEX_PUT_DTYPES.format(**names))


def _without_front(source: Tensor, ndim: int) -> Tensor:
    """A value without dimensions of size 1 before those of the place that it is written to."""
    while source._array.ndim > ndim and source._array.shape[0] == 1:
        source = _functions.squeeze(source, 0)
    return source


def _as_tuple(key: list[Any]) -> Any:
    """A list of indices as the tuple that it is taken for, where it holds more than numbers."""
    several = (Tensor, list, tuple, slice, type(None), type(Ellipsis))
    if len(key) < _LONG and any(isinstance(one, several) for one in key):
        warnings.warn(_errors.INDEX_SEQUENCE, UserWarning, stacklevel=3)
        return tuple(key)
    return key


_LONG = 32
"""A list of so many indices is never taken for a tuple."""


_ASSIGNED = (Tensor, bool, int, float, complex, np.integer, np.bool_)


def _check_broadcast(source: Tensor, expected: tuple[int, ...]) -> None:
    found = source._array.shape
    pairs = zip(reversed(found), reversed(expected), strict=False)
    if len(found) > len(expected) or any(have not in {1, want} for have, want in pairs):
        text = _errors.ASSIGNED_SHAPE.format(found=list(found), expected=list(expected))
        raise RuntimeError(text) from None


def _basic_part(
    self: Tensor, key: Any, *, writes: bool = False
) -> tuple[Tensor, tuple[Any, ...] | None]:
    """The view by the basic parts of a key, and the NumPy key of what is left to index.

    To write everything needs no view.
    """
    given = key if isinstance(key, tuple) else (key,)
    keys = _expanded(self, given)
    viewed = self
    advanced: list[Any] = []
    dim = 0
    for place, one in enumerate(keys):
        if one is None:
            viewed = _functions.unsqueeze(viewed, dim)
        elif isinstance(one, slice):
            viewed = _sliced(viewed, dim, one, only=len(keys) == 1 and not writes)
        elif isinstance(one, int):
            size = viewed._array.shape[dim]
            if not -size <= one < size:
                stood = _place_given(given, place, len(keys))
                raise IndexError(_errors.INDEX_BOUNDS.format(index=one, dim=stood, size=size))
            viewed = dispatch(TABLE["select"], (viewed,), (dim, one))
            continue
        else:
            advanced.extend([slice(None)] * (dim - len(advanced)))
            places = one
            if places.dtype == np.bool_:
                if not places.ndim:
                    viewed, places = _functions.unsqueeze(viewed, dim), places.reshape(1)
                _check_mask(viewed, dim, places)
            advanced.append(places)
            dim += places.ndim if places.dtype == np.bool_ else 1
            advanced.extend([_COVERED] * (dim - len(advanced)))
            continue
        dim += 1
    if not advanced:
        return viewed, None
    found = Indices(one for one in advanced if one is not _COVERED)
    found.tensors = tuple(one for one in given if isinstance(one, Tensor))
    found.versions = tuple(one._counter[0] for one in found.tensors)
    return viewed, found


_COVERED = object()
"""Stands for the further dimensions that a mask of several dimensions covers."""


def _check_mask(self: Tensor, dim: int, mask: np.ndarray[Any, Any]) -> None:
    shape = self._array.shape
    for place, size in enumerate(mask.shape, dim):
        if size != shape[place]:
            shapes = {"mask": list(mask.shape), "shape": list(shape)}
            places = {"number": place - dim, "place": place}
            raise IndexError(_errors.INDEX_MASK.format(**shapes, **places))


def _sliced(self: Tensor, dim: int, key: slice, *, only: bool) -> Tensor:
    whole = self._array.shape[dim]
    try:
        start, end, step = (
            None if one is None else index(one) for one in (key.start, key.stop, key.step)
        )
    except TypeError:
        raise TypeError(_errors.SLICE_INDEX) from None
    if step == 0:
        raise ValueError(_errors.SLICE_STEP_ZERO)
    if step is not None and step < 0:
        raise ValueError("step must be greater than zero")
    if not only and (start or 0) == 0 and (end is None or end >= whole) and step in (None, 1):
        return self
    return dispatch(TABLE["slice"], (self,), (dim, start, end, step))  # type: ignore[no-any-return]


def _place_given(key: tuple[Any, ...], place: int, count: int) -> int:
    """Where a part of the key stood before its ellipsis became several: PyTorch's errors say so."""
    after_ellipsis = any(one is Ellipsis for one in key[: place + 1])
    return place - (count - len(key)) * after_ellipsis


def _expanded(self: Tensor, keys: tuple[Any, ...]) -> list[Any]:
    """The key with indices as ndarrays, and the ellipsis as the slices it stands for."""
    prepared = [_prepared(one) for one in keys]
    used = sum(_dimensions(one) for one in prepared)
    if self._array.ndim == 0 and used:
        scalar = {int: _errors.INDEX_SCALAR, slice: _errors.SLICE_SCALAR}
        raise IndexError(scalar.get(type(keys[0]), _errors.INDEX_MANY.format(dim=0)))
    if used > self._array.ndim:
        raise IndexError(_errors.INDEX_MANY.format(dim=self._array.ndim))
    expanded: list[Any] = []
    for place, one in enumerate(prepared):
        if one is Ellipsis and any(earlier is Ellipsis for earlier in prepared[:place]):
            continue
        if one is Ellipsis:
            expanded.extend([slice(None)] * (self._array.ndim - used))
        else:
            expanded.append(one)
    return expanded


def _dimensions(key: Any) -> int:
    if key is None or key is Ellipsis:
        return 0
    if isinstance(key, np.ndarray) and key.dtype == np.bool_:
        return key.ndim
    return 1


def _prepared(key: Any) -> Any:
    if key is None or key is Ellipsis or isinstance(key, slice):
        return key
    if isinstance(key, Tensor):
        key = key._array
        if key.dtype in (np.int8, np.int16):
            raise IndexError(_errors.INDEX_DTYPE)
        if key.dtype == np.uint8:
            warnings.warn(_errors.INDEX_BYTE, UserWarning, stacklevel=5)
            key = key.astype(bool)
    if isinstance(key, (bool, np.bool_)):
        return np.asarray(key)
    if isinstance(key, (int, np.integer)):
        return int(key)
    if isinstance(key, (list, tuple, range)):
        key = np.asarray([int(one.item()) if isinstance(one, Tensor) else one for one in key])
        if not key.size or key.dtype.kind == "f":
            key = key.astype(np.int64)
    if not isinstance(key, np.ndarray):
        if isinstance(key, str):
            if key:
                warnings.warn(_errors.INDEX_SEQUENCE, UserWarning, stacklevel=5)
            raise TypeError(_errors.INVALID_DATA.format(type="str"))
        raise IndexError(_errors.INDEX_KIND.format(type=type(key).__name__))
    if key.dtype.kind not in "biu":
        raise IndexError(_errors.INDEX_DTYPE)
    return int(key) if key.ndim == 0 and key.dtype != np.bool_ else key
