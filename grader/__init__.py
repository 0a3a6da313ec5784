"""Grades autograd coursework: what an assignment file imports.

Everything here loads on first use, so that `import grader` costs nothing to the command line's
help and to the sandbox's worker, which needs only the protocol.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from grader.assignment import Assignment as Assignment
    from grader.assignment.inputs import array as array
    from grader.assignment.inputs import integer as integer
    from grader.assignment.inputs import labels as labels
    from grader.assignment.inputs import one_of as one_of
    from grader.assignment.inputs import real as real
    from grader.assignment.inputs import source as source
    from grader.assignment.inputs import tensor as tensor
    from grader.jupyter import check as check

_HOMES = {
    "Assignment": "grader.assignment",
    "array": "grader.assignment.inputs",
    "check": "grader.jupyter",
    "integer": "grader.assignment.inputs",
    "labels": "grader.assignment.inputs",
    "one_of": "grader.assignment.inputs",
    "real": "grader.assignment.inputs",
    "source": "grader.assignment.inputs",
    "tensor": "grader.assignment.inputs",
}
__all__ = [  # noqa: PLE0604 - the keys of the one table above
    "__version__",
    *_HOMES,
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext grader` gives the magic `%grader check`."""
    import_module("grader.jupyter").register(shell)


def __dir__() -> list[str]:
    return sorted(__all__)
