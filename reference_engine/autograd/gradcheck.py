"""Checking a gradient against small changes of the inputs: gradcheck and gradgradcheck."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._tensor import Tensor
from reference_engine.autograd import grad


class GradcheckError(RuntimeError):
    """A gradient differs from what small changes of the inputs tell."""


def _tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, Tensor) else tuple(value)


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
    without `raise_exception`. Double precision inputs are needed for the default tolerances.
    """
    for name, value in (("atol", atol), ("rtol", rtol)):
        if value < 0:
            raise RuntimeError(_errors.GRADCHECK_TOLERANCE.format(name=name, value=value))
    tensors = _tuple(inputs)
    try:
        _check_inputs(tensors)
        _check_outputs(func, tensors, eps=eps, atol=atol, rtol=rtol)
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
    from reference_engine._drawing import randn

    tensors = _tuple(inputs)
    if grad_outputs is None:
        outputs = [one for one in _tuple(func(*tensors)) if one._requires_grad]
        cotangents = tuple(
            randn(one._array.shape, dtype=one.dtype, requires_grad=True) for one in outputs
        )
    else:
        cotangents = _tuple(grad_outputs)
    count = len(tensors)

    def gradients(*everything: Tensor) -> tuple[Tensor, ...]:
        variables, given = everything[:count], everything[count:]
        outputs = tuple(one for one in _tuple(func(*variables)) if one._requires_grad)
        wanted = tuple(one for one in variables if isinstance(one, Tensor) and one._requires_grad)
        found = grad(outputs, wanted, given, create_graph=True, allow_unused=True)
        return tuple(one for one in found if one is not None)

    return gradcheck(
        gradients, (*tensors, *cotangents), eps=eps, atol=atol, rtol=rtol,
        raise_exception=raise_exception,
    )  # fmt: skip


def _check_inputs(tensors: Sequence[Any]) -> None:
    checked = [one for one in tensors if isinstance(one, Tensor) and one._requires_grad]
    if not checked:
        raise ValueError(_errors.GRADCHECK_NO_INPUT)
    for index, one in enumerate(tensors):
        if isinstance(one, Tensor) and one._requires_grad and one._array.dtype != np.float64:
            warnings.warn(_errors.GRADCHECK_PRECISION.format(index=index), stacklevel=4)
        if isinstance(one, Tensor) and 0 in one._array.strides and one._array.size > 1:
            raise RuntimeError(_errors.GRADCHECK_OVERLAPPING.format(index=index))


def _check_outputs(
    func: Callable[..., Any], tensors: Sequence[Any], *, eps: float, atol: float, rtol: float
) -> None:
    outputs = _tuple(func(*tensors))
    variables = [
        (index, one)
        for index, one in enumerate(tensors)
        if isinstance(one, Tensor) and one._requires_grad
    ]
    numerical = [_numerical(func, tensors, one, eps) for _, one in variables]
    for number, output in enumerate(outputs):
        if output._array.dtype.kind != "f":
            continue
        for place, (index, variable) in enumerate(variables):
            expected = numerical[place][number]
            if not output._requires_grad:
                if not np.allclose(expected, 0, rtol, atol):
                    raise GradcheckError(_errors.GRADCHECK_ZERO)
                continue
            found = _analytical(output, variable)
            if not np.allclose(found, expected, rtol, atol):
                raise GradcheckError(
                    _errors.GRADCHECK_MISMATCH.format(
                        output=number,
                        input=index,
                        numerical=_dispatch.wrap(expected),
                        analytical=_dispatch.wrap(found),
                    )
                )


def _numerical(
    func: Callable[..., Any], tensors: Sequence[Any], variable: Tensor, eps: float
) -> list[np.ndarray[Any, Any]]:
    """For each output, the central differences: one row an element of `variable`."""
    array = _dispatch.storage(variable)
    rows: list[list[np.ndarray[Any, Any]]] = []
    for place in np.ndindex(array.shape):
        value = array[place].copy()
        sides = []
        for step in (eps, -eps):
            array[place] = value + step
            sides.append([np.array(one._array) for one in _tuple(func(*tensors))])
        array[place] = value
        rows.append(
            [((up - down) / (2 * eps)).reshape(-1) for up, down in zip(*sides, strict=True)]
        )
    count = len(_tuple(func(*tensors)))
    empty = np.zeros((0, 0), array.dtype)
    return [np.stack([row[number] for row in rows]) if rows else empty for number in range(count)]


def _analytical(output: Tensor, variable: Tensor) -> np.ndarray[Any, Any]:
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
