"""The Gumbel distribution."""

import math
from typing import Any

import reference_engine as torch
from reference_engine.distributions._location_scale import LocationScale

__all__ = ["Gumbel"]

_EULER = 0.57721566490153286060


class Gumbel(LocationScale):
    """The largest of many numbers: most likely `loc`, spread by `scale`."""

    @property
    def mean(self) -> Any:
        return self.loc + self.scale * _EULER

    @property
    def stddev(self) -> Any:
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Any:
        return self.stddev.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        kind = self.loc.dtype
        limits = torch.finfo(kind)
        drawn: Any = torch.rand(self._shape(sample_shape), dtype=kind)
        drawn = limits.tiny + drawn * (1 - limits.eps - limits.tiny)
        return self.loc - self.scale * (-drawn.log()).log()

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        distance = (self.loc - value) / self.scale
        return distance - distance.exp() - self.scale.log()

    def cdf(self, value: Any) -> Any:
        return (-((self.loc - value) / self.scale).exp()).exp()

    def entropy(self) -> Any:
        return self.scale.log() + (1 + _EULER)
