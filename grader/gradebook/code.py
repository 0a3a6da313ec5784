"""Students' code as the gradebook keeps it: packed small, and read back with care."""

import json
import zlib
from collections.abc import Sequence

_LARGEST = 64 * 2**20
"""Bytes of a submission's code, which is told in at most six to one of the submission."""


class DamagedError(Exception):
    """What is kept is not what `packed` gives."""


def packed(cells: Sequence[str]) -> bytes:
    """The cells' sources in as few bytes as are easily had."""
    # As ASCII, since a student's text need not be valid Unicode.
    text = json.dumps(cells).encode("ascii")
    # For a short text the usual memory takes longer to make ready than the text to pack.
    window, memory = (12, 4) if len(text) < 2**12 else (zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    packer = zlib.compressobj(wbits=window, memLevel=memory)
    return packer.compress(text) + packer.flush()


def unpacked(data: bytes) -> tuple[str, ...]:
    """The sources in what `packed` gave; raises DamagedError, whatever the bytes would become."""
    try:
        return tuple(json.loads(zlib.decompressobj().decompress(data, _LARGEST)))
    except (zlib.error, ValueError) as error:
        raise DamagedError(str(error)) from None
