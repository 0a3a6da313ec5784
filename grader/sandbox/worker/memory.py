"""A zygote's memory as its forks like it best: each page that a child writes to is copied for it.

Gaps are used up, so that what children make comes to lie side by side; and what lies together is
made one large page, of which a fork copies a single entry, where the kernel offers that.
"""

import ctypes
import gc

_POOLED = range(48, 513, 16)
"""Sizes that Python takes from pools of its own, one pool a size."""
_OTHERS = (*(2**power for power in range(16, 10, -1)), *range(1032, 23, -16))
"""Sizes that the C library takes from what was given back."""
_IN_A_ROW = 24
_MOST = 2**22
"""Bytes of each size; with the usual Python and C library far less than that is free."""
_HEADER = 33
_LARGE_PAGE = 2**21
_SOME = 16
"""Every so many objects are looked at: there are thousands on a large page."""
_COLLAPSE = 25

_libc = ctypes.CDLL(None)
_allocate, _advise = _libc.malloc, _libc.madvise
_allocate.argtypes, _allocate.restype = (ctypes.c_size_t,), ctypes.c_void_p
_advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

_kept: list[bytes] = []


def arrange() -> None:
    """Do all this, when everything is loaded that children share; the collector leaves it alone."""
    gc.collect()
    large_pages = {id(one) // _LARGE_PAGE for one in gc.get_objects()[::_SOME]}
    gc.freeze()
    for size in _POOLED:
        _fill_pools(size)
    _fill_heap()
    for number in large_pages:
        # It fails before Linux 6.1, and where something else is on the page.
        _advise(number * _LARGE_PAGE, _LARGE_PAGE, _COLLAPSE)


def _fill_pools(size: int) -> None:
    in_a_row = last = 0
    for _ in range(_MOST // size):
        one = bytes(size - _HEADER)
        _kept.append(one)
        if id(one) == last + size:
            in_a_row += 1
        elif in_a_row >= _IN_A_ROW:
            # No gap any more, and this lies beside its pool's own notes, which change as well.
            return
        else:
            in_a_row = 0
        last = id(one)


def _fill_heap() -> None:
    highest = 0
    for size in _OTHERS:
        for _ in range(_MOST // size):
            place = _allocate(size) or 0
            if place > highest:
                highest = place
                break
