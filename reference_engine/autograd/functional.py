"""torch.autograd.functional: products with Jacobians and Hessians, and those matrices themselves.

Inputs are tensors or tuples of them; results have the inputs' form.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._modes import enable_grad
from reference_engine._tensor import Tensor
from reference_engine.autograd import grad

Tensors = tuple[Tensor, ...]


OUTPUTS = "outputs of the user-provided function"


def _tuple(value: Any) -> Tensors:
    return (value,) if isinstance(value, Tensor) else tuple(value)


def _check_tensors(value: Any, argument: str, function: str) -> None:
    if isinstance(value, Tensor):
        return
    if not isinstance(value, tuple):
        text = _errors.FUNCTIONAL_TYPE.format(
            argument=argument, function=function, type=type(value)
        )
        raise TypeError(text)
    for index, one in enumerate(value):
        if not isinstance(one, Tensor):
            text = _errors.FUNCTIONAL_TYPE_AT.format(
                argument=argument, function=function, index=index, type=type(one)
            )
            raise TypeError(text)


def _check_vector(v: Any, like: Any, missing: str) -> None:
    """A vector has the form and shapes of `like`; none at all will do for a single number."""
    expected = _tuple(like)
    if v is None:
        if len(expected) != 1 or expected[0]._array.size != 1:
            raise RuntimeError(missing)
        return
    found = _tuple(v)
    if len(found) != len(expected):
        if isinstance(like, Tensor):
            raise RuntimeError(_errors.FUNCTIONAL_SINGLE)
        text = _errors.FUNCTIONAL_LENGTH.format(expected=len(expected), found=len(found))
        raise RuntimeError(text)
    for index, (one, other) in enumerate(zip(found, expected, strict=True)):
        if one.shape != other.shape:
            text = _errors.FUNCTIONAL_SHAPE.format(expected=other.shape, found=one.shape)
            raise RuntimeError(text if isinstance(like, Tensor) else f"Entry {index} in {text}")


def _called(
    func: Callable[..., Any], inputs: Any, function: str, *, create_graph: bool, strict: bool
) -> tuple[Tensors, Any]:
    """The variables that a function is called with, and what it returns, both checked."""
    _check_tensors(inputs, "inputs", function)
    variables = _variables(inputs, create_graph=create_graph)
    outputs = func(*variables)
    _check_tensors(outputs, OUTPUTS, function)
    for index, one in enumerate(_tuple(outputs)):
        if strict and not one._requires_grad:
            raise RuntimeError(_errors.FUNCTIONAL_CONSTANT.format(index=index))
    return variables, outputs


def _gradients(
    outputs: Any, variables: Tensors, cotangents: Any, *, create_graph: bool,
    retain_graph: bool | None = None,
) -> Sequence[Tensor | None]:  # fmt: skip
    """The gradients of those outputs that depend on the variables at all, None where none does."""
    tensors = _tuple(outputs)
    given = (None,) * len(tensors) if cotangents is None else _tuple(cotangents)
    followed = [(one, way) for one, way in zip(tensors, given, strict=True) if one._requires_grad]
    found: Sequence[Tensor | None] = (None,) * len(variables)
    if followed:
        found = grad(
            [one for one, _ in followed], variables, [way for _, way in followed],
            create_graph=create_graph, retain_graph=retain_graph, allow_unused=True,
        )  # fmt: skip
    return found


def _check_followed(
    values: Sequence[Tensor | None], text: str, *, strict: bool,
    missing: str = _errors.FUNCTIONAL_INDEPENDENT,
) -> None:  # fmt: skip
    """In strict mode, what is differentiated again must depend on something."""
    for index, one in enumerate(values):
        if strict and one is None:
            raise RuntimeError(missing.format(index=index))
        if strict and one is not None and not one._requires_grad:
            raise RuntimeError(text.format(index=index))


def _check_found(
    values: Sequence[Tensor | None], missing: str, constant: str, *, strict: bool,
    create_graph: bool,
) -> None:  # fmt: skip
    """In strict mode, a gradient must be there and, where the graph goes on, be followed."""
    for index, one in enumerate(values):
        if strict and one is None:
            raise RuntimeError(missing.format(index=index))
        if strict and create_graph and one is not None and not one._requires_grad:
            raise RuntimeError(constant.format(index=index))


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
    _check_tensors(outputs, OUTPUTS, function)
    if not isinstance(outputs, Tensor):
        raise RuntimeError(_errors.FUNCTIONAL_TENSOR.format(function=function))  # noqa: TRY004
    if outputs._array.size != 1:
        raise RuntimeError(_errors.FUNCTIONAL_ELEMENT.format(function=function))
    return outputs


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(outputs, v times the Jacobian); `v` has the outputs' shape, and may be left out for one."""
    with enable_grad():
        variables, outputs = _called(func, inputs, "vjp", create_graph=create_graph, strict=strict)
        _check_vector(v, outputs, _errors.FUNCTIONAL_ONE_OUTPUT)
        found = _gradients(outputs, variables, v, create_graph=create_graph)
    _check_found(
        found, _errors.FUNCTIONAL_INDEPENDENT, _errors.FUNCTIONAL_JACOBIAN_CONSTANT, strict=strict,
        create_graph=create_graph,
    )  # fmt: skip
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
        variables, outputs = _called(func, inputs, "jvp", create_graph=create_graph, strict=strict)
        _check_vector(v, inputs, _errors.FUNCTIONAL_ONE_INPUT)
        directions = (
            tuple(_dispatch.wrap(np.ones_like(one._array)) for one in variables)
            if v is None
            else _tuple(v)
        )
        dummies = tuple(_leaf(np.zeros_like(one._array)) for one in _tuple(outputs))
        products = _gradients(outputs, variables, dummies, create_graph=True)
        _check_followed(products, _errors.FUNCTIONAL_GRADIENT_CONSTANT, strict=strict)
        found = _again(products, dummies, directions, create_graph=create_graph)
    _check_found(
        found, _errors.FUNCTIONAL_TRICK, _errors.FUNCTIONAL_JACOBIAN_CONSTANT, strict=strict,
        create_graph=create_graph,
    )  # fmt: skip
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
    found: Sequence[Tensor | None] = grad(
        outputs, inputs, cotangents, create_graph=create_graph, allow_unused=True
    )
    return found


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

    if strategy not in {"forward-mode", "reverse-mode"}:
        raise AssertionError(_errors.FUNCTIONAL_STRATEGY)
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedError(_errors.FUNCTIONAL_FORWARD_GRAPH)
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(_errors.FUNCTIONAL_FORWARD)
    with enable_grad():
        variables, outputs = _called(
            func, inputs, "jacobian", create_graph=create_graph, strict=strict
        )
        if vectorize and strict:
            raise RuntimeError(_errors.FUNCTIONAL_VECTORIZED)
        rows = []
        for number, output in enumerate(_tuple(outputs)):
            shape = output._array.shape
            columns: list[list[Tensor]] = [[] for _ in variables]
            for place in range(output._array.size):
                unit = np.zeros(output._array.size, output._array.dtype)
                unit[place] = 1
                found = _gradients(
                    output, variables, _dispatch.wrap(unit.reshape(shape)), retain_graph=True,
                    create_graph=create_graph,
                )  # fmt: skip
                missing = _errors.FUNCTIONAL_OUTPUT_INDEPENDENT.format(
                    output=number, index="{index}"
                )
                constant = _errors.FUNCTIONAL_JACOBIAN_CONSTANT.format(index=number)
                _check_found(found, missing, constant, strict=strict, create_graph=create_graph)
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
    if outer_jacobian_strategy not in {"forward-mode", "reverse-mode"}:
        raise AssertionError(_errors.FUNCTIONAL_STRATEGY.partition(" Hint")[0])

    def gradient(*variables: Tensor) -> Any:
        output = _scalar(func(*variables), "hessian")
        if strict and not output._requires_grad:
            raise RuntimeError(_errors.FUNCTIONAL_CONSTANT.format(index=0))
        found = _gradients(output, variables, None, create_graph=True)
        twice = _errors.FUNCTIONAL_TWICE
        _check_followed(found, twice, strict=strict, missing=twice)
        results = [
            _dispatch.wrap(np.zeros_like(variable._array)) if one is None else one
            for one, variable in zip(found, variables, strict=True)
        ]
        return _like(results, inputs)

    return jacobian(
        gradient, inputs, create_graph=create_graph, strict=strict, vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )  # fmt: skip


def _hessian_product(
    func: Callable[..., Any], inputs: Any, v: Any, *, create_graph: bool, strict: bool, name: str
) -> tuple[Any, Any]:
    """(output, Hessian times v): the Hessian is symmetric, so one backward pass through another."""
    with enable_grad():
        if v is not None:
            _check_tensors(v, "v", name)
        variables, output = _called(func, inputs, name, create_graph=create_graph, strict=strict)
        output = _scalar(output, name)
        _check_vector(v, inputs, _errors.FUNCTIONAL_ONE_INPUT)
        ones = tuple(_dispatch.wrap(np.ones_like(one._array)) for one in variables)
        first = _gradients(output, variables, None, create_graph=True)
        _check_followed(first, _errors.FUNCTIONAL_TWICE, strict=strict)
        directions = ones if v is None else _tuple(v)
        found = _again(first, variables, directions, create_graph=create_graph)
    _check_found(
        found, _errors.FUNCTIONAL_JACOBIAN_INDEPENDENT, _errors.FUNCTIONAL_HESSIAN_CONSTANT,
        strict=strict, create_graph=create_graph,
    )  # fmt: skip
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
    return _hessian_product(func, inputs, v, create_graph=create_graph, strict=strict, name="hvp")


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(output, v times the Hessian)."""
    return _hessian_product(func, inputs, v, create_graph=create_graph, strict=strict, name="vhp")
