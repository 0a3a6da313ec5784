"""What weights are divided by: the lengths of their rows, or their largest singular value."""

from typing import Any

import reference_engine as torch
from reference_engine.nn import functional as F
from reference_engine.nn._activations import ops


def row_lengths(weight: Any, dim: int) -> Any:
    """The norm of what lies along all dimensions but `dim`; of everything for -1."""
    if dim == -1:
        return torch.norm(weight, 2)
    others = [one for one in range(weight.dim()) if one != dim]
    return torch.norm(weight, 2, others, keepdim=True)


def of_length(direction: Any, length: Any, dim: int) -> Any:
    """`direction` with each of its rows along `dim` made as long as `length` says."""
    if dim in (0, direction.dim() - 1):
        return ops.weight_norm_interface(direction, length, dim)
    return direction * (length / row_lengths(direction, dim))


def as_matrix(weight: Any, dim: int) -> Any:
    """The weight with `dim` in its rows and everything else in its columns."""
    if dim != 0:
        weight = weight.permute(dim, *(one for one in range(weight.dim()) if one != dim))
    return weight.reshape(weight.size(0), -1)


def check_iterations(count: int) -> None:
    """Refuse a number of iterations that would not change anything."""
    if count <= 0:
        raise ValueError(
            f"Expected n_power_iterations to be positive, but got n_power_iterations={count}"
        )


def random_directions(matrix: Any, eps: float) -> tuple[Any, Any]:
    """Vectors of length 1 for the rows and the columns."""
    rows, columns = (matrix.new_empty(size).normal_(0, 1) for size in matrix.shape)
    return F.normalize(rows, dim=0, eps=eps), F.normalize(columns, dim=0, eps=eps)


def usual_dim(module: Any, dim: int | None) -> int:
    """Where the outputs of the module's weight are."""
    from reference_engine.nn.modules import conv

    transposed = (conv.ConvTranspose1d, conv.ConvTranspose2d, conv.ConvTranspose3d)
    if dim is None:
        return 1 if isinstance(module, transposed) else 0
    return dim
