"""What the exception that a student's code raised tells of the mistake behind it."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from grader.diagnosis.findings import Finding, finding
from grader.outcomes import Outcome, Raised, Undefined

_ERRORS = (
    ("update_without_no_grad", "RuntimeError", "leaf Variable that requires grad .*in-place"),
    ("graph_freed", "RuntimeError", "Trying to backward through the graph a second time"),
    ("backward_on_non_scalar", "RuntimeError", "grad can be implicitly created only for scalar"),
    ("requires_grad_missing", "RuntimeError", "does not require grad and does not have a grad_fn"),
    ("integer_requires_grad", "RuntimeError", "nly Tensors of floating point .*require gradients"),
    ("saved_tensor_modified", "RuntimeError", "modified by an inplace operation"),
    ("unknown_name", "AttributeError", r"'Tensor' object has no attribute '(\w+)'"),
    ("unknown_name", "AttributeError", r"module '[\w.]+' has no attribute '(\w+)'"),
    ("unknown_name", "TypeError", r"^Tensor\.\w+\(\) got an unexpected keyword argument '(\w+)'"),
    ("number_indexed", "IndexError", "invalid index of a 0-dim tensor"),
    ("missing_transpose", "ValueError", "matmul: Input operand|shapes .* not aligned"),
    ("missing_transpose", "RuntimeError", "mat1 and mat2 shapes cannot be multiplied"),
    ("name_before_definition", "NameError", r"name '(\w+)' is not defined"),
)
"""Misconception, type of the exception, its text; a group of the text is the name at fault."""

_SHARED_TEXTS = {
    "requires_grad_missing": ("requires_grad_lost",),
    "missing_transpose": (),
}
"""Told by a text that has other causes as well, and what else it may be: tracking was never asked
for, or lost; a product does not fit for many reasons."""

_RENAMED = {"creator": "grad_fn", "grad_output": "gradient"}
_TENSOR_NAMES = (
    "backward", "clone", "data", "detach", "dtype", "grad", "grad_fn", "is_leaf", "item", "mean",
    "numpy", "requires_grad", "requires_grad_", "reshape", "retain_grad", "shape", "sum", "zero_",
)  # fmt: skip


def findings_of_exceptions(outcomes: Sequence[Outcome]) -> Iterator[Finding]:
    """What the first exception tells."""
    causes = (one.because if isinstance(one, Undefined) else one for one in outcomes)
    error = next((one for one in causes if isinstance(one, Raised)), None)
    if error is None or error.unsupported or error.forbidden:
        return
    place: dict[str, Any] = {"line": error.line, "source": error.source_line}
    for identifier, kind, text in _ERRORS:
        match = re.search(text, error.text, re.DOTALL)
        if kind == error.type and match:
            details: dict[str, Any] = (
                {"name": match[1], "nearest": _nearest(match[1])} if match.groups() else {}
            )
            exact = identifier not in _SHARED_TEXTS
            yield finding(identifier, None, exact=exact, **details, **place)
            for other in _SHARED_TEXTS.get(identifier, ()):
                yield finding(other, None, exact=False, **place)
            return
    if "NoneType" in error.text and re.search(r"\.grad\b", error.source_line or ""):
        yield finding("grad_of_non_leaf", None, exact=False, **place)
        yield finding("update_made_non_leaf", None, exact=False, **place)


def _nearest(name: str) -> str | None:
    """The name that was probably meant, if that is plain."""
    close = difflib.get_close_matches(name, _TENSOR_NAMES, n=1, cutoff=0.75)
    return _RENAMED.get(name) or next(iter(close), None)
