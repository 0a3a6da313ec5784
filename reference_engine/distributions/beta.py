"""The beta distribution."""

from typing import Any, ClassVar

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.distributions import constraints
from reference_engine.distributions.dirichlet import Dirichlet
from reference_engine.distributions.distribution import Distribution, broadcast_all

__all__ = ["Beta"]


class Beta(Distribution):
    """A share of 1 by two concentrations."""

    arg_constraints: ClassVar = {
        "concentration1": constraints.positive, "concentration0": constraints.positive
    }  # fmt: skip
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, concentration1: Any, concentration0: Any, validate_args: bool | None = None
    ) -> None:
        both = (concentration1, concentration0)
        given: Any = (
            torch.stack(list(broadcast_all(*both)), -1)
            if any(isinstance(one, Tensor) for one in both)
            else torch.tensor([float(one) for one in both])
        )
        self._dirichlet = Dirichlet(given, validate_args=validate_args)
        super().__init__(self._dirichlet.batch_shape, validate_args=validate_args)

    @property
    def concentration1(self) -> Any:
        """The concentration of the share."""
        return self._dirichlet.concentration[..., 0]

    @property
    def concentration0(self) -> Any:
        """The concentration of the rest."""
        return self._dirichlet.concentration[..., 1]

    @property
    def mean(self) -> Any:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def variance(self) -> Any:
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._dirichlet.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return self._dirichlet.log_prob(torch.stack([value, 1.0 - value], -1))

    def entropy(self) -> Any:
        return self._dirichlet.entropy()
