"""What to do about an exception that an assignment file raised, in one line with its place.

It knows the names that such files use and the mistakes made with them, nothing of what is asked.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

import grader
from grader.assignment import inputs
from grader.assignment.inputs import AssignmentError

_CALL = re.compile(r"^(?:(\w+)\.)?(\w+)\(\) (?:got|missing|takes)")
_USUAL_IMPORTS = {
    "torch": "import reference_engine as torch",
    "np": "import numpy as np",
    "numpy": "import numpy",
}
_ENGINES = ("reference_engine", "torch")


def raised(error: BaseException, file: str, *, during: str = "") -> AssignmentError:
    """The mistake behind an exception: at the last line of `file` that was being executed."""
    line = None
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == file:
            line = step.tb_lineno
        step = step.tb_next
    text = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
    remedy = _remedy(error) or ("correct it, or draw other inputs" if during else "correct it")
    return AssignmentError(f"{during}{text}; {remedy}", file=file, line=line)


def _remedy(error: BaseException) -> str | None:  # noqa: PLR0911 - one a mistake
    """What to do about a mistake that is usual; None for any other."""
    match error:
        case ModuleNotFoundError(name="torch"):
            return f"write {_USUAL_IMPORTS['torch']}, which runs on PyTorch as well"
        case ModuleNotFoundError(name=str(name)):
            return f"install {name} where the grader runs, or write what is needed into this file"
        case ImportError(name="grader"):
            return f"grader offers {', '.join(grader.__all__[1:])}"
        case NameError(name=str(name)) if name in grader.__all__:
            return f"write from grader import {name}"
        case NameError(name=str(name)):
            known = _USUAL_IMPORTS.get(name)
            return f"write {known}" if known else "define it above this line, or correct the name"
        case AttributeError(name=str(name), obj=obj) if _is_an_engine(obj):
            return f"the engine has no {name}: write it with what it has, or with NumPy"
        case AttributeError(name=str(name), obj=obj):
            return _nearest(name, obj)
        case TypeError():
            return _signature(str(error))
        case SystemExit():
            return "take it out: a file that is loaded must not end the program"
        case _:
            return None


def _nearest(name: str, obj: object) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only where there is no such name

    near = get_close_matches(name, dir(obj), n=1)
    return f"did you mean {near[0]}?" if near else None


def _is_an_engine(found: object) -> bool:
    return inspect.ismodule(found) and found.__name__.partition(".")[0] in _ENGINES


def _signature(text: str) -> str | None:
    """How a function of ours is called that was called wrongly; None for another function."""
    found = _CALL.match(text)
    function = None if found is None else _ours(found[1], found[2])
    if function is None:
        return None
    parameters = list(inspect.signature(function).parameters.values())
    shown = [
        f"{one.name}="
        if one.kind is one.KEYWORD_ONLY
        else f"*{one.name}"
        if one.kind is one.VAR_POSITIONAL
        else one.name
        for one in parameters
        if one.name != "self"
    ]
    return f"it takes ({', '.join(shown)})"


def _ours(owner: str | None, name: str) -> Callable[..., Any] | None:
    from grader.assignment import Assignment, Question  # noqa: PLC0415 - they load us, for others

    homes: dict[str | None, Any] = {"Assignment": Assignment, "Question": Question, None: inputs}
    if owner is None and name not in grader.__all__:
        return None
    return getattr(homes.get(owner), name, None)
