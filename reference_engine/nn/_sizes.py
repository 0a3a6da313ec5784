"""Windows of several dimensions: their sizes, and functions for each number of dimensions."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Sizes = int | Sequence[int]


def sizes_of(value: Any, count: int) -> tuple[int, ...]:
    """A size for each of `count` dimensions, from one for all or from as many."""
    if isinstance(value, (int, np.integer)):
        return (int(value),) * count
    sizes = tuple(int(one) for one in value)
    return sizes * count if len(sizes) == 1 else sizes


def for_each_count(
    make: Callable[[int], Callable[..., Any]], name: str, counts: tuple[int, ...]
) -> Iterator[Any]:
    """What `make` gives for each number of dimensions, named "conv{}d" with the number."""
    for count in counts:
        made = make(count)
        made.__name__ = made.__qualname__ = name.format(count)
        yield made
