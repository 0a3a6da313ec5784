"""The small types of PyTorch that a tensor is described by: dtype, Size, device."""

from typing import Any

import numpy as np

from reference_engine import _errors


class dtype:
    """A tensor's element type: PyTorch's name and NumPy's type. There is one object for each."""

    __module__ = "torch"

    __slots__ = (
        "_name", "is_complex", "is_floating_point", "is_signed", "itemsize", "legacy", "numpy",
    )  # fmt: skip

    def __init__(self, name: str, numpy_type: Any, legacy: str) -> None:
        self._name = name
        self.numpy: np.dtype[Any] = np.dtype(numpy_type)
        self.legacy = legacy
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.is_signed = self.numpy.kind in "fi"
        self.is_complex = False

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> Any:
        return _named, (self._name,)  # the class goes by PyTorch's name


float16 = dtype("float16", np.float16, "Half")
float32 = dtype("float32", np.float32, "Float")
float64 = dtype("float64", np.float64, "Double")
int8 = dtype("int8", np.int8, "Char")
int16 = dtype("int16", np.int16, "Short")
int32 = dtype("int32", np.int32, "Int")
int64 = dtype("int64", np.int64, "Long")
uint8 = dtype("uint8", np.uint8, "Byte")
bool_ = dtype("bool", np.bool_, "Bool")


class _NameOnly(dtype):
    """A type that can be named, shown and compared; there are no tensors of it."""

    __slots__ = ()

    def __init__(self, name: str, size: int, legacy: str) -> None:
        self._name = name
        self.legacy = legacy
        self.itemsize = size
        self.is_complex = name.startswith("complex")
        self.is_floating_point = name == "bfloat16"
        self.is_signed = not name.startswith("uint")

    def __getattr__(self, name: str) -> Any:  # `numpy` is not set
        raise _errors.NotCovered(self._name)


_NAMES_ONLY = {
    name: (size, legacy)
    for name, size, legacy in (
        ("bfloat16", 2, "BFloat16"), ("complex32", 4, "ComplexHalf"),
        ("complex64", 8, "ComplexFloat"), ("complex128", 16, "ComplexDouble"),
        ("uint16", 2, "UInt16"), ("uint32", 4, "UInt32"), ("uint64", 8, "UInt64"),
    )
}  # fmt: skip
_ALIASES = {"cfloat": "complex64", "cdouble": "complex128", "chalf": "complex32"}


def name_only(name: str) -> dtype | None:
    """The type of this name of which there are no tensors; None for another name."""
    name = _ALIASES.get(name, name)
    if name not in _NAMES_ONLY:
        return None
    found = _OF_NAME.get(name)
    if found is None:
        found = _OF_NAME[name] = _NameOnly(name, *_NAMES_ONLY[name])
    return found


ALL = (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)
_OF_NAME = {one._name: one for one in ALL}
_OF_NUMPY = {one.numpy: one for one in ALL}
_OF_PYTHON = {float: float64, int: int64, bool: bool_}


def _named(name: str) -> dtype:
    """A dtype out of its pickle."""
    return name_only(name) or _OF_NAME[name]


def as_dtype(kind: Any) -> dtype:
    """A dtype from one of PyTorch's or from Python's `float`, `int`, `bool`."""
    if isinstance(kind, dtype):
        return kind
    found = _OF_PYTHON.get(kind)
    if found is None:
        raise TypeError(f"dtype must be a torch.dtype, not {type(kind).__name__}")
    return found


def of_numpy(numpy_dtype: np.dtype[Any]) -> dtype:
    """The dtype of an ndarray's; TypeError for what PyTorch has no type for (strings, objects)."""
    try:
        return _OF_NUMPY[numpy_dtype.newbyteorder("=")]
    except KeyError:
        if numpy_dtype.kind in "cu":
            raise _errors.NotCovered(numpy_dtype.name) from None
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{numpy_dtype.type.__name__}. The only "
            "supported types are: float64, float32, float16, complex64, complex128, int64, int32, "
            "int16, int8, uint64, uint32, uint16, uint8, and bool."
        ) from None


class _Constant:
    """A value that is only a name, such as `torch.strided`."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> str:
        return self._name


class layout(_Constant):
    """How the elements of a tensor lie in memory. Only `strided` does."""

    __slots__ = ()


class memory_format(_Constant):
    """In which order they lie there; accepted and without effect."""

    __slots__ = ()


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")


class finfo:
    """The limits of a floating dtype, by default of the default one."""

    def __init__(self, type: Any = None) -> None:
        kind = Defaults.dtype if type is None else type
        if not kind.is_floating_point:
            raise TypeError(_errors.FINFO)
        info = np.finfo(kind.numpy)
        self.bits = int(info.bits)
        self.dtype = kind._name
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.resolution = float(info.resolution)
        self.smallest_normal = self.tiny = float(info.smallest_normal)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        parts = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({parts}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype."""

    def __init__(self, type: Any) -> None:
        if type.numpy.kind not in "iu":
            raise TypeError(_errors.IINFO)
        info = np.iinfo(type.numpy)
        self.bits, self.min, self.max = int(info.bits), int(info.min), int(info.max)
        self.dtype = type._name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


class Size(tuple[Any, ...]):
    """A shape: a tuple of ints that prints as torch.Size and counts its elements."""

    __module__ = "torch"

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def numel(self) -> int:
        """The number of elements of a tensor with this shape."""
        count = 1
        for size in self:
            count *= size
        return count

    def __getitem__(self, key: Any) -> Any:
        found = tuple.__getitem__(self, key)
        return Size(found) if isinstance(key, slice) else found

    def __add__(self, other: tuple[Any, ...]) -> "Size":
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other: tuple[Any, ...]) -> "Size":
        return Size(tuple(other) + tuple(self))

    def __mul__(self, count: Any) -> "Size":
        return Size(tuple(self) * count)

    __rmul__ = __mul__

    def __reduce__(self) -> Any:
        return _size, (tuple(self),)  # the class goes by PyTorch's name


def _size(sizes: tuple[int, ...]) -> Size:
    """A Size out of its pickle."""
    return Size(sizes)


def _is_word(text: str) -> bool:
    return text.isascii() and text.replace("_", "a").isalpha()


def _is_index(text: str) -> bool:
    return text == "0" or (text.isascii() and text.isdecimal() and text[0] != "0")


class device:
    """Where a tensor lives. Only the CPU does; asking for another says what PyTorch would."""

    __module__ = "torch"

    __slots__ = ("index", "type")

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        if isinstance(type, int):
            raise RuntimeError(_errors.NO_ACCELERATOR)  # noqa: TRY004 - PyTorch's
        text = str(type)
        if not text:
            raise RuntimeError(_errors.DEVICE_EMPTY)
        name, colon, number = text.partition(":")
        if not _is_word(name) or (colon and not _is_index(number)):
            raise RuntimeError(_errors.DEVICE_STRING.format(device=text))
        if name not in {"cpu", "cuda", "mps", "meta"}:
            raise RuntimeError(
                "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, "
                "fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type "
                f"at start of device string: {name}"
            )
        self.type = name
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return NotImplemented
        return (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


cpu = device("cpu")


def check_device(where: Any) -> None:
    """Refuse, as PyTorch without CUDA does, what is not the CPU."""
    if where is None or (isinstance(where, device) and where.type == "cpu") or where == "cpu":
        return
    if device(where).type != "cpu":
        raise AssertionError(_errors.NO_CUDA)


class Defaults:
    """What a new tensor of Python floats becomes; `set_default_dtype` changes it."""

    dtype: dtype = float32


def get_default_dtype() -> dtype:
    """The dtype that a Python float becomes."""
    return Defaults.dtype


def set_default_dtype(kind: dtype) -> None:
    """Set the dtype that a Python float becomes; only floating-point dtypes can be it."""
    if not isinstance(kind, dtype):
        raise TypeError(f"invalid dtype object: {_errors.DEFAULT_DTYPE}")
    if not kind.is_floating_point:
        raise TypeError(_errors.DEFAULT_DTYPE)
    Defaults.dtype = kind
