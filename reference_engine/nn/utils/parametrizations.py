"""torch.nn.utils.parametrizations: weights of a fixed length, of norm 1, or orthogonal."""

from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn import functional as F
from reference_engine.nn.modules.module import Module
from reference_engine.nn.utils import _norms
from reference_engine.nn.utils.parametrize import register_parametrization

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _weight_of(module: Any, name: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(  # noqa: TRY004 - PyTorch's
            f"Module '{module}' has no parameter or buffer with name '{name}'"
        )
    return weight


class _WeightNorm(Module):
    """A weight from the lengths of its rows and their directions."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return _norms.of_length(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> tuple[Any, Any]:
        """The lengths, and the weight as directions."""
        return _norms.row_lengths(weight, self.dim), weight


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Split a weight into the lengths of its rows along `dim` and their directions."""
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _SpectralNorm(Module):
    """A weight divided by an estimate of its largest singular value."""

    _u: Any
    _v: Any

    def __init__(self, weight: Any, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        dims = weight.dim()
        if not -dims <= dim < dims:
            raise IndexError(
                "Dimension out of range (expected to be in range of "
                f"[-{dims}, {dims - 1}] but got {dim})"
            )
        _norms.check_iterations(n_power_iterations)
        self.dim = dim % dims
        self.eps = eps
        if dims > 1:
            self.n_power_iterations = n_power_iterations
            matrix = _norms.as_matrix(weight, self.dim)
            u, v = _norms.random_directions(matrix, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)
            self._iterate(matrix, 15)

    @torch.no_grad()
    def _iterate(self, matrix: Any, count: int) -> None:
        for _ in range(count):
            self._u.copy_(F.normalize(torch.mv(matrix, self._v), dim=0, eps=self.eps))
            self._v.copy_(F.normalize(torch.mv(matrix.t(), self._u), dim=0, eps=self.eps))

    def forward(self, weight: Any) -> Any:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = _norms.as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()
        return weight / torch.dot(u, torch.mv(matrix, v))

    def right_inverse(self, value: Any) -> Any:
        """The value: what it will be divided by is not known."""
        return value


def spectral_norm(
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Any:
    """Divide a weight by its largest singular value, estimated at each reading in training."""
    weight = _weight_of(module, name)
    step = _SpectralNorm(weight, n_power_iterations, _norms.usual_dim(module, dim), eps)
    return register_parametrization(module, name, step)


_MAPS = ("matrix_exp", "cayley", "householder")


class _Orthogonal(Module):
    """A matrix with orthonormal columns (or rows, if there are fewer), from any matrix."""

    base: Any

    def __init__(self, weight: Any, orthogonal_map: str, *, use_trivialization: bool) -> None:
        super().__init__()
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Any) -> Any:
        wide = X.size(-2) < X.size(-1)
        X = X.mT if wide else X
        rows, columns = X.shape[-2:]
        if self.orthogonal_map == "householder":
            found = _householder(X)
        else:
            lower = X.tril()
            if rows != columns:
                filler = X.new_zeros(rows, rows - columns).expand(*X.shape[:-2], -1, -1)
                lower = torch.cat([lower, filler], dim=-1)
            skew = lower - lower.mT
            if self.orthogonal_map == "matrix_exp":
                found = torch.matrix_exp(skew)
            else:
                identity = _eye(rows, dtype=skew.dtype)
                found = torch.linalg.solve(identity - skew / 2, identity + skew / 2)
            found = found[..., :columns]
        if hasattr(self, "base"):
            found = self.base @ found
        return found.mT if wide else found

    @torch.no_grad()
    def right_inverse(self, Q: Any) -> Any:
        """What gives `Q`, or the orthogonal matrix that is nearest to it in a way."""
        if self.shape != Q.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of "
                f"shape {Q.shape}."
            )
        if not hasattr(self, "base"):
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley "
                "parametrizations when use_trivialization=False."
            )
        matrix = Q.mT if Q.size(-2) < Q.size(-1) else Q
        rows, columns = matrix.shape[-2:]
        if rows != columns:
            more = torch.randn((*matrix.shape[:-2], rows, rows - columns), dtype=matrix.dtype)
            matrix = torch.cat([matrix, more], dim=-1)
        self.base = _made_orthogonal(matrix)
        start: Any = torch.zeros_like(Q)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return start


def _householder(given: Any) -> Any:
    """The product of the reflections that the columns name, as wide as there are columns."""
    rows, columns = given.shape[-2:]
    found: Any = _eye(rows, columns, dtype=given.dtype).expand(*given.shape[:-2], -1, -1)
    below = given.tril(diagonal=-1)
    for place in reversed(range(columns)):
        axis = below[..., place : place + 1] + _eye(rows, dtype=given.dtype)[:, place : place + 1]
        found = found - 2.0 / (axis.mT @ axis) * axis @ (axis.mT @ found)
    return found * given.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)


_qr: Any = torch.linalg.qr
_eye: Any = torch.eye


def _made_orthogonal(matrix: Any) -> Any:
    rows = matrix.size(-2)
    identity = _eye(matrix.size(-1), dtype=matrix.dtype)
    slack = 10.0 * rows * torch.finfo(matrix.dtype).eps
    if torch.allclose(matrix.mT @ matrix, identity, atol=slack):
        return matrix.clone()
    found, triangle = _qr(matrix)
    return found * triangle.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def orthogonal(
    module: Any,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Any:
    """Keep a weight orthogonal, by the matrix exponential, Cayley's map or reflections."""
    weight = _weight_of(module, name)
    if weight.dim() < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions."
        )
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: '
            f"{orthogonal_map}"
        )
    step = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, step, unsafe=True)
