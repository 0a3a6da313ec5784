"""torch.utils.data.sampler: the orders in which samples are read.

Random orders are PyTorch's own: a new generator, seeded from the default one, for each pass.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from reference_engine._creation import as_tensor
from reference_engine._random import Generator, default_generator
from reference_engine._types import float64

T = TypeVar("T", covariant=True)  # noqa: PLC0105 - students write Sampler[...]

REPLACEMENT_TYPE = "replacement should be a boolean value, but got replacement={found}"
NUM_SAMPLES = "num_samples should be a positive integer value, but got num_samples={found}"
BATCH_SIZE = "batch_size should be a positive integer value, but got batch_size={found}"
DROP_LAST = "drop_last should be a boolean value, but got drop_last={found}"
WEIGHTS = "weights should be a 1d sequence but given weights have shape {shape}"

_AT_ONCE = 32  # numbers drawn with replacement come in portions of this size


class Sampler(Generic[T]):
    """An order: subclasses define `__iter__`, and `__len__` where it is known."""

    def __init__(self, data_source: Any = None) -> None: ...

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """From the first sample to the last."""

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """All samples in random order, or `num_samples` of them; several passes where that is more."""

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(REPLACEMENT_TYPE.format(found=replacement))
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(NUM_SAMPLES.format(found=self.num_samples))

    @property
    def num_samples(self) -> int:
        """How many numbers one pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        count = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(fresh_seed(None))
        if self.replacement:
            for start in range(0, self.num_samples, _AT_ONCE):
                portion = min(_AT_ONCE, self.num_samples - start)
                yield from generator.randint(0, count, shape=(portion,)).tolist()
            return
        for _ in range(self.num_samples // count):
            yield from generator.randperm(count).tolist()
        yield from generator.randperm(count).tolist()[: self.num_samples % count]

    def __len__(self) -> int:
        return self.num_samples


def fresh_seed(generator: Any) -> int:
    """A seed drawn from a generator, or from the default one."""
    source = default_generator if generator is None else generator
    return int(source.random(()))


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        source = default_generator if self.generator is None else self.generator
        for place in source.randperm(len(self.indices)).tolist():
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn in proportion to their weights."""

    def __init__(
        self,
        weights: Any,
        num_samples: int,
        replacement: bool = True,
        generator: Any = None,
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(NUM_SAMPLES.format(found=num_samples))
        if not isinstance(replacement, bool):
            raise ValueError(REPLACEMENT_TYPE.format(found=replacement))  # noqa: TRY004 - PyTorch's
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.dim() != 1:
            raise ValueError(WEIGHTS.format(shape=tuple(self.weights.shape)))
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        source = default_generator if self.generator is None else self.generator
        weights = self.weights.detach().numpy()
        if self.replacement and self.num_samples > 1:
            limits = np.cumsum(weights)
            limits /= limits[-1]
            drawn = source.uniform((self.num_samples,), np.float64)
            yield from np.searchsorted(limits, drawn).tolist()
            return
        # The first to arrive: the shortest of exponential waiting times at these rates.
        rates = weights / source.exponential(weights.shape, np.float64)
        yield from np.argsort(-rates, kind="stable")[: self.num_samples].tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The numbers of another sampler in lists of `batch_size`; the last may be shorter."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(BATCH_SIZE.format(found=batch_size))
        if not isinstance(drop_last, bool):
            raise ValueError(DROP_LAST.format(found=drop_last))  # noqa: TRY004 - PyTorch's
        self.sampler: Any = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole if self.drop_last or not rest else whole + 1
