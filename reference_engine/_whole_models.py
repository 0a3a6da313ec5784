"""Whole models in files: a file names a copy that this process keeps, and holds no code.

Loading it in another process is refused: a file must never choose what classes are made.
"""

import copy
import sys
from itertools import count
from typing import Any

from reference_engine._errors import NotCovered

KEPT_AT_MOST = 32
"""Copies kept: a loop that saves its model every time does not fill the memory."""

_kept: dict[str, Any] = {}
_numbers = count(1)


def first_model(obj: Any) -> Any:
    """The first module in an object, or in a dict or list; None where there is none."""
    home = sys.modules.get("reference_engine.nn.modules.module")
    if home is None:
        return None
    parts = obj.values() if isinstance(obj, dict) else obj if isinstance(obj, list | tuple) else ()
    return next((one for one in (obj, *parts) if isinstance(one, home.Module)), None)


def keep(obj: Any, model: Any) -> dict[str, bytes]:
    """Keep a copy of an object with a model; the records of the file that stands for it.

    Its program is only the name of the model's class, which loading weights refuses to look up.
    """
    number = str(next(_numbers))
    _kept[number] = copy.deepcopy(obj)
    while len(_kept) > KEPT_AT_MOST:
        del _kept[next(iter(_kept))]
    kind = type(model)
    return {
        "data.pkl": f"\x80\x02c{kind.__module__}\n{kind.__qualname__}\n.".encode("latin-1"),
        "kept": f"{id(_kept)} {number}".encode(),
    }


def kept(record: bytes) -> Any:
    """A copy of what was saved."""
    process, number = record.decode().split()
    if process != str(id(_kept)) or number not in _kept:
        raise NotCovered("load of a whole model that another process has saved")
    return copy.deepcopy(_kept[number])
