"""torch.utils.data.dataloader: batches of a data set, in PyTorch's order.

Nothing runs beside the caller's process. Where workers are asked for, each has a random state and
a shallow copy of the data set of its own, and they take turns as PyTorch's processes do.
"""

import copy
import itertools
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np

from reference_engine._random import Generator, default_generator
from reference_engine.utils.data.collate import default_collate, default_convert
from reference_engine.utils.data.dataset import IterableDataset
from reference_engine.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    fresh_seed,
)

T = TypeVar("T", covariant=True)  # noqa: PLC0105 - students write DataLoader[...]

WORKERS = "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing."
TIMEOUT = "timeout option should be non-negative"
PREFETCH_ALONE = (
    "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to "
    "enable multiprocessing, otherwise set prefetch_factor to None."
)
PREFETCH = "prefetch_factor option should be non-negative"
PERSISTENT = "persistent_workers option needs num_workers > 0"
CONTEXT = (
    "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but "
    "got num_workers={found}"
)
ITERABLE_SHUFFLE = (
    "DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={found}"
)
ITERABLE_SAMPLER = (
    "DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={found}"
)
SAMPLER_SHUFFLE = "sampler option is mutually exclusive with shuffle"
BATCH_SAMPLER = (
    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
)
NO_BATCHES = (
    "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
)
FIXED = "{name} attribute should not be set after {cls} is initialized"
TIMEOUT_ALONE = "_SingleProcessDataLoaderIter requires timeout == 0"
PINNED = (
    "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory "
    "won't be used."
)
LENGTH = (
    "Length of IterableDataset {dataset} was reported to be {expected}(when accessing "
    "len(dataloader)), but {found} samples have been fetched. "
)

_FIXED = frozenset(
    ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
)


class DataLoader(Generic[T]):
    """An iterable of batches; each pass over it draws a new order where one is drawn.

    Raises ValueError for options that exclude each other.
    """

    _ready = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        if multiprocessing_context is not None and num_workers == 0:
            raise ValueError(CONTEXT.format(found=num_workers))
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        if isinstance(dataset, IterableDataset):
            _check_iterable(shuffle, sampler, batch_sampler)
            sampler = _Endless()
        elif sampler is not None and shuffle:
            raise ValueError(SAMPLER_SHUFFLE)
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(BATCH_SAMPLER)
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(NO_BATCHES)
        if sampler is None:
            sampler = (
                RandomSampler(dataset, generator=generator)
                if shuffle
                else SequentialSampler(dataset)
            )
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        default = default_convert if batch_sampler is None else default_collate
        self.collate_fn = default if collate_fn is None else collate_fn
        self.persistent_workers = persistent_workers
        self._reported_length: int | None = None
        self._iterator: _InTurns | None = None
        self._ready = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._ready and name in _FIXED:
            raise ValueError(FIXED.format(name=name, cls=type(self).__name__))
        super().__setattr__(name, value)

    def __iter__(self) -> "_SingleProcessDataLoaderIter":
        if not self.num_workers:
            return _SingleProcessDataLoaderIter(self)
        if not self.persistent_workers:
            return _InTurns(self)
        if self._iterator is None:
            self._iterator = _InTurns(self)
        else:
            self._iterator.begin()
        return self._iterator

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self.index_sampler)
        length = self._reported_length = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        whole, rest = divmod(length, self.batch_size)
        return whole if self.drop_last or not rest else whole + 1

    @property
    def index_sampler(self) -> Any:
        """What gives the numbers to fetch: lists of them where there are batches."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler


class _Endless(Sampler[None]):
    """The order of a data set that has none: as many as it gives."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


def _check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent: bool
) -> None:
    if num_workers < 0:
        raise ValueError(WORKERS)
    if timeout < 0:
        raise ValueError(TIMEOUT)
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(PREFETCH_ALONE)
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError(PREFETCH)
    if persistent and num_workers == 0:
        raise ValueError(PERSISTENT)


def _check_iterable(shuffle: bool | None, sampler: Any, batch_sampler: Any) -> None:
    if shuffle:
        raise ValueError(ITERABLE_SHUFFLE.format(found=shuffle))
    for name, found in (("sampler", sampler), ("batch_sampler", batch_sampler)):
        if found is not None:
            raise ValueError(ITERABLE_SAMPLER.format(name=name, found=found))


def _fetcher(loader: DataLoader[Any], dataset: Any) -> Callable[[Any], Any]:
    """A function of a number, or a list of them, that gives the collated samples.

    It raises StopIteration where an iterable data set has no more.
    """
    in_batches = loader.batch_sampler is not None
    if not isinstance(dataset, IterableDataset):

        def by_number(index: Any) -> Any:
            if not in_batches:
                return loader.collate_fn(dataset[index])
            if callable(getattr(dataset, "__getitems__", None)):
                return loader.collate_fn(dataset.__getitems__(index))
            return loader.collate_fn([dataset[one] for one in index])

        return by_number
    samples = iter(dataset)

    def following(index: Any) -> Any:
        if not in_batches:
            return loader.collate_fn(next(samples))
        batch = list(itertools.islice(samples, len(index)))
        if not batch or (loader.drop_last and len(batch) < len(index)):
            raise StopIteration
        return loader.collate_fn(batch)

    return following


class _SingleProcessDataLoaderIter:
    """One pass over a loader's batches."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        if loader.pin_memory:
            warnings.warn(PINNED, stacklevel=3)
        self._loader = loader
        self._numbers = iter(loader.index_sampler)
        self._given = 0
        self._base_seed = fresh_seed(loader.generator)
        self._start()

    def _start(self) -> None:
        if self._loader.timeout != 0:
            raise AssertionError(TIMEOUT_ALONE)
        self._fetch = _fetcher(self._loader, self._loader.dataset)

    def _next(self) -> Any:
        return self._fetch(next(self._numbers))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        batch = self._next()
        self._given += 1
        expected = self._loader._reported_length
        if expected is not None and self._given > expected:
            text = LENGTH.format(dataset=self._loader.dataset, expected=expected, found=self._given)
            warnings.warn(text, stacklevel=2)
        return batch

    def __len__(self) -> int:
        return len(self._loader.index_sampler)


# -- workers --------------------------------------------------------------------------------------


@dataclass
class WorkerInfo:
    """What `get_worker_info` tells the code that a worker runs."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_at_work: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """The worker that is fetching samples now; None outside one."""
    return _at_work


class _Worker:
    """A worker: its copy of the data set, its random state, and whether it has more to give."""

    def __init__(self, loader: DataLoader[Any], number: int, base_seed: int) -> None:
        import random

        self._loader = loader
        dataset = copy.copy(loader.dataset)
        self._info = WorkerInfo(number, loader.num_workers, base_seed + number, dataset)
        entropy = (number, base_seed % (1 << 32), base_seed >> 32, 0)
        self._random: tuple[Any, ...] = (
            Generator().manual_seed(self._info.seed).get_state(),
            random.Random(self._info.seed).getstate(),  # noqa: S311 - not for secrets
            np.random.RandomState(np.random.SeedSequence(entropy).generate_state(4)).get_state(),
        )
        if loader.worker_init_fn is not None:
            with self._working():
                loader.worker_init_fn(number)
        self.begin()

    def begin(self) -> None:
        """Start a pass over the data set."""
        with self._working():
            self._fetch = _fetcher(self._loader, self._info.dataset)
        self.has_more = True

    def fetch(self, index: Any) -> Any:
        """The samples of an index; raises StopIteration where there are no more."""
        with self._working():
            try:
                return self._fetch(index)
            except StopIteration:
                self.has_more = False
        raise StopIteration

    @contextmanager
    def _working(self) -> Iterator[None]:
        """With this worker's random state in place of the caller's."""
        global _at_work
        outside = _random_state()
        _at_work = self._info
        _set_random_state(self._random)
        try:
            yield
        finally:
            self._random = _random_state()
            _set_random_state(outside)
            _at_work = None


def _random_state() -> tuple[Any, ...]:
    import random  # here, since only workers need it

    return default_generator.get_state(), random.getstate(), np.random.get_state()  # noqa: NPY002


def _set_random_state(state: tuple[Any, ...]) -> None:
    import random

    default_generator.set_state(state[0])
    random.setstate(state[1])
    np.random.set_state(state[2])  # noqa: NPY002


class _InTurns(_SingleProcessDataLoaderIter):
    """A pass for which workers fetch in turns, some batches ahead of what was asked for."""

    def _start(self) -> None:
        count = self._loader.num_workers
        self._workers = [_Worker(self._loader, one, self._base_seed) for one in range(count)]
        self.begin()

    def begin(self) -> None:
        """Start a pass, with the same workers where there was one before."""
        self._numbers = iter(self._loader.index_sampler)
        self._turns = itertools.cycle(self._workers)
        self._waiting: deque[tuple[_Worker, Any]] = deque()
        if self._given:
            for worker in self._workers:
                worker.begin()
        self._given = 0
        for _ in range((self._loader.prefetch_factor or 0) * len(self._workers)):
            self._hand_out()

    def _hand_out(self) -> None:
        """Give the next number (or list of them) to the next worker that has more."""
        for index in itertools.islice(self._numbers, 1):
            turn = itertools.islice(self._turns, len(self._workers))
            worker = next((one for one in turn if one.has_more), None)
            if worker is not None:
                self._waiting.append((worker, index))

    def _next(self) -> Any:
        while self._waiting:
            worker, index = self._waiting.popleft()
            if not worker.has_more:
                continue
            try:
                batch = worker.fetch(index)
            except StopIteration:
                self._hand_out()
                continue
            self._hand_out()
            return batch
        raise StopIteration
