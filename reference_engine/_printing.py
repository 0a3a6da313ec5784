"""The text of a tensor, character for character as PyTorch prints it.

It knows arrays and options only: what follows the data (`grad_fn=<MulBackward0>`) comes from
the caller.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_PREFIX = "tensor("
_FLOAT32 = np.dtype(np.float32)


class PrintOptions(NamedTuple):
    """What `torch.set_printoptions` sets; `sci_mode` None leaves the choice to the data."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print: a profile (default, short or full), then single options.

    As in PyTorch, what is not given stays as it was, except `sci_mode`, which every call sets,
    and an unknown profile changes nothing.
    """
    global _options
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    base = _PROFILES.get(profile, _options) if profile is not None else _options
    _options = base._replace(**changes, sci_mode=sci_mode)


def get_printoptions() -> dict[str, Any]:
    """Return the options in force, as arguments for `set_printoptions`."""
    return _options._asdict()


def tensor_text(
    array: NDArray[Any],
    *,
    suffixes: Sequence[str] = (),
    default_dtype: np.dtype[Any] = _FLOAT32,
) -> str:
    """Return `repr` of a tensor that holds `array` (any shape; bool, integer, float or complex).

    `suffixes` follow the data in order, after the size and dtype that PyTorch shows where the
    data do not tell them; `default_dtype` is the floating dtype that needs no telling.
    """
    options = _options
    indent = len(_PREFIX)
    derived = []
    dtype = f"dtype=torch.{array.dtype.name}"
    if array.size == 0:
        if array.ndim != 1:
            derived.append(f"size={array.shape}")
        if array.dtype != default_dtype:
            derived.append(dtype)
        data = "[]"
    else:
        if not options.edgeitems:
            derived.append(f"size={array.shape}")
        default_complex = np.result_type(default_dtype, np.complex64)
        if array.dtype not in (default_dtype, default_complex, np.int64, np.bool_):
            derived.append(dtype)
        data = _data_text(array, indent, options)
    return _with_suffixes(_PREFIX + data, [*derived, *suffixes], indent, options.linewidth)


def _with_suffixes(text: str, suffixes: Sequence[str], indent: int, linewidth: int) -> str:
    parts = [text]
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > linewidth:
            parts.append(f",\n{' ' * indent}{suffix}")
            used = indent + len(suffix)
        else:
            parts.append(f", {suffix}")
            used += len(suffix) + 2
    return "".join(parts) + ")"


def _data_text(array: NDArray[Any], indent: int, options: PrintOptions) -> str:
    gaps = [False] * array.ndim
    if array.size > options.threshold:
        gaps = [length > 2 * options.edgeitems for length in array.shape]
    shown = _without_middle(array, gaps, options.edgeitems)
    if np.iscomplexobj(array):
        write, width = _complex_format(shown, options)
    else:
        write, width = _number_format(shown, options)
    return _nested_text(shown, indent, _Layout(write, width, gaps, options))


def _without_middle(array: NDArray[Any], gaps: Sequence[bool], edge: int) -> NDArray[Any]:
    """The part that is printed: `edge` items at both ends of each dimension that has a gap."""
    for axis, length in enumerate(array.shape):
        if gaps[axis]:
            kept = np.concatenate([np.arange(edge), np.arange(length - edge, length)])
            array = array.take(kept, axis)
    return array


class _Layout:
    """What all numbers of a tensor have in common: how they are written, how wide, what is cut.

    `gaps` say for each dimension, from the outermost one, whether its middle is left out.
    """

    def __init__(
        self,
        write: Callable[[Any], str],
        width: int,
        gaps: Sequence[bool],
        options: PrintOptions,
    ) -> None:
        self.write = write
        self.width = width
        self.gaps = gaps
        self.options = options


def _nested_text(shown: NDArray[Any], indent: int, layout: _Layout) -> str:
    if shown.ndim == 0:
        return layout.write(shown.item())
    edge = layout.options.edgeitems
    gap = layout.gaps[-shown.ndim]
    margin = " " * (indent + 1)
    if shown.ndim > 1:
        parts = [_nested_text(part, indent + 1, layout) for part in shown]
        if gap:
            parts.insert(edge, "...")
        line_breaks = "\n" * (shown.ndim - 1)
        return "[" + f",{line_breaks}{margin}".join(parts) + "]"
    numbers = [layout.write(number) for number in shown.tolist()]
    if gap:
        numbers.insert(edge, " ..." if edge else "...")
    per_line = max(1, (layout.options.linewidth - indent) // (layout.width + 2))
    lines = [
        ", ".join(numbers[start : start + per_line]) for start in range(0, len(numbers), per_line)
    ]
    return "[" + f",\n{margin}".join(lines) + "]"


def _number_format(array: NDArray[Any], options: PrintOptions) -> tuple[Callable[[Any], str], int]:
    """How to write each number of a real array, and the width that all are padded to."""
    numbers = array.reshape(-1)
    plain: Callable[[Any], str] = str
    if array.dtype.kind == "f":
        numbers = numbers[np.isfinite(numbers) & (numbers != 0)].astype(np.float64)
        plain = _float_format(numbers, options)
    width = max((len(plain(number)) for number in numbers.tolist()), default=1)
    return lambda number: plain(number).rjust(width), width


def _float_format(numbers: NDArray[np.float64], options: PrintOptions) -> Callable[[float], str]:
    """How to write the floats of a tensor whose finite numbers other than 0 are `numbers`."""
    if numbers.size == 0:
        return _whole
    sizes = np.abs(numbers)
    smallest, largest = float(sizes.min()), float(sizes.max())
    scientific = options.sci_mode
    if scientific is None:
        scientific = largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4
    if scientific:
        return f"{{:.{options.precision}e}}".format
    if np.all(numbers == np.ceil(numbers)):
        return _whole
    return f"{{:.{options.precision}f}}".format


def _whole(number: float) -> str:
    return f"{number:.0f}." if math.isfinite(number) else f"{number:.0f}"


def _complex_format(array: NDArray[Any], options: PrintOptions) -> tuple[Callable[[Any], str], int]:
    """How to write each number of a complex array, and their width."""
    real, real_width = _number_format(array.real, options)
    imaginary, imaginary_width = _number_format(array.imag, options)

    def write(number: complex) -> str:
        second = imaginary(number.imag).lstrip() + "j"
        return real(number.real) + (second if second[0] in "+-" else f"+{second}")

    return write, real_width + imaginary_width + 1
