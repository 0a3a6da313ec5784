"""Finds and loads assignments: those that come along, and any file that an instructor wrote.

It knows where files are and how to execute one without changing anything global, not what an
assignment asks.
"""

import ast
import builtins
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Literal, TypeAlias

from grader.assignment import Assignment, AssignmentError, Question
from grader.assignment.remedies import raised
from grader.messages import Message, render
from grader.notebooks import parse_cells

FILE_NAME = "assignment.py"

Torch: TypeAlias = Literal["engine", "real"]


class UnknownAssignment(AssignmentError):  # noqa: N818 - it is the name of what is wrong
    """Neither a bundled assignment nor a file; students, too, meet it, and in their language."""

    def __init__(self, told: Message) -> None:
        super().__init__(render(told))
        self.told = told


def bundled() -> tuple[str, ...]:
    """The ids of the assignments at hand, sorted."""
    folder = home()
    names = sorted(os.listdir(folder))  # noqa: PTH208 - in a third of the time
    return tuple(name for name in names if (folder / name / FILE_NAME).is_file())


def load(name_or_path: str | Path, *, torch: Torch = "engine") -> Assignment:
    """The assignment with a bundled id, or that of a file or of a folder holding assignment.py.

    With `torch="real"`, the file's `import reference_engine` gives PyTorch; nothing changes for
    anyone else. Raises UnknownAssignment, or AssignmentError where the file is at fault.
    """
    file = _find(str(name_or_path))
    namespace = _execute(file, torch)
    found = {id(value): value for value in namespace.values() if isinstance(value, Assignment)}
    if not found:
        raise AssignmentError(
            'holds no Assignment; write hw = Assignment("id", title="...")', file=str(file)
        )
    if len(found) > 1:
        ids = ", ".join(one.id for one in found.values())
        raise AssignmentError(
            f"holds {len(found)} assignments ({ids}); one file, one assignment", file=str(file)
        )
    (assignment,) = found.values()
    if not assignment.items:
        raise AssignmentError(
            "asks nothing; decorate a solution with @hw.question(...)", file=str(file)
        )
    assignment.file = file.resolve()
    assignment.path = assignment.file.parent
    assignment.torch = torch
    return assignment


def torch_of(frame: FrameType) -> Torch:
    """What `import reference_engine` gives in an assignment file that is being executed."""
    own: Any = frame.f_builtins
    return "real" if own["__import__"] is _import_real_torch else "engine"


def home() -> Path:
    """Where the bundled assignments are: inside the installed package, or beside it."""
    package = Path(__file__).parent
    inside = package / "assignments"
    return inside if inside.is_dir() else package.parent / "assignments"


def _find(name: str) -> Path:
    if name in bundled():
        return home() / name / FILE_NAME
    path = Path(name)
    if path.is_dir() and (path / FILE_NAME).is_file():
        return path / FILE_NAME
    if path.is_dir():
        known = {"name": name, "file": FILE_NAME}
        raise UnknownAssignment(Message("start.no_assignment_in_folder", known))
    if path.is_file() and path.suffix == ".py":
        return path
    if path.is_file():
        known = {"name": name, "file": FILE_NAME}
        raise UnknownAssignment(Message("start.no_assignment_file", known))
    import difflib  # noqa: PLC0415 - only where there is no such name

    near = ", ".join(difflib.get_close_matches(name, bundled(), n=3))
    if near:
        raise UnknownAssignment(Message("start.unknown_near", {"name": repr(name), "near": near}))
    raise UnknownAssignment(Message("start.unknown", {"name": repr(name)}))


def _execute(file: Path, torch: Torch) -> dict[str, Any]:
    """The names that the file leaves behind."""
    own_builtins = dict(vars(builtins))
    if torch == "real":
        own_builtins["__import__"] = _import_real_torch
    namespace: dict[str, Any] = {
        "__name__": "assignment",
        "__file__": str(file),
        "__builtins__": own_builtins,
    }
    try:
        code = compile(_read(file), str(file), "exec", dont_inherit=True)
        exec(code, namespace)  # noqa: S102 - the instructor's own file, on the instructor's machine
    except AssignmentError:
        raise
    except SyntaxError as error:
        told = f"{error.msg}; correct this line, or what comes before it"
        raise AssignmentError(told, file=str(error.filename or file), line=error.lineno) from None
    except (Exception, SystemExit) as error:
        raise raised(error, str(file)) from error
    return namespace


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        known = {"name": str(file), "reason": error.strerror}
        raise UnknownAssignment(Message("start.unreadable_assignment", known)) from None


def _import_real_torch(name: str, *rest: Any, **more: Any) -> ModuleType:
    """`__import__` for a file that is to run on PyTorch."""
    package, dot, submodule = name.partition(".")
    if package == "reference_engine":
        name = f"torch{dot}{submodule}"
    try:
        return builtins.__import__(name, *rest, **more)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            "PyTorch is not installed; pip install 'autograd-grader[torch]'"
        ) from None


def recognise(cells: Sequence[str]) -> tuple[Assignment, ...]:
    """The bundled assignments that code could answer: those most of whose names it binds.

    Of several with as many, those that ask least else. The code is read, never run; a cell that
    does not parse counts for nothing.
    """
    names = _bound_names(cells)
    fits = {
        name: (len(asked & names), -len(asked - names)) for name, asked in _asked_names().items()
    }
    best = max(fits.values(), default=(0, 0))
    return tuple(load(name) for name, fit in fits.items() if best[0] and fit == best)


@cache
def _asked_names() -> dict[str, frozenset[str]]:
    """The names that each bundled assignment asks for."""
    return {
        name: frozenset(
            item.called if isinstance(item, Question) else item.id for item in load(name)
        )
        for name in bundled()
    }


def _bound_names(cells: Sequence[str]) -> frozenset[str]:
    names: set[str] = set()
    for tree in parse_cells(cells):
        for statement in tree.body if tree else ():
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                names.add(statement.name)
            elif isinstance(statement, ast.Assign):
                names.update(one.id for one in statement.targets if isinstance(one, ast.Name))
    return frozenset(names)
