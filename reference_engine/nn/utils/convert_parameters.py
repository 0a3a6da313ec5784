"""All parameters as one vector, and back."""

from collections.abc import Iterable
from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor


def parameters_to_vector(parameters: Iterable[Any]) -> Tensor:
    """The elements of all parameters in one vector, which gradients pass."""
    return torch.cat([one.view(-1) for one in parameters])  # type: ignore[no-any-return]


def vector_to_parameters(vec: Any, parameters: Iterable[Tensor]) -> None:
    """Let the parameters share the data of consecutive parts of `vec`."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {torch.typename(vec)}")
    start = 0
    for parameter in parameters:
        parameter.data = torch.narrow(vec, 0, start, parameter.numel()).view_as(parameter).data
        start += parameter.numel()
