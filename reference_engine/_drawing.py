"""Tensors drawn from the generator, and the methods that fill a tensor with random numbers.

Which numbers come out is the generator's business.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from reference_engine import _errors, _random
from reference_engine._creation import creating, like, numpy_dtype, size_of
from reference_engine._derivatives._table import TABLE, Row, camel
from reference_engine._dispatch import dispatch, dispatch_in_place, wrap
from reference_engine._functions import mul, refusal, to
from reference_engine._numpy_errors import broadcast_mismatch
from reference_engine._promotion import dtype_name
from reference_engine._tensor import Tensor
from reference_engine._types import as_dtype


def generator_of(generator: Any) -> _random.Generator:
    """The generator given, or the default one."""
    return _random.default_generator if generator is None else generator


# -- new tensors ----------------------------------------------------------------------------------


def _drawn(function: str, draw: Callable[..., Any]) -> Callable[..., Tensor]:
    def make(*size: Any, dtype: Any = None, generator: Any = None, **named: Any) -> Any:
        if "size" in named:
            size = (named.pop("size"),)
        for name in named:
            raise TypeError(_errors.UNEXPECTED_ARGUMENT.format(function=function, name=name))
        return draw(generator_of(generator), size_of(function, size), numpy_dtype(dtype))

    make.__name__ = make.__qualname__ = function
    return creating(make)


rand = _drawn("rand", _random.Generator.uniform)
randn = _drawn("randn", _random.Generator.normal)
rand_like = like("rand_like", rand)
randn_like = like("randn_like", randn)


@creating
def randint(
    low: int = 0, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None
) -> Any:
    """Integers from `low` (0 if left out) up to, not including, `high`."""
    if high is None or isinstance(high, (tuple, list)):
        low, high, size = 0, low, size if high is None else high
    if not isinstance(size, (tuple, list)):
        kind = type(size).__name__
        raise TypeError(f"randint(): argument 'size' must be tuple of ints, not {kind}")
    drawn = generator_of(generator).randint(int(low), int(high), shape=size_of("randint", (size,)))
    return drawn if dtype is None else drawn.astype(as_dtype(dtype).numpy)


def randint_like(
    input: Tensor, low: int, high: int | None = None, *, dtype: Any = None, **options: Any
) -> Tensor:
    """`randint` in another tensor's shape and dtype."""
    if high is None:
        low, high = 0, low
    kind = input.dtype if dtype is None else dtype
    return randint(low, high, tuple(input._array.shape), dtype=kind, **options)


@creating
def randperm(n: int, *, generator: Any = None, dtype: Any = None) -> Any:
    """The numbers below `n` in random order."""
    drawn = generator_of(generator).randperm(n)
    return drawn if dtype is None else drawn.astype(as_dtype(dtype).numpy)


@creating
def _normal_of_size(
    mean: float, std: float, size: Any, *, generator: Any = None, dtype: Any = None
) -> Any:
    drawn = generator_of(generator)
    return drawn.normal(size_of("normal", (size,)), numpy_dtype(dtype), mean=mean, std=std)


def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, **options: Any
) -> Tensor:
    """Normal numbers: of one mean and deviation in a size, or of a tensor of either or both."""
    tensors = [one for one in (mean, std) if isinstance(one, Tensor)]
    if not tensors:
        if size is None or isinstance(size, int):
            kinds = ", ".join(type(one).__name__ for one in (mean, std, size) if one is not None)
            raise TypeError(_errors.NORMAL_ARGUMENTS.format(kinds=kinds))
        return _normal_of_size(mean, std, size, generator=generator, **options)
    shapes = [one._array.shape for one in tensors]
    mismatch = broadcast_mismatch(shapes[0], shapes[-1])
    if mismatch is not None:
        raise RuntimeError(mismatch)
    shape = np.broadcast_shapes(*shapes)
    if isinstance(std, Tensor) and np.any(std._array < 0):
        raise RuntimeError(_errors.NORMAL_DEVIATION)
    deviation = 1.0 if isinstance(std, Tensor) else float(std)
    kind = tensors[0]._array.dtype
    result = wrap(generator_of(generator).normal(shape, kind, std=deviation))
    if isinstance(std, Tensor):
        result = mul(result, std.detach())
    shift = mean.detach() if isinstance(mean, Tensor) else mean
    drawn = dispatch(TABLE["add"], (result, shift), (1,))
    if len(tensors) > 1:
        return dispatch(_DRAWN_FROM_TWO, (mean, std, drawn))  # type: ignore[no-any-return]
    name = "normal_mean" if isinstance(mean, Tensor) else "normal_std"
    return dispatch(_DRAWN[name], (tensors[0], drawn))  # type: ignore[no-any-return]


def bernoulli(input: Tensor, p: Any = None, *, generator: Any = None, out: Any = None) -> Tensor:
    """Ones with the probabilities that a tensor holds, zeros otherwise."""
    if not isinstance(input, Tensor):
        raise refusal("bernoulli", input)
    array = np.asarray(input._array)
    if array.dtype.kind != "f" and p is None:
        name = dtype_name(array)
        raise NotImplementedError(f"\"bernoulli_tensor_cpu_p_\" not implemented for '{name}'")
    drawn = wrap(generator_of(generator).bernoulli(array if p is None else p, array.shape))
    return dispatch(_DRAWN["bernoulli"], (input, to(drawn, input.dtype)))  # type: ignore[no-any-return]


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Any = None,
    out: Any = None,
) -> Tensor:
    """Places in each line, drawn with the weights that the line holds."""
    weights = np.asarray(input._array)
    if weights.dtype.kind != "f":
        name = dtype_name(weights)
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {name}"
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError(_errors.MULTINOMIAL_TOO_MANY)
    if not np.all(np.isfinite(weights) & (weights >= 0)):
        raise RuntimeError(_errors.MULTINOMIAL_WEIGHT)
    if np.any(weights.sum(-1) == 0):
        raise RuntimeError(_errors.MULTINOMIAL_SUM)
    source = generator_of(generator)
    if replacement and num_samples > 1:
        return wrap(_with_replacement(source, weights, num_samples))
    # The smallest of exponential waiting times: the first to come is drawn first.
    ranks = weights / source.exponential(weights.shape, weights.dtype)
    order = np.argsort(-ranks, axis=-1, kind="stable")
    return wrap(np.ascontiguousarray(order[..., :num_samples]))


def _with_replacement(source: _random.Generator, weights: Any, count: int) -> Any:
    lines = weights.reshape(-1, weights.shape[-1])
    found = np.empty((len(lines), count), np.int64)
    for line, places in zip(lines, found, strict=True):
        sums = np.cumsum(line, dtype=line.dtype)
        sums /= sums[-1]
        sums[-1] = 1
        places[:] = np.searchsorted(sums, source.uniform((count,), np.float64), "left")
    return found.reshape(*weights.shape[:-1], count)


# -- filling --------------------------------------------------------------------------------------


def _row(name: str, node: str | None = None) -> Row:
    """An operation that replaces its first input by what was drawn; no gradient passes."""
    return Row(
        name,
        lambda self, drawn, /: drawn,
        node=node or f"{camel(name)}Backward0",
        promote=None,
        is_view=False,
        outputs=None,
        gradients={"self": lambda grad: grad * 0},
    )


_DRAWN = {
    "uniform": _row("uniform"),
    "normal": _row("normal"),
    "bernoulli": _row("bernoulli"),
    "bernoulli_tensor": _row("bernoulli", "BernoulliBackward1"),
    "bernoulli_number": _row("bernoulli", "BernoulliBackward2"),
    "exponential": _row("exponential"),
    "random": _row("random", "RandomBackward2"),
    "random_to": _row("random", "RandomBackward1"),
    "random_from": _row("random"),
    "cauchy": _row("cauchy"),
    "log_normal": _row("log_normal"),
    "geometric": _row("geometric"),
    "normal_mean": _row("normal", "NormalBackward1"),
    "normal_std": _row("normal", "NormalBackward2"),
}
_DRAWN_FROM_TWO = Row(
    "normal",
    lambda mean, std, drawn, /: drawn,
    node="NormalBackward3",
    promote=None,
    is_view=False,
    outputs=None,
    gradients={"mean": lambda grad: grad * 0, "std": lambda grad: grad * 0},
)


def _fill(self: Tensor, row: str, drawn: Any) -> Tensor:
    return dispatch_in_place(_DRAWN[row], self, (wrap(drawn),))


def _floating(self: Tensor, kernel: str) -> None:
    if self._array.dtype.kind != "f":
        name = dtype_name(np.asarray(self._array))
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{name}'")


def uniform_(self: Tensor, *bounds: float, generator: Any = None, **named: float) -> Tensor:
    """Fill with numbers uniform on [from, to), by default [0, 1)."""
    low, high = (*bounds, *(0.0, 1.0)[len(bounds) :])
    low, high = named.pop("from", low), named.pop("to", high)
    for name in named:
        raise TypeError(_errors.UNEXPECTED_ARGUMENT.format(function="uniform_", name=name))
    _floating(self, "check_uniform_bounds")
    shape, kind = self._array.shape, self._array.dtype
    drawn = generator_of(generator).uniform(shape, kind, low=float(low), high=float(high))
    return _fill(self, "uniform", drawn)


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with normal numbers."""
    _floating(self, "normal_kernel_cpu")
    shape, kind = self._array.shape, self._array.dtype
    drawn = generator_of(generator).normal(shape, kind, mean=float(mean), std=float(std))
    return _fill(self, "normal", drawn)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Fill with ones with probability `p` (a number, or a tensor of probabilities), and zeros."""
    of_tensor = isinstance(p, Tensor)
    chances = np.asarray(p._array) if of_tensor else float(p)
    array = self._array
    drawn = generator_of(generator).bernoulli(chances, array.shape, array.dtype)
    return _fill(self, "bernoulli_tensor" if of_tensor else "bernoulli_number", drawn)


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with exponential numbers of mean 1 / `lambd`."""
    _floating(self, "exponential")
    shape, kind = self._array.shape, self._array.dtype
    return _fill(self, "exponential", generator_of(generator).exponential(shape, kind, rate=lambd))


def random_(self: Tensor, *bounds: int, generator: Any = None) -> Tensor:
    """Fill with integers in [from, to), [0, to), or all that the dtype holds."""
    source, array = generator_of(generator), self._array
    if not bounds:
        return _fill(self, "random", source.random(array.shape, array.dtype))
    low, high = bounds if len(bounds) == 2 else (0, bounds[0])
    drawn = source.randint(low, high, shape=array.shape).astype(array.dtype)
    return _fill(self, "random_from" if len(bounds) == 2 else "random_to", drawn)


def cauchy_(
    self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None
) -> Tensor:
    """Fill with numbers of the Cauchy distribution."""
    _floating(self, "cauchy")
    fractions = generator_of(generator).uniform(self._array.shape, np.float64)
    drawn = median + sigma * np.tan(math.pi * (fractions - 0.5))
    return _fill(self, "cauchy", drawn.astype(self._array.dtype))


def log_normal_(
    self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Any = None
) -> Tensor:
    """Fill with numbers whose logarithm is normal."""
    _floating(self, "log_normal")
    array = self._array
    drawn = np.array(generator_of(generator)._pairwise_normals(array.size)).reshape(array.shape)
    return _fill(self, "log_normal", np.exp(mean + std * drawn).astype(array.dtype))


def geometric_(self: Tensor, p: float, *, generator: Any = None) -> Tensor:
    """Fill with the number of trials up to the first success, of probability `p`."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    fractions = generator_of(generator).uniform(self._array.shape, np.float64)
    drawn = np.ceil(np.log(fractions) / math.log1p(-p))
    return _fill(self, "geometric", drawn.astype(self._array.dtype))


METHODS: tuple[Callable[..., Tensor], ...] = (
    uniform_, normal_, bernoulli_, exponential_, random_, cauchy_, geometric_, log_normal_,
    bernoulli,
    multinomial,
)  # fmt: skip
"""What a tensor has of this."""


# -- the generator --------------------------------------------------------------------------------


def manual_seed(seed: int) -> _random.Generator:
    """Sow the default generator."""
    return _random.manual_seed(seed)


def seed() -> int:
    """Sow the default generator with a seed of the operating system's; return it."""
    return _random.default_generator.seed()


def initial_seed() -> int:
    """The seed that the default generator was sown with."""
    return _random.default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator: 5056 bytes."""
    return _random.default_generator.get_state()  # type: ignore[no-any-return]


def set_rng_state(new_state: Tensor) -> None:
    """Go on from a state that `get_rng_state` gave."""
    _random.default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices: Any = None, enabled: bool = True, device_type: str = "cuda"
) -> Iterator[None]:
    """Go on afterwards as if nothing had been drawn inside."""
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)
