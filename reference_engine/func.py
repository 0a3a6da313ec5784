"""torch.func: `vmap`, modules as functions, and derivatives, which `_transforms` has."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from reference_engine._errors import NotCovered
from reference_engine._functions import stack, unbind
from reference_engine._tensor import Tensor
from reference_engine._transforms import (
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    vjp,
)

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "stack_module_state", "vjp", "vmap",
]  # fmt: skip

Function = Callable[..., Any]


# -- one slice at a time --------------------------------------------------------------------------


def vmap(func: Function, in_dims: Any = 0, out_dims: Any = 0, **_: Any) -> Function:
    """The function that applies `func` to each slice and joins what it gives.

    `in_dims` tells along which dimension each argument is cut; None hands it over whole. Arguments
    and results may be dicts and sequences of tensors.
    """

    @wraps(func)
    def call(*arguments: Any, **named: Any) -> Any:
        dims = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(arguments)
        columns = [_cut(one, dim) for one, dim in zip(arguments, dims, strict=True)]
        by_name = {name: _cut(one, 0) for name, one in named.items()}
        counts = {len(one) for one in (*columns, *by_name.values()) if one is not None}
        if len(counts) != 1:
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension"
            )
        results = [
            func(
                *(
                    one if column is None else column[place]
                    for one, column in zip(arguments, columns, strict=True)
                ),
                **{name: column[place] for name, column in by_name.items() if column is not None},
            )
            for place in range(counts.pop())
        ]
        return _joined(results, out_dims)

    return call


def _cut(value: Any, dim: Any) -> list[Any] | None:
    """The slices of an argument; None where it is handed over whole."""
    if dim is None:
        return None
    if isinstance(value, Tensor):
        return list(unbind(value, dim))
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    single = isinstance(dim, int)
    parts = {key: _cut(value[key], dim if single else dim[key]) for key in keys}
    count = max((len(part) for part in parts.values() if part is not None), default=0)
    return [
        _like(
            value, {key: value[key] if part is None else part[place] for key, part in parts.items()}
        )
        for place in range(count)
    ]


def _like(value: Any, parts: dict[Any, Any]) -> Any:
    return parts if isinstance(value, dict) else type(value)(parts.values())


def _joined(results: list[Any], dim: Any) -> Any:
    """The results of all slices, stacked tensor by tensor."""
    first = results[0]
    if isinstance(first, Tensor):
        return stack(results, dim)
    if isinstance(first, dict):
        return {key: _joined([one[key] for one in results], dim) for key in first}
    if not isinstance(first, list | tuple):
        raise ValueError(  # noqa: TRY004 - PyTorch's
            f"vmap({_name(first)}, ...): `func` must only return Tensors, got type {type(first)}"
        )
    dims = dim if isinstance(dim, tuple) else (dim,) * len(first)
    columns = zip(*results, strict=True)
    return type(first)(
        _joined(list(column), one) for column, one in zip(columns, dims, strict=True)
    )


def _name(value: Any) -> str:
    return type(value).__name__


# -- modules as functions -------------------------------------------------------------------------


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call the module with other tensors in the place of some of its parameters and buffers."""
    given = parameter_and_buffer_dicts
    dicts = [given] if isinstance(given, dict) else list(given)
    values = {name: value for one in dicts for name, value in one.items()}
    own = {
        name: (owner, table, key)
        for path, owner in module.named_modules(remove_duplicate=False)
        for table in (owner._parameters, owner._buffers)
        for key in table
        for name in [f"{path}.{key}" if path else key]
    }
    if strict and values.keys() != own.keys():
        unknown, missing = values.keys() - own.keys(), own.keys() - values.keys()
        kinds = (("Unexpected", unknown), ("Missing", missing))
        problems = [
            f"\n\t{kind} key(s): {', '.join(map(repr, sorted(names)))}."
            for kind, names in kinds
            if names
        ]
        raise RuntimeError(f"Error(s) in reparametrizing for {_name(module)}:{''.join(problems)}")
    values = {name: value for name, value in values.items() if name in own}
    replaced = dict(values)
    if tie_weights:
        tied = {id(own[name][1][own[name][2]]): value for name, value in values.items()}
        replaced |= {
            name: tied[id(table[key])]
            for name, (_, table, key) in own.items()
            if id(table[key]) in tied
        }
    before = {name: own[name][1][own[name][2]] for name in replaced}
    arguments = args if isinstance(args, tuple) else () if args is None else (args,)
    try:
        for name, value in replaced.items():
            own[name][1][own[name][2]] = value
        return module(*arguments, **(kwargs or {}))
    finally:
        for name, value in before.items():
            own[name][1][own[name][2]] = value


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(parameters, buffers) of modules of one kind, each name's stacked along a new dimension."""
    listed = list(models)
    if not listed:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({type(one) for one in listed}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")

    def stacked(name: str) -> dict[str, Any]:
        members = [dict(getattr(one, name)()) for one in listed]
        return {key: stack([one[key].detach() for one in members]) for key in members[0]}

    parameters = stacked("named_parameters")
    first = dict(listed[0].named_parameters())
    for name, value in parameters.items():
        value.requires_grad_(first[name].requires_grad)
    return parameters, stacked("named_buffers")


_NOT_COVERED = frozenset(
    (
        "debug_unwrap", "functionalize", "rearrange",
        "replace_all_batch_norm_modules_",
    )
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _NOT_COVERED:
        raise NotCovered(f"func.{name}")
    raise AttributeError(f"module 'torch.func' has no attribute '{name}'")
