"""torch.utils.data.dataset: what gives samples by number, or one after the other."""

import itertools
import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from reference_engine._random import default_generator
from reference_engine._tensor import Tensor

T = TypeVar("T", covariant=True)  # noqa: PLC0105 - students write Dataset[...]

SIZE_MISMATCH = "Size mismatch between tensors"
NO_DATASETS = "datasets should not be an empty iterable"
CONCAT_ITERABLE = "ConcatDataset does not support IterableDataset"
CHAIN_ITERABLE = "ChainDataset only supports IterableDataset"
INDEX_BELOW = "absolute value of index should not exceed dataset length"
SPLIT_SUM = "Sum of input lengths does not equal the length of the input dataset!"
SPLIT_EMPTY = "Length of split at index {index} is 0. This might result in an empty dataset."
STACK_MIXED = (
    "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, "
    "but both types are given."
)
STACK_NONE = "At least one dataset should be passed"
SUBSET_OVERRIDE = (
    "{name} overrides __getitem__ but not __getitems__. When subclassing Subset and overriding "
    "__getitem__, you must also override __getitems__ to ensure DataLoader works correctly with "
    "your custom logic. A simple implementation:\n\ndef __getitems__(self, indices):\n"
    "    return [self.__getitem__(idx) for idx in indices]"
)


class Dataset(Generic[T]):
    """Samples by number: subclasses define `__getitem__` and, mostly, `__len__`."""

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: "Dataset[Any]") -> Any:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T], Iterable[T]):
    """Samples one after the other: subclasses define `__iter__`."""

    def __add__(self, other: Dataset[Any]) -> "ChainDataset":
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is the i-th entry of each tensor, along the first dimension."""

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensors[0].size(0) != one.size(0) for one in tensors):
            raise AssertionError(SIZE_MISMATCH)
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(one[index] for one in self.tensors)  # type: ignore[index]

    def __len__(self) -> int:
        count: int = self.tensors[0].size(0)
        return count


class StackDataset(Dataset[Any]):
    """Sample i is the tuple, or dict, of the i-th samples of data sets of one length."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError(STACK_MIXED)
        if not args and not kwargs:
            raise ValueError(STACK_NONE)
        self.datasets: Any = args or kwargs
        members = list(kwargs.values() if kwargs else args)
        if any(len(one) != len(members[0]) for one in members):
            raise ValueError("Size mismatch between datasets")
        self._length = len(members[0])

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: one[index] for name, one in self.datasets.items()}
        return tuple(one[index] for one in self.datasets)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T]):
    """Data sets end to end."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError(NO_DATASETS)
        if any(isinstance(one, IterableDataset) for one in self.datasets):
            raise AssertionError(CONCAT_ITERABLE)
        self.cumulative_sizes = list(itertools.accumulate(len(one) for one in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> Any:
        if index < 0:
            if -index > len(self):
                raise ValueError(INDEX_BELOW)
            index += len(self)
        place = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[place - 1] if place else 0
        return self.datasets[place][index - before]


class ChainDataset(IterableDataset[Any]):
    """Iterable data sets one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for one in self.datasets:
            if not isinstance(one, IterableDataset):
                raise AssertionError(CHAIN_ITERABLE)  # noqa: TRY004 - PyTorch's
            yield one

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self._checked())

    def __len__(self) -> int:
        return sum(len(one) for one in self._checked())


class Subset(Dataset[T]):
    """The samples of a data set at the given indices, in their order."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        kind = type(self)
        overridden = kind.__getitem__ is not Subset.__getitem__
        if overridden and kind.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(SUBSET_OVERRIDE.format(name=kind.__name__))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[one] for one in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> Any:
        places = [self.indices[one] for one in indices]
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.dataset.__getitems__(places)
        return [self.dataset[one] for one in places]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Any, lengths: Sequence[float], generator: Any = default_generator
) -> list[Subset[Any]]:
    """Parts of a data set, drawn at random; `lengths` are counts, or fractions that sum to 1.

    Raises ValueError where they sum to something else. What fractions leave over goes to the
    first parts, one sample each.
    """
    total = len(dataset)
    counts = [int(one) for one in lengths]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        counts = _counts_of(lengths, total)
        for index, count in enumerate(counts):
            if count == 0:
                warnings.warn(SPLIT_EMPTY.format(index=index), stacklevel=2)
    if sum(counts) != total:
        raise ValueError(SPLIT_SUM)
    source = default_generator if generator is None else generator
    order: list[int] = source.randperm(total).tolist()
    ends = itertools.accumulate(counts)
    return [
        Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts, strict=True)
    ]


def _counts_of(fractions: Sequence[float], total: int) -> list[int]:
    for index, fraction in enumerate(fractions):
        if fraction < 0 or fraction > 1:
            raise ValueError(f"Fraction at index {index} is not between 0 and 1")
    counts = [math.floor(total * fraction) for fraction in fractions]
    for place in range(total - sum(counts)):
        counts[place % len(counts)] += 1
    return counts
