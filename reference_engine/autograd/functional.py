"""torch.autograd.functional: products with Jacobians and Hessians, and those matrices themselves.

Inputs are tensors or tuples of them; results have the inputs' form.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reference_engine import _dispatch
from reference_engine._modes import enable_grad
from reference_engine._tensor import Tensor
from reference_engine.autograd import grad

Tensors = tuple[Tensor, ...]


def _tuple(value: Any) -> Tensors:
    return (value,) if isinstance(value, Tensor) else tuple(value)


def _like(values: Sequence[Any], given: Any) -> Any:
    """Values in the form of `given`: one tensor, or a tuple."""
    return values[0] if isinstance(given, Tensor) else tuple(values)


def _variables(inputs: Any, *, create_graph: bool) -> Tensors:
    """Inputs that require grad and, unless the graph goes on, have no history."""
    found = []
    for one in _tuple(inputs):
        if create_graph and one._requires_grad:
            found.append(_dispatch.dispatch(_row("view"), (one,), (one._array.shape,)))
        else:
            fresh = one.detach()
            fresh.requires_grad_()
            found.append(fresh)
    return tuple(found)


def _row(name: str) -> Any:
    from reference_engine._derivatives import TABLE

    return TABLE[name]


def _result(value: Tensor | None, like: Tensor, *, create_graph: bool) -> Tensor:
    if value is None:
        return _dispatch.wrap(np.zeros_like(like._array))
    return value if create_graph else value.detach()


def _scalar(outputs: Any, function: str) -> Tensor:
    tensors = _tuple(outputs)
    if len(tensors) != 1 or tensors[0]._array.size != 1:
        raise RuntimeError(
            f"The function given to {function} should return a single Tensor with a single element"
        )
    return tensors[0]


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(outputs, v times the Jacobian); `v` has the outputs' shape, and may be left out for one."""
    with enable_grad():
        variables = _variables(inputs, create_graph=create_graph)
        outputs = func(*variables)
        cotangents = None if v is None else _tuple(v)
        found = grad(
            _tuple(outputs), variables, cotangents, create_graph=create_graph, allow_unused=True
        )
    results = [
        _result(one, variable, create_graph=create_graph)
        for one, variable in zip(found, variables, strict=True)
    ]
    kept = [_result(one, one, create_graph=create_graph) for one in _tuple(outputs)]
    return _like(kept, outputs), _like(results, inputs)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(outputs, the Jacobian times v), by differentiating a vector-Jacobian product twice."""
    with enable_grad():
        variables = _variables(inputs, create_graph=create_graph)
        outputs = func(*variables)
        directions = (
            tuple(_dispatch.wrap(np.ones_like(one._array)) for one in variables)
            if v is None
            else _tuple(v)
        )
        dummies = tuple(_leaf(np.zeros_like(one._array)) for one in _tuple(outputs))
        products = grad(_tuple(outputs), variables, dummies, create_graph=True, allow_unused=True)
        found = _again(products, dummies, directions, create_graph=create_graph)
    results = [
        _result(one, like, create_graph=create_graph)
        for one, like in zip(found, _tuple(outputs), strict=True)
    ]
    kept = [_result(one, one, create_graph=create_graph) for one in _tuple(outputs)]
    return _like(kept, outputs), _like(results, outputs)


def _again(
    gradients: Sequence[Tensor | None], inputs: Tensors, directions: Tensors, *, create_graph: bool
) -> Sequence[Tensor | None]:
    """The gradients of recorded gradients, weighed by directions, with respect to `inputs`."""
    pairs = [
        (one, way)
        for one, way in zip(gradients, directions, strict=True)
        if one is not None and one._requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    outputs, cotangents = zip(*pairs, strict=True)
    return grad(outputs, inputs, cotangents, create_graph=create_graph, allow_unused=True)


def _leaf(array: Any) -> Tensor:
    made = _dispatch.wrap(array)
    made.requires_grad_()
    return made


def jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian: of shape (*output, *input), nested in tuples as outputs and inputs are."""
    from reference_engine import _functions

    with enable_grad():
        variables = _variables(inputs, create_graph=create_graph)
        outputs = func(*variables)
        rows = []
        for output in _tuple(outputs):
            shape = output._array.shape
            columns: list[list[Tensor]] = [[] for _ in variables]
            for place in range(output._array.size):
                unit = np.zeros(output._array.size, output._array.dtype)
                unit[place] = 1
                found: Sequence[Tensor | None] = (None,) * len(variables)
                if output._requires_grad:
                    found = grad(
                        output, variables, _dispatch.wrap(unit.reshape(shape)), retain_graph=True,
                        create_graph=create_graph, allow_unused=True,
                    )  # fmt: skip
                for column, one, variable in zip(columns, found, variables, strict=True):
                    column.append(_result(one, variable, create_graph=create_graph))
            rows.append(
                [
                    _functions.reshape(_functions.stack(column), (*shape, *variable._array.shape))
                    for column, variable in zip(columns, variables, strict=True)
                ]
            )
    nested = [_like(row, inputs) for row in rows]
    return _like(nested, outputs)


def hessian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Hessian of a function with one number as its result: shape (*input, *input)."""

    def gradient(*variables: Tensor) -> Any:
        output = _scalar(func(*variables), "hessian")
        found = grad(output, variables, create_graph=True, allow_unused=True)
        results = [
            _dispatch.wrap(np.zeros_like(variable._array)) if one is None else one
            for one, variable in zip(found, variables, strict=True)
        ]
        return _like(results, inputs)

    return jacobian(gradient, inputs, create_graph=create_graph)


def _hessian_product(
    func: Callable[..., Any], inputs: Any, v: Any, *, create_graph: bool, name: str
) -> tuple[Any, Any]:
    """(output, Hessian times v): the Hessian is symmetric, so one backward pass through another."""
    with enable_grad():
        variables = _variables(inputs, create_graph=create_graph)
        output = _scalar(func(*variables), name)
        first = grad(output, variables, create_graph=True, allow_unused=True)
        found = _again(first, variables, _tuple(v), create_graph=create_graph)
    results = [
        _result(one, variable, create_graph=create_graph)
        for one, variable in zip(found, variables, strict=True)
    ]
    return _result(output, output, create_graph=create_graph), _like(results, inputs)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(output, the Hessian times v)."""
    return _hessian_product(func, inputs, v, create_graph=create_graph, name="hvp")


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(output, v times the Hessian)."""
    return _hessian_product(func, inputs, v, create_graph=create_graph, name="vhp")
