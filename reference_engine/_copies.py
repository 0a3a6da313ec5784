"""The variants of views that copy what they show: `torch.squeeze_copy` and the like."""

from collections.abc import Callable
from typing import Any

from reference_engine._derivatives._table import TABLE
from reference_engine._dispatch import dispatch
from reference_engine._tensor import Tensor


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(int(one) for one in value)


def _copying(name: str, arrange: Callable[..., tuple[str, tuple[Any, ...]]]) -> Callable[..., Any]:
    """A function that copies what a view would show; `arrange` gives its row and options."""

    def call(input: Tensor, *arguments: Any, **named: Any) -> Any:
        row, options = arrange(input, *arguments, **named)
        return dispatch(TABLE[row], (input,), options)

    call.__name__ = name
    call.__doc__ = f"What `{name.removesuffix('_copy')}` shows, as a copy."
    return call


def _squeeze_row(input: Tensor, dim: Any = None) -> tuple[str, tuple[Any, ...]]:
    if dim is None:
        return "squeeze_copy", (None,)
    return "squeeze_dim_copy" if isinstance(dim, int) else "squeeze_dims_copy", (dim,)


alias_copy = _copying("alias_copy", lambda input: ("alias_copy", ()))
t_copy = _copying("t_copy", lambda input: ("t_copy", ()))
squeeze_copy = _copying("squeeze_copy", _squeeze_row)
unsqueeze_copy = _copying("unsqueeze_copy", lambda input, dim: ("unsqueeze_copy", (dim,)))
expand_copy = _copying(
    "expand_copy", lambda input, size, implicit=False: ("expand_copy", (_numbers(size),))
)
view_copy = _copying("view_copy", lambda input, size: ("view_copy", (_numbers(size),)))
permute_copy = _copying("permute_copy", lambda input, dims: ("permute_copy", (_numbers(dims),)))
transpose_copy = _copying(
    "transpose_copy", lambda input, dim0, dim1: ("transpose_copy", (dim0, dim1))
)
select_copy = _copying("select_copy", lambda input, dim, index: ("select_copy", (dim, index)))
slice_copy = _copying(
    "slice_copy",
    lambda input, dim=0, start=None, end=None, step=1: ("slice_copy", (dim, start, end, step)),
)
unbind_copy = _copying("unbind_copy", lambda input, dim=0: ("unbind_copy", (dim,)))
unfold_copy = _copying(
    "unfold_copy", lambda input, dimension, size, step: ("unfold_copy", (dimension, size, step))
)
split_with_sizes_copy = _copying(
    "split_with_sizes_copy",
    lambda input, split_sizes, dim=0: ("split_with_sizes_copy", (_numbers(split_sizes), dim)),
)

FUNCTIONS = (
    "alias_copy", "t_copy", "squeeze_copy", "unsqueeze_copy", "expand_copy", "view_copy",
    "permute_copy", "transpose_copy", "select_copy", "slice_copy", "unbind_copy", "unfold_copy",
    "split_with_sizes_copy",
)  # fmt: skip
