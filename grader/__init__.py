"""Grades autograd coursework: what an assignment file imports.

Everything here loads on first use, so that `import grader` costs nothing to the command line's
help and to the sandbox's worker, which needs only the protocol.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from grader.assignment import Assignment as Assignment
    from grader.inputs import array as array
    from grader.inputs import integer as integer
    from grader.inputs import labels as labels
    from grader.inputs import one_of as one_of
    from grader.inputs import real as real
    from grader.inputs import source as source
    from grader.inputs import tensor as tensor
    from grader.jupyter import check as check

_HOMES = {
    "Assignment": "grader.assignment",
    "array": "grader.inputs",
    "check": "grader.jupyter",
    "integer": "grader.inputs",
    "labels": "grader.inputs",
    "one_of": "grader.inputs",
    "real": "grader.inputs",
    "source": "grader.inputs",
    "tensor": "grader.inputs",
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
