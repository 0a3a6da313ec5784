"""Derivatives as functions of functions, for `torch.func`: each may stand inside another.

Arguments and results are tensors, or dicts and sequences of them. An argument becomes a variable
of the transform; what comes out keeps its history only as far as it leads to anything else, such
as the variables of a transform further out.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, wraps
from typing import Any

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._derivatives import TABLE
from reference_engine._functions import reshape, stack
from reference_engine._graph import AccumulateGrad
from reference_engine._modes import enable_grad, is_grad_enabled
from reference_engine._tensor import Tensor
from reference_engine._trees import described, flat, mapped, rebuilt, structure
from reference_engine.autograd import grad as gradients_of

Function = Callable[..., Any]

# -- variables and results ------------------------------------------------------------------------


class _Depth(threading.local):
    """How many transforms are running inside one another in this thread."""

    now = 0


_depth = _Depth()
_LEVEL = "level of torch.func"
"""Under which a variable's node notes how deep inside others its transform is."""


class _Variables:
    """The variables of one transform; knows what else a result depends on."""

    def __init__(self) -> None:
        self._level = _depth.now
        self._nodes: list[Any] = []

    def leaf(self, array: Any) -> Tensor:
        """A variable of the transform's own."""
        return self._own(_dispatch.wrap(array))

    def opened(self, value: Any) -> Any:
        """Arguments as variables; those that are recorded already stay in that graph."""
        return mapped(self._variable, value)

    def _variable(self, value: Any) -> Tensor:
        if not isinstance(value, Tensor):
            raise ValueError(_errors.TRANSFORM_ARGUMENT.format(type=type(value)))  # noqa: TRY004
        if value._requires_grad:
            return _dispatch.dispatch(TABLE["view"], (value,), (value._array.shape,))  # type: ignore[no-any-return]
        return self._own(value.detach())

    def _own(self, tensor: Tensor) -> Tensor:
        tensor.requires_grad_()
        node = _dispatch.accumulator(tensor)
        node.metadata[_LEVEL] = self._level
        self._nodes.append(node)  # a graph may not hold it yet
        return tensor

    def closed(self, value: Any) -> Any:
        """Results, without their history where it leads to nothing but the transform's own."""
        return mapped(self._released, value)

    def _released(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or not value._requires_grad:
            return value
        return value if is_grad_enabled() and self._depends(value) else value.detach()

    def _depends(self, tensor: Tensor) -> bool:
        """Whether a tensor depends on anything but variables of this transform, or inside it."""
        return any(one.metadata.get(_LEVEL, -1) < self._level for one in ends_of(tensor))


def ends_of(tensor: Tensor) -> Iterator[AccumulateGrad]:
    """The leaves' nodes that the history of a tensor which requires grad leads to."""
    waiting: list[Any] = [_dispatch.gradient_edge(tensor)[0]]
    seen = set(waiting)
    for node in waiting:  # grows as it is gone through
        if isinstance(node, AccumulateGrad):
            yield node
        for following in () if node is None else node.edges[::2]:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)


def _places(argnums: Any, arguments: Sequence[Any]) -> tuple[int, ...]:
    """The positions of the arguments that are differentiated by."""
    if not isinstance(argnums, int | tuple):
        raise RuntimeError(_errors.ARGNUMS_TYPE.format(type=type(argnums)))  # noqa: TRY004
    places = (argnums,) if isinstance(argnums, int) else argnums
    for one in places:
        if not -len(arguments) <= one < len(arguments):
            raise RuntimeError(_errors.ARGNUM_RANGE.format(argnum=one, count=len(arguments)))
    return places


def _tensors(value: Any, name: str) -> list[Tensor]:
    """The tensors that a function gave, and nothing else."""
    found = flat(value)
    for one in found:
        if not isinstance(one, Tensor):
            raise RuntimeError(_errors.TRANSFORM_RESULT.format(name=name, type=type(one)))  # noqa: TRY004
    return found


def _with_aux(outcome: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(outcome, tuple) or len(outcome) != 2:
        raise RuntimeError(_errors.TRANSFORM_AUX.format(name=name))
    return outcome


def _gradients(
    outputs: Sequence[Tensor | None], inputs: Sequence[Tensor], cotangents: Iterable[Any]
) -> list[Tensor | None]:
    """The gradients of those outputs that are recorded; None where none depends on an input."""
    followed = [
        (one, way)
        for one, way in zip(outputs, cotangents, strict=True)
        if one is not None and one._requires_grad
    ]
    if not followed:
        return [None] * len(inputs)
    found = gradients_of(
        [one for one, _ in followed], list(inputs), [way for _, way in followed],
        create_graph=True, allow_unused=True,
    )  # fmt: skip
    return list(found)


def _zeros_of(like: Tensor) -> Tensor:
    return _dispatch.wrap(np.zeros_like(like._array))


def _or_zeros(value: Tensor | None, like: Tensor) -> Tensor:
    return _zeros_of(like) if value is None else value


def _in_dtype(tangent: Tensor, like: Tensor) -> Tensor:
    return tangent.to(like.dtype)  # type: ignore[attr-defined, no-any-return]


class _Call:
    """A function called with variables in the place of some of its arguments."""

    def __init__(
        self, func: Function, arguments: Sequence[Any], places: Sequence[int],
        named: dict[str, Any], *, aux: str | None,
    ) -> None:  # fmt: skip
        self.variables = _Variables()
        given = list(arguments)
        for place in places:
            given[place] = self.variables.opened(given[place])
        self.opened = [given[place] for place in places]
        self.inputs: list[Tensor] = flat(self.opened)
        _depth.now += 1
        try:
            outcome = func(*given, **named)
        finally:
            _depth.now -= 1
        self.aux: Any = None
        self.value = outcome
        if aux is not None:
            self.value, self.aux = _with_aux(outcome, aux)

    def result(self, found: Any, *, has_aux: bool) -> Any:
        """What the transform returns: what was found, and what the function gave besides."""
        found = self.variables.closed(found)
        return (found, self.variables.closed(self.aux)) if has_aux else found


# -- the transforms -------------------------------------------------------------------------------


def grad(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """The function that gives the gradient of `func` with respect to some of its arguments.

    `func` gives a 0-d tensor, and with `has_aux` something else, which is passed on.
    """
    both = grad_and_value(func, argnums, has_aux)

    @wraps(func)
    def call(*arguments: Any, **named: Any) -> Any:
        found, value = both(*arguments, **named)
        return (found, value[1]) if has_aux else found

    return call


def grad_and_value(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """As `grad`; the value of `func` follows the gradient."""

    @wraps(func)
    def call(*arguments: Any, **named: Any) -> Any:
        places = _places(argnums, arguments)
        with enable_grad():
            run = _Call(
                func, arguments, places, named, aux="grad_and_value(f)(*args)" if has_aux else None
            )
            value = run.value
            if not isinstance(value, Tensor):
                raise RuntimeError(_errors.GRAD_RESULT_TYPE.format(type=type(value)))  # noqa: TRY004
            if value._array.ndim:
                raise RuntimeError(_errors.GRAD_RESULT_DIMS.format(dims=value._array.ndim))
            found = _gradients([value], run.inputs, [None])
            slopes = map(_or_zeros, found, run.inputs)
            nested = tuple(rebuilt(one, slopes) for one in run.opened)
        wanted = nested[0] if isinstance(argnums, int) else nested
        return run.variables.closed(wanted), run.result(value, has_aux=has_aux)

    return call


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """(value of `func`, the function that pulls a cotangent of it back to the arguments).

    With `has_aux` the function's second result follows.
    """
    name = "vjp(f, *primals)"
    with enable_grad():
        run = _Call(func, primals, range(len(primals)), {}, aux=name if has_aux else None)
        outputs = _tensors(run.value, name)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        if structure(cotangents) != structure(run.value):
            given = {"cotangents": structure(cotangents), "outputs": structure(run.value)}
            raise RuntimeError(_errors.VJP_STRUCTURE.format(**given))
        with enable_grad():
            found = _gradients(outputs, run.inputs, flat(cotangents))
            slopes = map(_or_zeros, found, run.inputs)
            return run.variables.closed(tuple(rebuilt(one, slopes) for one in run.opened))

    shown = run.variables.closed(run.value)
    return (shown, pull, run.variables.closed(run.aux)) if has_aux else (shown, pull)


def along_tangents(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], dummies: Sequence[Tensor],
    tangents: Sequence[Tensor], products: Sequence[Tensor | None] | None = None,
) -> list[Tensor]:  # fmt: skip
    """The derivatives of outputs along tangents of the inputs, by differentiating twice.

    The gradients of the inputs (`products`, if they are there) are linear in their cotangents, for
    which `dummies` stand: what they are along tangents is their derivative by those.
    """
    if products is None:
        products = _gradients(outputs, inputs, dummies)
    found = _gradients(products, dummies, map(_in_dtype, tangents, inputs))
    return list(map(_or_zeros, found, outputs))


class _Forward:
    """A call whose results' derivatives can be had along one set of tangents after another."""

    def __init__(self, run: _Call, outputs: list[Tensor]) -> None:
        self._run = run
        self._outputs = outputs
        self._dummies = [run.variables.leaf(np.zeros_like(one._array)) for one in outputs]
        self._products = _gradients(outputs, run.inputs, self._dummies)

    def along(self, tangents: Sequence[Tensor]) -> list[Tensor]:
        """The derivatives of the outputs along tangents of the inputs."""
        return along_tangents(
            self._outputs, self._run.inputs, self._dummies, tangents, self._products
        )


def jvp(
    func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> Any:
    """(value of `func`, its derivative along `tangents`); both are tuples of arguments."""
    name = "jvp(f, primals, tangents)"
    if not isinstance(primals, tuple):
        raise RuntimeError(_errors.JVP_PRIMALS)  # noqa: TRY004 - PyTorch's
    if structure(primals) != structure(tangents):
        given = {"primals": described(primals), "tangents": described(tangents)}
        raise RuntimeError(_errors.JVP_STRUCTURE.format(**given))
    for one, tangent in zip(flat(primals), flat(tangents), strict=True):
        check_pair(one, tangent)
    with enable_grad():
        run = _Call(func, primals, range(len(primals)), {}, aux=name if has_aux else None)
        outputs = _tensors(run.value, name)
        for one in flat(run.aux) if has_aux else ():
            if not isinstance(one, Tensor):
                raise RuntimeError(_errors.TRANSFORM_AUX_TYPE.format(type=type(one)))  # noqa: TRY004
        slopes = _Forward(run, outputs).along(flat(tangents))
        slope = run.variables.closed(rebuilt(run.value, iter(slopes)))
    value = run.variables.closed(run.value)
    return (value, slope, run.variables.closed(run.aux)) if has_aux else (value, slope)


def check_pair(primal: Any, tangent: Any) -> None:
    """Refuse what cannot be a tensor and its tangent."""
    for name, one in (("primal", primal), ("tangent", tangent)):
        if not isinstance(one, Tensor):
            raise ValueError(_errors.TRANSFORM_ARGUMENT.format(type=type(one)))  # noqa: TRY004
        if one._array.dtype.kind != "f":
            raise ValueError(_errors.DUAL_DTYPE.format(name=name, dtype=one.dtype))
    if primal.shape != tangent.shape:
        sizes = {"primal": list(primal.shape), "tangent": list(tangent.shape)}
        raise RuntimeError(_errors.DUAL_SIZE.format(**sizes))


def linearize(func: Function, *primals: Any) -> tuple[Any, Function]:
    """(value of `func`, the function that gives its derivative along tangents)."""
    with enable_grad():
        run = _Call(func, primals, range(len(primals)), {}, aux=None)
        forward = _Forward(run, _tensors(run.value, "linearize(f, *primals)"))

    def along(*tangents: Any) -> Any:
        with enable_grad():
            slopes = forward.along(flat(tangents))
            return run.variables.closed(rebuilt(run.value, iter(slopes)))

    return run.variables.closed(run.value), along


def jacrev(func: Function, argnums: Any = 0, *, has_aux: bool = False, **_: Any) -> Function:
    """The function that gives the Jacobian of `func`, a row at a time: shape (*output, *input)."""

    def blocks(run: _Call, outputs: list[Tensor]) -> list[list[Tensor]]:
        found = []
        for output in outputs:
            rows = [_gradients([output], run.inputs, [unit]) for unit in _units(output)]
            found.append(
                [
                    _block(output, one, [row[n] for row in rows], 0)
                    for n, one in enumerate(run.inputs)
                ]
            )
        return found

    return _jacobian(func, argnums, "vjp(f, *primals)", blocks, has_aux=has_aux)


def jacfwd(func: Function, argnums: Any = 0, has_aux: bool = False, **_: Any) -> Function:
    """The same, a column at a time."""

    def blocks(run: _Call, outputs: list[Tensor]) -> list[list[Tensor]]:
        forward = _Forward(run, outputs)
        zeros = [_zeros_of(one) for one in run.inputs]
        columns = [
            [forward.along([*zeros[:n], unit, *zeros[n + 1 :]]) for unit in _units(one)]
            for n, one in enumerate(run.inputs)
        ]
        found = []
        for place, output in enumerate(outputs):
            lines = [[column[place] for column in of_input] for of_input in columns]
            found.append(list(map(partial(_block, output, dim=-1), run.inputs, lines)))
        return found

    return _jacobian(func, argnums, "jvp(f, primals, tangents)", blocks, has_aux=has_aux)


def _units(tensor: Tensor) -> Iterator[Tensor]:
    """For each element of a tensor, a tensor like it that is 1 there and 0 elsewhere."""
    for place in range(tensor._array.size):
        unit = np.zeros(tensor._array.size, tensor._array.dtype)
        unit[place] = 1
        yield _dispatch.wrap(unit.reshape(tensor._array.shape))


def _block(output: Tensor, input: Tensor, lines: Sequence[Tensor | None], dim: int) -> Tensor:
    """One output's Jacobian by one input, of its rows (`dim` 0) or columns."""
    shape = (*output._array.shape, *input._array.shape)
    like = input if dim == 0 else output
    if not lines or all(one is None for one in lines):
        return _dispatch.wrap(np.zeros(shape, like._array.dtype))
    return reshape(stack([_or_zeros(one, like) for one in lines], dim), shape)


def _jacobian(
    func: Function, argnums: Any, name: str, blocks: Callable[..., Any], *, has_aux: bool
) -> Function:
    @wraps(func)
    def call(*arguments: Any, **named: Any) -> Any:
        places = _places(argnums, arguments)
        with enable_grad():
            run = _Call(func, arguments, places, named, aux=name if has_aux else None)
            found = blocks(run, _tensors(run.value, name))
            nested = []
            for row in found:
                parts = iter(row)
                of_places = tuple(rebuilt(one, parts) for one in run.opened)
                nested.append(of_places[0] if isinstance(argnums, int) else of_places)
        return run.result(rebuilt(run.value, iter(nested)), has_aux=has_aux)

    return call


def hessian(func: Function, argnums: Any = 0) -> Function:
    """The function that gives the Hessian of `func` with respect to some of its arguments."""
    return jacfwd(jacrev(func, argnums), argnums)
