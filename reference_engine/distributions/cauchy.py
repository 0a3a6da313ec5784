"""The Cauchy distribution."""

import math
from typing import Any

import reference_engine as torch
from reference_engine.distributions._location_scale import LocationScale

__all__ = ["Cauchy"]


class Cauchy(LocationScale):
    """Median `loc`, half width `scale` at half the height."""

    @property
    def mean(self) -> Any:
        return torch.full_like(self.loc, torch.nan)

    @property
    def variance(self) -> Any:
        return torch.full_like(self.loc, torch.inf)

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn: Any = torch.empty(self._shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + drawn.cauchy_() * self.scale

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        distance = (value - self.loc) / self.scale
        return -math.log(math.pi) - self.scale.log() - (distance**2).log1p()

    def cdf(self, value: Any) -> Any:
        self._check(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def entropy(self) -> Any:
        return math.log(4 * math.pi) + self.scale.log()
