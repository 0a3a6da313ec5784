"""`torch.save` and `torch.load`: PyTorch's own zip files, holding tensors and plain data only.

What a file says is done by `_unpickling`, which can make nothing else: no class of a file's choice
is ever imported or called.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from reference_engine import _errors, _whole_models
from reference_engine._dispatch import storage, wrap
from reference_engine._pickling import pickled
from reference_engine._tensor import Tensor
from reference_engine._types import ALL, cpu, device, dtype
from reference_engine._unpickling import MAGIC_NUMBER, unpickled

ARCHIVE = "archive"
ZIP_START = b"PK\x03\x04"
CUDA_FILE = (
    "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If "
    "you are running on a CPU-only machine, please use torch.load with "
    "map_location=torch.device('cpu') to map your storages to the CPU."
)
NOT_WRITABLE = "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
BROKEN_ARCHIVE = "PytorchStreamReader failed reading zip archive: {error}"
DAMAGED = "PytorchStreamReader failed reading {what}: the file is damaged"

_BY_STORAGE = {f"{one.legacy}Storage": one for one in ALL}


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write tensors, numbers, strings and containers of them to a path or a binary file.

    Tensors that share memory share it in the file. A whole model can be loaded by the process that
    saved it, with `weights_only=False`. Raises AttributeError (NotCovered) for another object.
    """
    import zipfile

    if not _use_new_zipfile_serialization:
        raise _errors.NotCovered("save(..., _use_new_zipfile_serialization=False)")
    name = ARCHIVE
    if isinstance(f, (str, os.PathLike)):
        name = os.path.splitext(os.path.basename(f))[0] or ARCHIVE  # noqa: PTH119, PTH122 - PyTorch's rule
    elif not hasattr(f, "write"):
        raise AttributeError(NOT_WRITABLE)
    storages = _Storages()
    model = _whole_models.first_model(obj)
    records = (
        {"data.pkl": pickled(obj, storages)} if model is None else _whole_models.keep(obj, model)
    )
    with zipfile.ZipFile(f, "w", zipfile.ZIP_STORED) as archive:
        records |= {
            "byteorder": b"little",
            **{f"data/{key}": data for key, data in storages.contents()},
            "version": b"3\n",
        }
        for record, content in records.items():
            archive.writestr(zipfile.ZipInfo(f"{name}/{record}"), content)


class _Storages:
    """The memories that saved tensors live in, each once, numbered as they come."""

    def __init__(self) -> None:
        self._keys: dict[tuple[int, str], str] = {}
        self._arrays: list[np.ndarray[Any, Any]] = []

    def place_of(self, tensor: Tensor) -> tuple[str, int, int, tuple[int, ...]]:
        """A tensor's storage by key and length, its offset and strides; all in elements."""
        array = storage(tensor)
        owner = _owner(array)
        address = owner.__array_interface__["data"][0]
        identity = (address, array.dtype.str) if owner.size else (-len(self._arrays), "")
        key = self._keys.get(identity)
        if key is None:
            key = self._keys[identity] = str(len(self._arrays))
            self._arrays.append(owner)
        within = array if owner is array or np.may_share_memory(array, owner) else owner
        start = within.__array_interface__["data"][0] - address if within.size else 0
        strides = tuple(step // array.itemsize for step in within.strides)
        return key, owner.size, start // array.itemsize, strides

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Each key with its memory's bytes, the lowest first in each element."""
        for key, array in enumerate(self._arrays):
            flat = array.reshape(-1)
            yield str(key), flat.astype(flat.dtype.newbyteorder("<"), copy=False).tobytes()


def _owner(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array whose memory this one shows; a copy where PyTorch could not describe the view."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    describable = (
        owner.dtype == array.dtype
        and owner.flags.c_contiguous
        and all(step >= 0 and step % array.itemsize == 0 for step in array.strides)
    )
    return owner if describable else np.ascontiguousarray(array)


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what `save`, here or in PyTorch, has written to a path or a binary file.

    Raises pickle.UnpicklingError for a file that holds anything but tensors and plain data, or
    is no such file; with `weights_only=False`, AttributeError (NotCovered) for such an object.
    """
    _check_location(map_location)
    allow_hint = weights_only is not False
    with _opened(f) as file:
        start = file.read(len(ZIP_START))
        if start != ZIP_START:
            _refuse_other_format(start + file.read(), allow_hint=allow_hint)
        file.seek(0)
        with _archive(file) as archive:
            read = _Reader(archive)
            if weights_only is False and read.has("kept"):
                return _whole_models.kept(read("kept"))
            order = read("byteorder").decode() if read.has("byteorder") else "little"
            storages: dict[str, np.ndarray[Any, Any]] = {}

            def storage_of(kind: str, key: str, location: str, count: int) -> Any:
                element = _element(kind)
                _check_stored(location, map_location)
                if key not in storages:
                    found = np.frombuffer(read(f"data/{key}"), element.numpy)
                    found = found.byteswap() if order != sys.byteorder else found.copy()
                    storages[key] = found
                return storages[key].view(element.numpy)

            return unpickled(read("data.pkl"), storage_of, tensor_over, allow_hint=allow_hint)


@contextmanager
def _opened(f: Any) -> Iterator[IO[bytes]]:
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:  # noqa: PTH123 - a path as it was given, for Python's own error
            yield file
        return
    yield f


@contextmanager
def _archive(file: IO[bytes]) -> Iterator[Any]:
    """The file as a zip archive; damage is PyTorch's RuntimeError."""
    import zipfile

    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, EOFError) as error:
        raise RuntimeError(BROKEN_ARCHIVE.format(error=error)) from None


class _Reader:
    """Reads a record of an archive by its name under the archive's own folder."""

    def __init__(self, archive: Any) -> None:
        self._archive = archive
        names = archive.namelist()
        self._folder = names[0].split("/")[0] if names else ARCHIVE
        self._names = frozenset(names)

    def has(self, record: str) -> bool:
        return f"{self._folder}/{record}" in self._names

    def __call__(self, record: str) -> bytes:
        if not self.has(record):
            raise RuntimeError(f"PytorchStreamReader failed locating file {record}: file not found")
        content: bytes = self._archive.read(f"{self._folder}/{record}")
        return content


def _element(kind: str) -> dtype:
    found = _BY_STORAGE.get(kind)
    if found is None:
        raise _errors.NotCovered(f"load({kind})")
    return found


def tensor_over(
    flat: np.ndarray[Any, Any], offset: int, size: tuple[int, ...], stride: tuple[int, ...]
) -> Tensor:
    """A tensor that shows a storage by offset, sizes and strides, all within its bounds."""
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or not all(type(one) is int and one >= 0 for one in numbers):
        raise RuntimeError(DAMAGED.format(what="a tensor's sizes"))
    last = offset + sum((count - 1) * step for count, step in zip(size, stride, strict=True))
    if 0 not in size and last >= flat.size:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and "
            f"itemsize {flat.itemsize} requiring a storage size of {(last + 1) * flat.itemsize} "
            f"are out of bounds for storage of size {flat.nbytes}"
        )
    if 0 in size:
        return wrap(np.empty(size, flat.dtype))
    strides = tuple(step * flat.itemsize for step in stride)
    return wrap(np.lib.stride_tricks.as_strided(flat[offset:], size, strides))


def _check_location(location: Any) -> None:
    """Refuse to map anything to a device that is not there."""
    if isinstance(location, (str, device)) and device(str(location)).type == "cuda":
        raise RuntimeError(CUDA_FILE)


def _check_stored(stored: str, location: Any) -> None:
    """Refuse a storage of another device, unless it is mapped to the CPU."""
    if isinstance(location, dict):
        stored = str(location.get(stored, stored))
    elif callable(location):
        return
    elif location is not None:
        stored = str(location)
    if stored.startswith("cuda"):
        raise RuntimeError(CUDA_FILE)
    if stored != str(cpu):
        raise _errors.NotCovered(f"load(..., map_location={stored!r})")


def _refuse_other_format(content: bytes, *, allow_hint: bool) -> None:
    """Raise for a file that is no zip: of PyTorch's before 1.6, or of no kind at all."""
    if not content:
        raise EOFError
    first = unpickled(content, None, None, allow_hint=allow_hint)
    if first == MAGIC_NUMBER:
        raise _errors.NotCovered("load() of a file from before PyTorch 1.6")
    raise RuntimeError("Invalid magic number; corrupt file?")
