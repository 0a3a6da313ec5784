"""Checking a gradient against small changes of the inputs: gradcheck and gradgradcheck."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._tensor import Tensor
from reference_engine.autograd import grad
from reference_engine.autograd._function_nodes import without_gradient

Jacobian = np.ndarray[Any, Any]
"""A row for each element of the input, a column for each of the output."""


class GradcheckError(RuntimeError):
    """A gradient differs from what small changes of the inputs tell."""


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _floating(values: Sequence[Any]) -> list[Tensor]:
    """The tensors of a floating dtype."""
    return [one for one in values if isinstance(one, Tensor) and one._array.dtype.kind == "f"]


def _followed(values: Sequence[Any]) -> list[Tensor]:
    """The tensors that require grad."""
    return [one for one in values if isinstance(one, Tensor) and one._requires_grad]


def _check_are_tensors(outputs: Sequence[Any]) -> None:
    """Refuse numbers that a function gives where it should give tensors, as PyTorch stumbles."""
    for one in outputs:
        if not isinstance(one, Tensor):
            name = type(one).__name__
            raise AttributeError(  # noqa: TRY004 - what PyTorch stumbles over
                f"{name!r} object has no attribute 'requires_grad'"
            )


def gradcheck(
    func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5,
    rtol: float = 1e-3, raise_exception: bool = True, nondet_tol: float = 0.0,
    check_undefined_grad: bool = True, check_grad_dtypes: bool = False,
    check_batched_grad: bool = False, check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False, check_backward_ad: bool = True, fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:  # fmt: skip
    """Compare the Jacobians that backward passes give with central differences of step `eps`.

    True where they agree within `atol + rtol * abs(numerical)`; else GradcheckError, or False
    without `raise_exception`. Double precision inputs are needed for the default tolerances. Two
    passes may differ by `nondet_tol`. `fast_mode` changes nothing: all Jacobians are compared.
    """
    for name, value in (("atol", atol), ("rtol", rtol)):
        if value < 0:
            raise RuntimeError(_errors.GRADCHECK_TOLERANCE.format(name=name, value=value))
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError(_errors.GRADCHECK_NEITHER)
    tensors = _tuple(inputs)
    try:
        _check_inputs(tensors)
        _check_are_tensors(_tuple(func(*tensors)))
        _check_outputs(func, tensors, eps=eps, atol=atol, rtol=rtol, nondet_tol=nondet_tol)
        _check_without_gradient(_followed(_tuple(func(*tensors))), _followed(tensors))
        if check_undefined_grad:
            _check_undefined(func, tensors)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6,
    atol: float = 1e-5, rtol: float = 1e-3, gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False, check_rev_over_rev: bool = True, fast_mode: bool = False,
    masked: bool = False,
) -> bool:  # fmt: skip
    """`gradcheck` of the gradient itself, as a function of the inputs and the cotangents."""
    from reference_engine._creation import zeros_like
    from reference_engine._drawing import uniform_

    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError(_errors.GRADGRADCHECK_NEITHER)
    tensors = _tuple(inputs)
    if grad_outputs is None:
        outputs = _followed(_tuple(func(*tensors)))
        cotangents = tuple(
            uniform_(zeros_like(one.detach()), -1.0, 1.0).requires_grad_() for one in outputs
        )
    else:
        cotangents = _tuple(grad_outputs)
    count = len(tensors)

    def gradients(*everything: Tensor) -> tuple[Tensor, ...]:
        variables, given = everything[:count], everything[count:]
        outputs = _followed(_tuple(func(*variables)))
        found = grad(outputs, _followed(variables), given, create_graph=True, allow_unused=True)
        return tuple(one for one in found if one is not None)

    return gradcheck(
        gradients, (*tensors, *cotangents), eps=eps, atol=atol, rtol=rtol,
        raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
    )  # fmt: skip


def _check_inputs(tensors: Sequence[Any]) -> None:
    if not _followed(tensors):
        raise ValueError(_errors.GRADCHECK_NO_INPUT)
    for index, one in enumerate(tensors):
        if not isinstance(one, Tensor) or not one._requires_grad:
            continue
        if one._array.dtype != np.float64:
            warnings.warn(_errors.GRADCHECK_PRECISION.format(index=index), stacklevel=4)
        if 0 in one._array.strides and one._array.size > 1:
            raise RuntimeError(_errors.GRADCHECK_OVERLAPPING.format(index=index))


def _check_outputs(
    func: Callable[..., Any], tensors: Sequence[Any], *, eps: float, atol: float, rtol: float,
    nondet_tol: float,
) -> None:  # fmt: skip
    returned = _tuple(func(*tensors))
    outputs = _floating(returned)
    followed = _followed(outputs)
    places = [index for index, one in enumerate(tensors) if _followed([one])]
    numerical = [_numerical(func, tensors, tensors[index], eps) for index in places]
    if not followed:
        for found in (one for jacobians in numerical for one in jacobians):
            if not np.allclose(found, 0, rtol, atol):
                raise GradcheckError(_errors.GRADCHECK_ZERO)
        return
    numbers = [number for number, one in enumerate(outputs) if one._requires_grad]
    for number, (place, output) in enumerate(zip(numbers, followed, strict=True)):
        for expected, index in zip(numerical, places, strict=True):
            found, again = (_analytical(output, tensors[index]) for _ in range(2))
            if not np.allclose(found, expected[place], rtol, atol):
                raise GradcheckError(
                    _errors.GRADCHECK_MISMATCH.format(
                        output=number,
                        input=index,
                        numerical=_dispatch.wrap(expected[place]),
                        analytical=_dispatch.wrap(found),
                    )
                )
            if found.size and np.abs(found - again).max() > nondet_tol:
                raise GradcheckError(_errors.GRADCHECK_REENTRANT.format(tolerance=nondet_tol))


def _check_without_gradient(outputs: list[Tensor], variables: list[Tensor]) -> None:
    """Where zeros arrive, zeros must come out."""
    if not outputs:
        return
    zeros = [_dispatch.wrap(np.zeros_like(one._array)) for one in outputs]
    for found in grad(outputs, variables, zeros, allow_unused=True):
        if found is not None and found._array.any():
            raise GradcheckError(_errors.GRADCHECK_NOT_MULTIPLIED)


def _check_undefined(func: Callable[..., Any], tensors: Sequence[Any]) -> None:
    """Where no gradient arrives at all, or none at one of the outputs, nothing may fail."""
    variables = _followed(tensors)
    count = len(_followed(_tuple(func(*tensors))))
    cases = [set(range(count))] if count else []
    if count > 1:
        cases += [{number} for number in range(count)]
    for case in cases:
        outputs = [
            without_gradient(one) if number in case else one
            for number, one in enumerate(_followed(_tuple(func(*tensors))))
        ]
        zeros = [_dispatch.wrap(np.zeros_like(one._array)) for one in outputs]
        try:
            found = grad(outputs, variables, zeros, allow_unused=True)
        except RuntimeError as error:
            warnings.warn(_errors.GRADCHECK_UNDEFINED_NEW, UserWarning, stacklevel=4)
            raise GradcheckError(_errors.GRADCHECK_UNDEFINED) from error
        if any(one is not None and one._array.any() for one in found):
            warnings.warn(_errors.GRADCHECK_UNDEFINED_NEW, UserWarning, stacklevel=4)
            raise GradcheckError(_errors.GRADCHECK_UNDEFINED_ZERO)


def _numerical(
    func: Callable[..., Any], tensors: Sequence[Any], variable: Tensor, eps: float
) -> list[Jacobian]:
    """The Jacobian of each output that is a tensor, by central differences."""
    array = _dispatch.storage(variable)
    rows: list[list[np.ndarray[Any, Any]]] = []
    count = len(_floating(_tuple(func(*tensors))))
    for place in np.ndindex(array.shape):
        value = array[place].copy()
        sides = []
        for step in (-eps, eps):
            array[place] = value + step
            found = _floating(_tuple(func(*tensors)))
            sides.append([_dispatch.wrap(np.array(one._array)) for one in found])
        array[place] = value
        row = []
        for down, up in zip(*sides, strict=True):
            _check_alike(down, up, f"on index {place} by {eps}")
            row.append(((up._array - down._array) / (2 * eps)).reshape(-1))
        rows.append(row)
    empty = np.zeros((0, 0), array.dtype)
    return [np.stack([row[number] for row in rows]) if rows else empty for number in range(count)]


def _check_alike(down: Tensor, up: Tensor, change: str) -> None:
    for name in ("shape", "dtype"):
        found = getattr(down, name), getattr(up, name)
        if found[0] != found[1]:
            raise AssertionError(
                _errors.GRADCHECK_ALIKE.format(name=name, change=change, down=found[0], up=found[1])
            )


def _analytical(output: Tensor, variable: Tensor) -> Jacobian:
    """What backward passes from unit vectors give, laid out like the numerical Jacobian."""
    columns = []
    for place in range(output._array.size):
        unit = np.zeros(output._array.size, output._array.dtype)
        unit[place] = 1
        cotangent = _dispatch.wrap(unit.reshape(output._array.shape))
        (found,) = grad(output, variable, cotangent, retain_graph=True, allow_unused=True)
        array = np.zeros(variable._array.shape) if found is None else found._array
        columns.append(np.reshape(array, -1).astype(variable._array.dtype))
    if not columns:
        return np.zeros((variable._array.size, 0), variable._array.dtype)
    return np.stack(columns, axis=1)


# -- PyTorch's own parts, which it deprecates -----------------------------------------------------


def get_numerical_jacobian(
    fn: Callable[..., Any], inputs: Any, target: Any = None, eps: float = 1e-3,
    grad_out: float = 1.0,
) -> tuple[Tensor, ...]:  # fmt: skip
    """The Jacobians of a function of a tuple, of its first output, by central differences."""
    _deprecated("get_numerical_jacobian", grad_out)
    variables = _followed(_tuple(inputs if target is None else target))
    found = [_numerical(lambda *one: fn(one), _tuple(inputs), one, eps) for one in variables]
    return tuple(_dispatch.wrap(one[0]) for one in found)


def get_analytical_jacobian(
    inputs: Any, output: Tensor, nondet_tol: float = 0.0, grad_out: float = 1.0
) -> tuple[tuple[Tensor, ...], bool, bool, bool]:
    """(Jacobians by backward passes, whether two passes agree, sizes are right, dtypes are)."""
    _deprecated("get_analytical_jacobian", grad_out)
    variables = _followed(_tuple(inputs))
    first, second = ([_analytical(output, one) for one in variables] for _ in range(2))
    same = all(
        not one.size or np.abs(one - other).max() <= nondet_tol
        for one, other in zip(first, second, strict=True)
    )
    return tuple(map(_dispatch.wrap, first)), same, True, True


def _deprecated(name: str, grad_out: float) -> None:
    warnings.warn(_errors.GRADCHECK_PRIVATE.format(name=name), FutureWarning, stacklevel=3)
    if grad_out != 1.0:
        raise ValueError(_errors.GRADCHECK_GRAD_OUT.format(name=name))
