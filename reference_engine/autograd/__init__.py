"""torch.autograd: gradients on demand."""

from importlib import import_module
from typing import Any

from reference_engine import _backward
from reference_engine._modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from reference_engine._tensor import Tensor


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    *,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` to the `.grad` of the leaves (of `inputs` only, if given).

    `grad_tensors` are the cotangents, one of each tensor's shape; None for one-element tensors.
    """
    outputs = _sequence(tensors)
    _backward.backward(
        outputs,
        _cotangents(grad_tensors, len(outputs)),
        retain_graph,
        create_graph,
        None if inputs is None else _sequence(inputs),
    )


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    *,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of the outputs' sum with respect to each of `inputs`; nothing accumulates.

    An input that the outputs do not depend on is an error, unless `allow_unused` (None for it) or
    `materialize_grads` (zeros for it).
    """
    if is_grads_batched:
        raise NotImplementedError("is_grads_batched is not covered by the reference engine")
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    starts = _sequence(outputs)
    return _backward.grad(
        starts,
        _sequence(inputs),
        _cotangents(grad_outputs, len(starts)),
        retain_graph=retain_graph,
        create_graph=create_graph,
        allow_unused=bool(allow_unused),
        materialize_grads=materialize_grads,
    )


def _sequence(tensors: Any) -> tuple[Tensor, ...]:
    return (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)


def _cotangents(gradients: Any, count: int) -> tuple[Tensor | None, ...]:
    if gradients is None:
        return (None,) * count
    return _sequence(gradients)


from reference_engine.autograd.anomaly_mode import (  # noqa: E402
    detect_anomaly,
    set_detect_anomaly,
)
from reference_engine.autograd.function import Function  # noqa: E402
from reference_engine.autograd.gradcheck import gradcheck, gradgradcheck  # noqa: E402
from reference_engine.autograd.variable import Variable  # noqa: E402


def __getattr__(name: str) -> Any:
    if name in {"functional", "graph"}:  # loaded when they are first named
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'torch.autograd' has no attribute '{name}'")


__all__ = [
    "Function",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
