"""PyTorch's functions of numbers, element by element, whose call does not fit one row.

Mostly they choose between the row for a tensor operand and the row for a number; each is a
function of the `torch` module and a method of Tensor.
"""

import math
from collections.abc import Callable
from typing import Any

from reference_engine import _errors
from reference_engine._derivatives._table import TABLE
from reference_engine._dispatch import dispatch
from reference_engine._functions import pow, refusal, to
from reference_engine._return_types import return_type
from reference_engine._tensor import Tensor
from reference_engine._types import float64

ROWS = (
    "acos", "asin", "acosh", "asinh", "atanh", "sinh", "cosh", "exp2", "erf", "erfc", "erfinv",
    "lgamma", "digamma", "i0", "deg2rad", "rad2deg", "sinc", "logit", "mvlgamma", "atan2", "hypot",
    "logaddexp", "logaddexp2", "ldexp", "trunc", "frac", "sgn", "signbit", "nextafter", "heaviside",
    "fmax", "fmin", "addcmul", "addcdiv", "isposinf", "isneginf", "isreal", "isclose", "gcd", "lcm",
    "bitwise_left_shift", "bitwise_right_shift", "dist", "renorm", "hardshrink",
)  # fmt: skip
"""Rows whose call is their forward's own signature: functions and methods alike."""

BOTH = (
    "div", "round", "fmod", "copysign", "clamp_min", "clamp_max", "lerp", "frexp", "nan_to_num",
    "masked_fill",
)  # fmt: skip
"""Functions that are methods too."""

OF_NUMBERS_TOO = ("xlogy", "float_power", "polygamma")
"""Functions that are methods too, and whose first argument may be a number."""

IN_PLACE = (
    "acos", "asin", "acosh", "asinh", "atanh", "sinh", "cosh", "tan", "atan", "exp2", "expm1",
    "log1p", "log2", "log10", "rsqrt", "sign", "erf", "erfc", "erfinv", "lgamma", "digamma", "i0",
    "deg2rad", "rad2deg", "sinc", "logit", "mvlgamma", "atan2", "hypot", "ldexp", "trunc", "frac",
    "sgn", "nextafter", "heaviside", "addcmul", "addcdiv", "nan_to_num", "gcd", "lcm", "cumsum",
    "cumprod", "logical_and", "logical_or", "logical_xor", "logical_not", "bitwise_and",
    "bitwise_or", "bitwise_xor", "bitwise_not", "bitwise_left_shift", "bitwise_right_shift",
    "renorm",
)  # fmt: skip
"""Rows that have a variant with a trailing underscore."""

IN_PLACE_CHOICES = {
    "pow": ("pow", "pow_number"),
    "remainder": ("remainder", "remainder_number"),
    "fmod": ("fmod", "fmod_number"),
    "copysign": ("copysign", "copysign_number"),
    "xlogy": ("xlogy", "xlogy_number"),
    "clamp": ("clamp_tensor", "clamp"),
    "clamp_min": ("clamp_min_tensor", "clamp_min"),
    "clamp_max": ("clamp_max_tensor", "clamp_max"),
    "lerp": ("lerp_tensor", "lerp"),
    "masked_fill": ("masked_fill_tensor", "masked_fill"),
}
"""Variants with a trailing underscore: the row where all operands are tensors, and the other."""

ALIASES = {
    "arccos": "acos", "arcsin": "asin", "arccosh": "acosh", "arcsinh": "asinh",
    "arctanh": "atanh", "arctan2": "atan2", "fix": "trunc",
}  # fmt: skip

Frexp = return_type("frexp", "mantissa", "exponent")


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """The quotient, rounded towards zero ("trunc") or down ("floor") where that is asked."""
    if rounding_mode is None:
        return dispatch(TABLE["div"], (input, other))  # type: ignore[no-any-return]
    return dispatch(TABLE["div_rounded"], (input, other), (rounding_mode,))  # type: ignore[no-any-return]


def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """The nearest whole number, halves to even; or the nearest with so many decimals."""
    if decimals is None:
        return dispatch(TABLE["round"], (input,))  # type: ignore[no-any-return]
    return dispatch(TABLE["round_decimals"], (input,), (decimals,))  # type: ignore[no-any-return]


def fmod(input: Tensor, other: Any) -> Tensor:
    """The remainder with the dividend's sign."""
    return _by_operand("fmod", "fmod_number", input, other)


def copysign(input: Tensor, other: Any) -> Tensor:
    """The size of `input` with the sign of `other`."""
    return _by_operand("copysign", "copysign_number", input, other)


def clamp_min(input: Tensor, min: Any) -> Tensor:
    """`input` where it is at least `min`, else `min`."""
    return _by_operand("clamp_min_tensor", "clamp_min", input, min)


def clamp_max(input: Tensor, max: Any) -> Tensor:
    """`input` where it is at most `max`, else `max`."""
    return _by_operand("clamp_max_tensor", "clamp_max", input, max)


def _by_operand(of_tensor: str, of_number: str, input: Any, other: Any) -> Tensor:
    row = TABLE[of_tensor if isinstance(other, Tensor) else of_number]
    return dispatch(row, (input, other))  # type: ignore[no-any-return]


def xlogy(input: Any, other: Any) -> Tensor:
    """`input * log(other)`, 0 where `input` is 0."""
    return _times_log("xlogy", input, other)


def special_xlog1py(input: Any, other: Any) -> Tensor:
    """`input * log1p(other)`, 0 where `input` is 0."""
    return _times_log("special_xlog1py", input, other)


def _times_log(name: str, input: Any, other: Any) -> Tensor:
    if not isinstance(input, Tensor):
        return dispatch(TABLE[f"{name}_of_number"], (input, other))  # type: ignore[no-any-return]
    return _by_operand(name, f"{name}_number", input, other)


def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """`input + weight * (end - input)`."""
    if isinstance(weight, Tensor):
        return dispatch(TABLE["lerp_tensor"], (input, end, weight))  # type: ignore[no-any-return]
    return dispatch(TABLE["lerp"], (input, end), (weight,))  # type: ignore[no-any-return]


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`input` with a number, or the value of a 0-d tensor, wherever the mask holds."""
    if not isinstance(value, Tensor):
        return dispatch(TABLE["masked_fill"], (input, mask), (value,))  # type: ignore[no-any-return]
    if value._array.ndim:
        raise RuntimeError(_errors.MASKED_FILL_DIMS.format(dim=value._array.ndim))
    return dispatch(TABLE["masked_fill_tensor"], (input, mask, value))  # type: ignore[no-any-return]


def float_power(input: Any, exponent: Any) -> Tensor:
    """`input ** exponent`, computed and given in float64."""
    first, second = (
        to(one, float64) if isinstance(one, Tensor) else one for one in (input, exponent)
    )
    return pow(first, second)


def polygamma(n: Any, input: Any) -> Tensor:
    """The n-th derivative of digamma; as a method, `x.polygamma(n)`."""
    if isinstance(n, Tensor):
        n, input = input, n
    if n < 0:
        raise RuntimeError(_errors.POLYGAMMA_ORDER)
    return dispatch(TABLE["polygamma"], (input,), (n,))  # type: ignore[no-any-return]


def frexp(input: Tensor) -> Any:
    """The mantissa in [0.5, 1) and the exponent of 2 that give each number."""
    return Frexp(*dispatch(TABLE["frexp"], (input,)))


def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """`input` with numbers in the place of nan and the infinities."""
    return dispatch(TABLE["nan_to_num"], (input,), (nan, posinf, neginf))  # type: ignore[no-any-return]


def _itself(name: str) -> Callable[[Tensor], Tensor]:
    def function(input: Tensor) -> Tensor:
        if not isinstance(input, Tensor):
            raise refusal(name, input)
        return input

    function.__name__ = name
    function.__doc__ = "The tensor itself: it holds no complex numbers."
    return function


ITSELF = {
    name: _itself(name)
    for name in ("positive", "conj", "conj_physical", "resolve_conj", "resolve_neg", "real")
}


def special_ndtr(input: Tensor) -> Tensor:
    """The distribution function of the standard normal distribution."""
    scaled = dispatch(TABLE["mul_number"], (input,), (math.sqrt(0.5),))
    shifted = dispatch(TABLE["add_number"], (dispatch(TABLE["erf"], (scaled,)),), (1,))
    return dispatch(TABLE["mul_number"], (shifted,), (0.5,))  # type: ignore[no-any-return]
