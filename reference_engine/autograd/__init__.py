"""torch.autograd: gradients on demand."""

import warnings
from importlib import import_module
from typing import Any

from reference_engine import _backward, _errors
from reference_engine._errors import NotCovered
from reference_engine._functions import stack, unbind
from reference_engine._graph import GradientEdge
from reference_engine._modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from reference_engine._saved import SavedTensor as SavedTensor
from reference_engine._tensor import Tensor


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of `tensors` to the `.grad` of the leaves (of `inputs` only, if given).

    `grad_tensors` are the cotangents, one of each tensor's shape; None for one-element tensors.
    `grad_variables` is their old name.
    """
    if grad_variables is not None:
        warnings.warn(_errors.GRAD_VARIABLES, FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError(_errors.GRAD_VARIABLES_TOO)
        grad_tensors = grad_variables
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
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of the outputs' sum with respect to each of `inputs`; nothing accumulates.

    A tuple of them, or a dict for a dict of inputs.

    An input that the outputs do not depend on is an error, unless `allow_unused` (None for it) or
    `materialize_grads` (zeros for it). With `is_grads_batched`, `grad_outputs` are stacks of
    cotangents, and the results stacks of gradients, one for each.
    """
    if not only_inputs:
        warnings.warn(_errors.ONLY_INPUTS, FutureWarning, stacklevel=2)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
            "allow_unused=False."
        )
    if isinstance(inputs, dict):
        named = tuple(inputs.values())
        found = grad(
            outputs, named, grad_outputs, retain_graph, create_graph, only_inputs, allow_unused,
            is_grads_batched, materialize_grads,
        )  # fmt: skip
        return dict(zip(inputs, found, strict=True))
    starts, ends = _sequence(outputs), _sequence(inputs)
    cotangents = _cotangents(grad_outputs, len(starts))

    def gradients(
        cotangents: tuple[Tensor | None, ...], retain_graph: bool | None
    ) -> tuple[Tensor | None, ...]:
        return _backward.grad(
            starts,
            ends,
            cotangents,
            retain_graph=retain_graph,
            create_graph=create_graph,
            allow_unused=bool(allow_unused),
            materialize_grads=materialize_grads,
        )

    if not is_grads_batched:
        return gradients(cotangents, retain_graph)
    rows = _unstacked(starts, cotangents)
    found = [gradients(row, True) for row in rows[:-1]] + [gradients(rows[-1], retain_graph)]
    return tuple(
        None if column[0] is None else stack(column) for column in zip(*found, strict=True)
    )


def _unstacked(
    outputs: tuple[Tensor, ...], cotangents: tuple[Tensor | None, ...]
) -> list[tuple[Tensor | None, ...]]:
    """The cotangents of each of a batch of backward passes."""
    batches = []
    for index, (output, batch) in enumerate(zip(outputs, cotangents, strict=True)):
        if batch is None:
            raise RuntimeError(_errors.NOT_SCALAR)
        found, expected = batch.shape[1:], output.shape
        if found != expected:
            text = _errors.BATCHED_SHAPE.format(index=index, found=found, expected=expected)
            raise RuntimeError(text)
        batches.append(unbind(batch, 0))
    return list(zip(*batches, strict=True))


def _sequence(tensors: Any) -> tuple[Any, ...]:
    return (tensors,) if isinstance(tensors, (Tensor, GradientEdge)) else tuple(tensors)


def _cotangents(gradients: Any, count: int) -> tuple[Tensor | None, ...]:
    if gradients is None:
        return (None,) * count
    return _sequence(gradients)[:count]  # more are ignored, as in PyTorch


from reference_engine.autograd.anomaly_mode import (  # noqa: E402
    detect_anomaly,
    set_detect_anomaly,
)
from reference_engine.autograd.function import Function  # noqa: E402
from reference_engine.autograd.gradcheck import gradcheck, gradgradcheck  # noqa: E402
from reference_engine.autograd.variable import Variable  # noqa: E402

_NOT_COVERED = frozenset(
    (
        "NestedIOFunction", "enforce_grad_layout_policy", "profiler_legacy", "profiler_util",
    )
)  # fmt: skip
_SWITCHES = frozenset(
    (
        "_force_original_view_tracking", "_unsafe_preserve_version_counter",
        "is_multithreading_enabled", "is_view_replay_enabled", "set_multithreading_enabled",
    )
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in {
        "_functions",
        "forward_ad",
        "functional",
        "grad_mode",
        "graph",
        "profiler",
    }:  # loaded when named
        return import_module(f"{__name__}.{name}")
    if name in _SWITCHES:
        return getattr(import_module("reference_engine.autograd._switches"), name)
    if name in _NOT_COVERED:
        raise NotCovered(f"autograd.{name}")
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
