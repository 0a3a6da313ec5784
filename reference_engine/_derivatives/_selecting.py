"""Which of several equal elements PyTorch selects: its ways to find the k-th one, step by step."""

from typing import Any

import numpy as np


def _ranks(line: Any) -> list[int]:
    """The elements' places in order: equal elements have one rank, nan the highest."""
    ordered = line[np.argsort(line, kind="stable")]
    return np.searchsorted(ordered, line).tolist()  # type: ignore[no-any-return]


class _Line:
    """A line of ranks that is reordered, and where each of them stood at first."""

    def __init__(self, ranks: list[int]) -> None:
        self.ranks = ranks
        self.places = list(range(len(ranks)))

    def swap(self, a: int, b: int) -> None:
        for one in (self.ranks, self.places):
            one[a], one[b] = one[b], one[a]

    def sort(self, low: int, high: int) -> None:
        """Put a part in order, equal ones in the order they stand in."""
        order = sorted(range(low, high), key=self.ranks.__getitem__)
        self.ranks[low:high] = [self.ranks[one] for one in order]
        self.places[low:high] = [self.places[one] for one in order]


def kth_smallest(line: Any, k: int) -> Any:
    """The place of the k-th smallest element of a vector, which quickselect leaves there."""
    found = _Line(_ranks(line))
    ranks = found.ranks
    low, high = 0, len(ranks) - 1
    while high > low + 1:
        found.swap((low + high) // 2, low + 1)
        for first, second in ((low + 1, high), (low, high), (low + 1, low)):
            if ranks[first] > ranks[second]:
                found.swap(first, second)
        i, j = low + 1, high
        while True:
            i = next(place for place in range(i + 1, high + 1) if ranks[place] >= ranks[low])
            j = next(place for place in range(j - 1, -1, -1) if ranks[place] <= ranks[low])
            if j < i:
                break
            found.swap(i, j)
        found.swap(low, j)
        low, high = (i if j <= k else low), (j - 1 if j >= k else high)
    if high == low + 1 and ranks[low] > ranks[high]:
        found.swap(low, high)
    return np.array([found.places[k]])


def first_few(line: Any, k: int, largest: bool) -> Any:
    """The places of the k largest (or smallest) elements of a vector, in order.

    The C++ library's nth_element brings them to the front; then all but the last are sorted.
    """
    ranks = _ranks(line)
    found = _Line([-one for one in ranks] if largest else ranks)
    low, high = 0, len(ranks)
    while k and high - low > 3:
        cut = _partition(found, low, high)
        low, high = (cut, high) if cut <= k - 1 else (low, cut)
    if k:
        found.sort(low, high)
        found.sort(0, k - 1)
    return np.array(found.places[:k], np.int64)


def _partition(line: _Line, low: int, high: int) -> int:
    """Bring what is below a pivot (the median of three) before the rest; where the rest begins."""
    ranks = line.ranks
    a, b, c = low + 1, low + (high - low) // 2, high - 1
    if ranks[a] < ranks[b]:
        middle = b if ranks[b] < ranks[c] else c if ranks[a] < ranks[c] else a
    else:
        middle = a if ranks[a] < ranks[c] else c if ranks[b] < ranks[c] else b
    line.swap(low, middle)
    left, right = low + 1, high
    while True:
        while ranks[left] < ranks[low]:
            left += 1
        right -= 1
        while ranks[low] < ranks[right]:
            right -= 1
        if left >= right:
            return left
        line.swap(left, right)
        left += 1
