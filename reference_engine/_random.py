"""PyTorch's CPU random generator, number for number, handing out plain arrays.

It knows nothing of tensors, but for the one that a saved state is. The words are those of the
Mersenne Twister; what PyTorch makes of them (which bits, which transform, in which order) is the
business of the methods below.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from reference_engine import _errors, _types
from reference_engine._types import of_numpy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

_FIRST_SEED = 67280421310721  # what a new torch.Generator() is seeded with
_BLOCK = 16  # PyTorch fills normal samples in blocks of this size, smaller requests one by one
_WIDE_RANGE = 1 << 28  # from this range on, an integer is drawn from two words instead of one

# The bytes of torch.get_rng_state(). PyTorch's `left` counts down from 624 in each block of words.
_STATE = np.dtype(
    [
        ("seed", "u8"),
        ("left", "i4"),
        ("seeded", "i4"),
        ("next", "u8"),
        ("key", "u8", 624),
        ("unused_x", "f8"),
        ("spare", "f8"),
        ("unused_rho", "f8"),
        ("has_spare", "i4"),
        ("unused", "u1", 12),
    ]
)


class Generator:
    """A stream of random numbers that agrees with `torch.Generator()` on the CPU.

    Integers, permutations, masks and single precision numbers agree to the last digit: normal
    ones where PyTorch uses AVX2 (its builds for x86; elsewhere its own last digits differ). Bounds,
    means and deviations enter by a fused multiply-add, which is rounded twice here: that puts one
    number in 50,000 one unit in the last place beside PyTorch's, in float64 one in 1,000.
    """

    __module__ = "torch._C"

    def __init__(self, device: Any = "cpu") -> None:
        self.device = _types.device(device)
        if self.device.type != "cpu":
            raise RuntimeError(_errors.NO_GENERATOR)
        self.manual_seed(_FIRST_SEED)

    def manual_seed(self, seed: int) -> Self:
        """Start again from `seed`, an integer in [-2**63, 2**64); return the generator.

        Negative seeds are read as unsigned 64-bit numbers. As in PyTorch, only the low 32 bits
        choose the stream. Raises RuntimeError for another type, ValueError out of range.
        """
        if not isinstance(seed, int | np.integer):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")  # noqa: TRY004 - PyTorch's
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError("Overflow when unpacking long long")
        self._seed = int(seed) % (1 << 64)
        self._stream: np.random.RandomState | None = None
        self._spare: float | None = None
        return self

    def seed(self) -> int:
        """Start again from a seed of the operating system's; return that seed."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 11)
        return self._seed

    def initial_seed(self) -> int:
        """Return the seed that the stream started from, in [0, 2**64)."""
        return self._seed

    def get_state(self) -> Any:
        """Return the state as PyTorch's 5056 bytes, a tensor of shape (5056,) and dtype uint8."""
        from reference_engine._dispatch import wrap

        return wrap(self.get_bytes())

    def set_state(self, new_state: Any) -> Self:
        """Go on from what `get_state` returned, here or in PyTorch; return the generator.

        Raises TypeError for another dtype, RuntimeError for another size or an impossible state.
        """
        return self.set_bytes(np.asarray(new_state))

    def get_bytes(self) -> NDArray[np.uint8]:
        """Return the state as an array."""
        words = self._open_stream().get_state(legacy=False)["state"]
        state = np.zeros((), _STATE)
        state["seed"] = self._seed
        state["left"], state["next"], state["seeded"] = 625 - words["pos"], words["pos"], 1
        state["key"] = words["key"]
        if self._spare is not None:
            state["spare"], state["has_spare"] = self._spare, 1
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_bytes(self, state: NDArray[np.uint8]) -> Self:
        """Go on from what `get_bytes` returned: `set_state` for an array."""
        if state.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if state.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} "
                f"but found the input RNG state size to be {state.size}"
            )
        fields = np.frombuffer(state.tobytes(), _STATE)[0]
        if not fields["seeded"] or not 0 < fields["left"] <= 624 or fields["next"] > 624:
            raise RuntimeError("Invalid mt19937 state")
        self._seed = int(fields["seed"])
        words = {"key": fields["key"].astype(np.uint32), "pos": 625 - int(fields["left"])}
        self._open_stream().set_state({"bit_generator": "MT19937", "state": words})
        self._spare = float(fields["spare"]) if fields["has_spare"] else None
        return self

    def uniform(
        self,
        shape: Sequence[int],
        dtype: DTypeLike = np.float32,
        *,
        low: float = 0.0,
        high: float = 1.0,
    ) -> NDArray[Any]:
        """Uniform numbers in [low, high): `torch.rand` and `Tensor.uniform_`.

        dtype is float16, float32 or float64. Raises RuntimeError if low > high.
        """
        if low > high:
            raise RuntimeError(
                "uniform_ expects to return a [from, to) range, "
                f"but found from={low:g} > to={high:g}"
            )
        working = _working_dtype(dtype, "check_uniform_bounds")
        low, high = working.type(low), working.type(high)
        fractions = self._fractions(math.prod(shape), working)
        numbers = fused(fractions, high - low, low).astype(dtype, copy=False)
        # Rounding can reach the upper bound, which does not belong to the range.
        numbers[numbers == np.asarray(high, dtype)] = low
        return numbers.reshape(shape)

    def normal(
        self,
        shape: Sequence[int],
        dtype: DTypeLike = np.float32,
        *,
        mean: float = 0.0,
        std: float = 1.0,
    ) -> NDArray[Any]:
        """Normal numbers: `torch.randn` and `Tensor.normal_`.

        dtype is float16, float32 or float64. Fewer than 16 numbers come in pairs, and the second
        of a pair waits for the next such request (of any dtype, until the generator is seeded).
        Raises RuntimeError if std < 0.
        """
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        working = _working_dtype(dtype, "normal_kernel_cpu")
        count = math.prod(shape)
        if count < _BLOCK:
            numbers = fused(np.array(self._pairwise_normals(count)), std, mean)
            return numbers.astype(working).astype(dtype).reshape(shape)
        whole = count - count % _BLOCK
        # In single and double precision the numbers after the last whole block are drawn, unused.
        drawn = whole if np.dtype(dtype) == np.float16 else count
        numbers = np.empty(count, dtype)
        fractions = self._fractions(drawn, working)
        numbers[:whole] = _normal_blocks(fractions[:whole], mean, std)
        if whole < count:
            numbers[-_BLOCK:] = _normal_blocks(self._fractions(_BLOCK, working), mean, std)
        return numbers.reshape(shape)

    def randint(
        self, low: int, high: int, *, shape: Sequence[int], dtype: DTypeLike = np.int64
    ) -> NDArray[Any]:
        """Integers in [low, high), 64-bit bounds: `torch.randint` and `Tensor.random_(low, high)`.

        Raises RuntimeError if the range is empty.
        """
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
            )
        span = high - low
        words = self._integers(math.prod(shape), double=span >= _WIDE_RANGE) % np.uint64(span)
        numbers = (words + np.uint64(low % (1 << 64))).view(np.int64)
        return numbers.astype(dtype, copy=False).reshape(shape)

    def random(self, shape: Sequence[int], dtype: DTypeLike = np.int64) -> NDArray[Any]:
        """Numbers of the whole range of `dtype`, from 0 on: `Tensor.random_()` without bounds.

        For floating dtypes, all the integers that they hold exactly. `DataLoader` takes the seed
        of an epoch's shuffling from here.
        """
        kind = np.dtype(dtype)
        if kind == np.bool_:
            top = 1
        elif kind.kind == "f":
            top = 1 << {2: 11, 4: 24, 8: 53}[kind.itemsize]
        else:
            top = np.iinfo(kind).max
        double = kind in (np.dtype(np.int64), np.dtype(np.float64))
        words = self._integers(math.prod(shape), double=double) % np.uint64(top + 1)
        return words.astype(kind).reshape(shape)

    def randperm(self, n: int) -> NDArray[np.int64]:
        """Return the numbers 0 to n - 1 in random order: `torch.randperm`."""
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
        places = np.arange(max(n - 1, 0), dtype=np.int64)
        partners = self._words(len(places)) % (n - places) + places
        order = list(range(n))
        for place, partner in enumerate(partners.tolist()):
            order[place], order[partner] = order[partner], order[place]
        return np.array(order, np.int64)

    def bernoulli(
        self, p: float | NDArray[Any], shape: Sequence[int], dtype: DTypeLike = np.float32
    ) -> NDArray[Any]:
        """Ones with probability p, zeros otherwise: `Tensor.bernoulli_`, `torch.bernoulli`.

        p is a number, or an array that broadcasts to `shape` (fewer bits are drawn for float32
        than for float64). Dropout keeps what is 1 in `bernoulli(1 - p, ...)`. With a number p,
        PyTorch on Intel's processors takes its mask from a generator of Intel's library
        instead, after drawing one word: there masks differ from these.
        Raises RuntimeError if p is outside [0, 1].
        """
        if isinstance(p, np.ndarray):
            working = np.dtype(np.float64 if p.dtype == np.float64 else np.float32)
        elif 0 <= p <= 1:
            working = np.dtype(np.float64)
        else:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        if not np.all((p >= 0) & (p <= 1)):
            raise RuntimeError(_errors.BERNOULLI_RANGE)
        fractions = self._fractions(math.prod(shape), working).reshape(shape)
        mask: NDArray[np.bool_] = fractions < p
        return mask.astype(dtype)

    def exponential(
        self, shape: Sequence[int], dtype: DTypeLike = np.float32, *, rate: float = 1.0
    ) -> NDArray[Any]:
        """Exponential numbers of mean 1 / rate: `Tensor.exponential_`.

        As with masks, PyTorch on Intel's processors takes another path.
        Raises RuntimeError if rate <= 0.
        """
        if not rate > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
        fractions = self._fractions(math.prod(shape), np.dtype(np.float64))
        numbers: NDArray[np.float64] = -1.0 / rate * np.log1p(-fractions)
        return numbers.astype(_working_dtype(dtype, "exponential")).astype(dtype).reshape(shape)

    def _open_stream(self) -> np.random.RandomState:
        # Made on first use: numpy.random is slow to import, and most computations draw nothing.
        if self._stream is None:
            self._stream = np.random.RandomState(self._seed % (1 << 32))
        return self._stream

    def _words(self, count: int) -> NDArray[np.uint32]:
        return self._open_stream().randint(0, 1 << 32, size=count, dtype=np.uint32)

    def _integers(self, count: int, *, double: bool) -> NDArray[np.uint64]:
        """Unsigned integers of one word or, high word first, of two."""
        if not double:
            return self._words(count).astype(np.uint64)
        pairs = self._words(2 * count).astype(np.uint64)
        return pairs[0::2] << np.uint64(32) | pairs[1::2]

    def _fractions(self, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Uniform numbers in [0, 1): the low bits of an integer, as many as a mantissa holds."""
        digits = np.finfo(dtype).nmant + 1
        low_bits = self._integers(count, double=dtype == np.float64) & np.uint64((1 << digits) - 1)
        fractions: NDArray[Any] = low_bits.astype(dtype) * dtype.type(2.0**-digits)
        return fractions

    def _pairwise_normals(self, count: int) -> list[float]:
        """Standard normal numbers by the Box-Muller method, in double precision."""
        numbers = [] if self._spare is None or not count else [self._spare]
        if numbers:
            self._spare = None
        pairs = (count - len(numbers) + 1) // 2
        fractions = self._fractions(2 * pairs, np.dtype(np.float64)).tolist()
        for first, second in zip(fractions[0::2], fractions[1::2], strict=True):
            radius = math.sqrt(-2.0 * math.log1p(-second))
            angle = 2.0 * math.pi * first
            numbers += (radius * math.cos(angle), radius * math.sin(angle))
        if len(numbers) > count:
            self._spare = numbers.pop()
        return numbers


default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator and return it: `torch.manual_seed`."""
    return default_generator.manual_seed(int(seed))


def _working_dtype(dtype: DTypeLike, kernel: str) -> np.dtype[Any]:
    """The precision in which PyTorch computes samples of `dtype`."""
    kind = np.dtype(dtype)
    if kind not in (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{of_numpy(kind).legacy}'")
    return np.dtype(np.float64 if kind == np.float64 else np.float32)


def fused(a: NDArray[Any], b: Any, c: Any) -> NDArray[Any]:
    """Return a * b + c in the dtype of `a`, rounded once: a processor's fused multiply-add."""
    wider = np.float64 if a.dtype == np.float32 else np.longdouble
    total: NDArray[Any] = np.add(np.multiply(a, b, dtype=wider), c, dtype=wider)
    return total.astype(a.dtype)


def _normal_blocks(fractions: NDArray[Any], mean: float, std: float) -> NDArray[Any]:
    """Normal numbers from uniform ones, in blocks of 16: the first 8 paired with the last 8."""
    number = fractions.dtype.type
    blocks = fractions.reshape(-1, 2, _BLOCK // 2)
    distance, angle = number(1) - blocks[:, 0], number(2 * math.pi) * blocks[:, 1]
    if number is np.float32:
        log, (sine, cosine) = _log(distance), _sine_and_cosine(angle)
    else:
        log, sine, cosine = np.log(distance), np.sin(angle), np.cos(angle)
    radius = np.sqrt(number(-2) * log)
    standard = np.stack([radius * cosine, radius * sine], axis=1)
    return fused(standard.reshape(-1), number(std), number(mean))


# What follows evaluates log, sine and cosine in single precision as PyTorch's AVX2 code does: the
# polynomials of the Cephes library, with fused multiply-adds where the compiler makes them.

_LOG = np.array(
    [
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    ],
    np.float32,
)
_LOG_2 = np.array([0.693359375, -2.12194440e-4], np.float32)  # in two parts, the first one short
_SINE = np.array([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1], np.float32)
_COSINE = np.array([2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2], np.float32)
_QUARTER_PI = np.array([0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8], np.float32)


def _polynomial(x: NDArray[np.float32], coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total = fused(total, x, coefficient)
    return total


def _log(x: NDArray[np.float32]) -> NDArray[np.float32]:
    mantissa, exponent = np.frexp(x)
    below = mantissa < np.float32(math.sqrt(0.5))
    power = (exponent - below).astype(np.float32)
    rest = np.where(below, mantissa + mantissa, mantissa) - np.float32(1)
    square = rest * rest
    series = _polynomial(rest, _LOG) * rest
    series = fused(series, square, power * _LOG_2[1])
    series = fused(square, -0.5, series)
    return fused(power, _LOG_2[0], rest + series)


def _sine_and_cosine(
    angle: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    eighth = ((angle * np.float32(4 / math.pi)).astype(np.int32) + 1) & ~1
    multiple = eighth.astype(np.float32)
    rest = angle
    for part in _QUARTER_PI:
        rest = fused(multiple, -part, rest)
    square = rest * rest
    series = _polynomial(square, _COSINE) * square
    even = fused(series, square, square * np.float32(-0.5)) + np.float32(1)
    odd = fused(_polynomial(square, _SINE) * square, rest, rest)
    swapped = (eighth & 2) != 0
    sine, cosine = np.where(swapped, even, odd), np.where(swapped, odd, even)
    negative_sine, negative_cosine = (eighth & 4) != 0, ((eighth + 2) & 4) != 0
    return np.where(negative_sine, -sine, sine), np.where(negative_cosine, -cosine, cosine)
