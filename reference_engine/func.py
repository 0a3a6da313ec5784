"""torch.func: gradients and Jacobians as functions of functions; `vmap` one slice at a time."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from reference_engine._errors import NotCovered
from reference_engine._functions import stack, unbind
from reference_engine._tensor import Tensor
from reference_engine.autograd import functional
from reference_engine.autograd import grad as gradient

Function = Callable[..., Any]


def grad(func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Function:
    """The function that gives the gradient of `func` with respect to some of its arguments.

    `func` gives a 0-d tensor, and with `has_aux` something else, which is passed on.
    """
    both = grad_and_value(func, argnums, has_aux)

    @wraps(func)
    def call(*arguments: Any, **named: Any) -> Any:
        found, value = both(*arguments, **named)
        return (found, value[1]) if has_aux else found

    return call


def grad_and_value(
    func: Function, argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Function:
    """As `grad`; the value of `func` follows the gradient."""

    @wraps(func)
    def call(*arguments: Any, **named: Any) -> Any:
        places = (argnums,) if isinstance(argnums, int) else argnums
        given = list(arguments)
        for place in places:
            given[place] = _fresh(given[place])
        outcome = func(*given, **named)
        value, extra = outcome if has_aux else (outcome, None)
        leaves = [leaf for place in places for leaf in _leaves(given[place])]
        slopes = iter(gradient(value, leaves, create_graph=True, materialize_grads=True))
        found = tuple(_rebuilt(given[place], slopes) for place in places)
        found = tuple(_released(one, arguments) for one in found)
        result = found[0] if isinstance(argnums, int) else found
        value = _released(value, arguments)
        return result, (value, extra) if has_aux else value

    return call


def _fresh(value: Any) -> Any:
    if isinstance(value, Tensor):
        # A tensor that is being differentiated further out stays in that graph.
        return value * 1 if value.requires_grad else value.detach().requires_grad_()  # type: ignore[operator]
    if isinstance(value, dict):
        return {name: _fresh(one) for name, one in value.items()}
    return type(value)(_fresh(one) for one in value)


def _leaves(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value
    return [leaf for part in parts for leaf in _leaves(part)]


def _rebuilt(value: Any, slopes: Any) -> Any:
    if isinstance(value, Tensor):
        return next(slopes)
    if isinstance(value, dict):
        return {name: _rebuilt(one, slopes) for name, one in value.items()}
    return type(value)(_rebuilt(one, slopes) for one in value)


def _released(value: Any, arguments: tuple[Any, ...]) -> Any:
    """The result without history where no argument had one."""
    if any(leaf.requires_grad for one in arguments for leaf in _tensors(one)):
        return value
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, dict):
        return {name: _released(one, arguments) for name, one in value.items()}
    return type(value)(_released(one, arguments) for one in value)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return (
        [leaf for one in value for leaf in _tensors(one)] if isinstance(value, list | tuple) else []
    )


def jacrev(func: Function, argnums: int = 0) -> Function:
    """The function that gives the Jacobian of `func` with respect to one argument."""
    return _matrix(functional.jacobian, func, argnums)


jacfwd = jacrev


def hessian(func: Function, argnums: int = 0) -> Function:
    """The function that gives the Hessian of `func` with respect to one argument."""
    return _matrix(functional.hessian, func, argnums)


def _matrix(compute: Function, func: Function, argnums: int) -> Function:
    @wraps(func)
    def call(*arguments: Any, **named: Any) -> Any:
        def of_one(value: Tensor) -> Any:
            given = (*arguments[:argnums], value, *arguments[argnums + 1 :])
            return func(*given, **named)

        tracked = arguments[argnums].requires_grad
        return compute(of_one, arguments[argnums], create_graph=tracked)

    return call


def vmap(func: Function, in_dims: Any = 0, out_dims: Any = 0, **_: Any) -> Function:
    """The function that applies `func` to each slice and joins what it gives.

    `in_dims` tells along which dimension each argument is cut; None hands it over whole.
    """

    @wraps(func)
    def call(*arguments: Any, **named: Any) -> Any:
        dims = in_dims if isinstance(in_dims, tuple) else (in_dims,) * len(arguments)
        columns = [
            None if dim is None else unbind(one, dim)
            for one, dim in zip(arguments, dims, strict=True)
        ]
        counts = {len(column) for column in columns if column is not None}
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
                **named,
            )
            for place in range(counts.pop())
        ]
        if isinstance(results[0], tuple):
            kinds = out_dims if isinstance(out_dims, tuple) else (out_dims,) * len(results[0])
            return tuple(
                stack(list(column), dim)
                for column, dim in zip(zip(*results, strict=True), kinds, strict=True)
            )
        return stack(results, out_dims)

    return call


_NOT_COVERED = frozenset(
    (
        "debug_unwrap", "functional_call", "functionalize", "jvp", "linearize",
        "replace_all_batch_norm_modules_", "stack_module_state", "vjp",
    )
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _NOT_COVERED:
        raise NotCovered(f"func.{name}")
    raise AttributeError(f"module 'torch.func' has no attribute '{name}'")
