"""Gaps in memory, used up before the fork, so that what children make comes to lie side by side.

A gap is a page that is in use otherwise: each child that put something there would copy the page.
"""

import ctypes

_POOLED = range(48, 513, 16)
"""Sizes that Python takes from pools of its own, one pool a size."""
_OTHERS = (*(2**power for power in range(16, 10, -1)), *range(1032, 23, -16))
"""Sizes that the C library takes from what was given back."""
_IN_A_ROW = 24
_HEADER = 33

_kept: list[bytes] = []


def use_up_gaps() -> None:
    """Take what is free among what is in use; it is never given back."""
    for size in _POOLED:
        _fill_pools(size)
    _fill_heap()


def _fill_pools(size: int) -> None:
    in_a_row = last = 0
    while in_a_row < _IN_A_ROW:
        one = bytes(size - _HEADER)
        _kept.append(one)
        in_a_row = in_a_row + 1 if id(one) == last + size else 0
        last = id(one)


def _fill_heap() -> None:
    allocate = ctypes.CDLL(None).malloc
    allocate.argtypes, allocate.restype = (ctypes.c_size_t,), ctypes.c_void_p
    highest = 0
    for size in _OTHERS:
        while (place := allocate(size)) < highest:
            pass
        highest = place
