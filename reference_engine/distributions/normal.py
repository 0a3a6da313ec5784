"""The normal distribution."""

import math
from typing import Any

import reference_engine as torch
from reference_engine.distributions._location_scale import LocationScale
from reference_engine.distributions.distribution import standard_normal

__all__ = ["Normal"]


class Normal(LocationScale):
    """Mean `loc`, standard deviation `scale`."""

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def stddev(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        return self.scale.pow(2)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._shape(sample_shape)
        with torch.no_grad():
            return torch.normal(self.loc.expand(shape), self.scale.expand(shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.loc + standard_normal(self._shape(sample_shape), self.loc) * self.scale

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        found = -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log()
        return found - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value: Any) -> Any:
        self._check(value)
        distance = (value - self.loc) * self.scale.reciprocal() / math.sqrt(2)
        return 0.5 * (1 + distance.erf())

    def icdf(self, value: Any) -> Any:
        return self.loc + self.scale * torch.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Any:
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()
