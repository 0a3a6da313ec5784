"""The normal distribution of vectors."""

import math
from functools import cached_property
from typing import Any, ClassVar

import reference_engine as torch
from reference_engine.distributions import constraints
from reference_engine.distributions.distribution import Distribution, standard_normal

__all__ = ["MultivariateNormal"]


class MultivariateNormal(Distribution):
    """Mean `loc`, and one of: covariance, its inverse, or its Cholesky factor `scale_tril`."""

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector, "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        matrices = {
            "covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }  # fmt: skip
        given = {name: one for name, one in matrices.items() if one is not None}
        if len(given) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        [(name, matrix)] = given.items()
        if matrix.dim() < 2:
            raise ValueError(
                f"{name} {'' if name.endswith('matrix') else 'matrix '}must be at least "
                "two-dimensional, with optional leading batch dimensions"
            )
        batch = torch.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.__dict__[name] = matrix.expand((*batch, -1, -1))
        self.loc = loc.expand((*batch, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        factor = _FACTORS[name](matrix)
        self._factor = factor.expand((*batch, *factor.shape[-2:]))

    @cached_property
    def scale_tril(self) -> Any:
        """The lower Cholesky factor of the covariance."""
        return self._factor

    @cached_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self._factor @ self._factor.mT

    @cached_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        return torch.cholesky_inverse(self._factor)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self._factor.pow(2).sum(-1)

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn = standard_normal(self._shape(sample_shape), self.loc)
        return self.loc + (self._factor @ drawn.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        distance = mahalanobis(self._factor, value - self.loc)
        count = self._event_shape[0]
        return -0.5 * (count * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Any:
        count = self._event_shape[0]
        return 0.5 * count * (1.0 + math.log(2 * math.pi)) + self._half_log_det()

    def _half_log_det(self) -> Any:
        return self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def mahalanobis(factor: Any, distance: Any) -> Any:
    """The squared lengths of distances, measured by the covariance with this Cholesky factor."""
    shape = torch.broadcast_shapes(factor.shape[:-2], distance.shape[:-1])
    factor = factor.expand((*shape, *factor.shape[-2:]))
    column = distance.expand((*shape, distance.shape[-1])).unsqueeze(-1)
    return torch.linalg.solve_triangular(factor, column, upper=False).pow(2).sum((-2, -1))  # type: ignore[attr-defined]


def _factor_of_inverse(precision: Any) -> Any:
    turned = torch.linalg.cholesky(torch.flip(precision, (-2, -1)))
    inverse: Any = torch.flip(turned, (-2, -1)).transpose(-2, -1)
    identity = torch.eye(precision.shape[-1], dtype=precision.dtype)
    return torch.linalg.solve_triangular(inverse, identity.expand_as(inverse), upper=False)  # type: ignore[attr-defined]


_FACTORS: dict[str, Any] = {
    "covariance_matrix": lambda matrix: torch.linalg.cholesky(matrix),
    "precision_matrix": _factor_of_inverse,
    "scale_tril": lambda matrix: matrix,
}
