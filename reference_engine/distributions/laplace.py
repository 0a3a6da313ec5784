"""The Laplace distribution."""

from typing import Any

import reference_engine as torch
from reference_engine.distributions._location_scale import LocationScale

__all__ = ["Laplace"]


class Laplace(LocationScale):
    """Exponential on both sides of `loc`, with mean distance `scale`."""

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Any:
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Any = ()) -> Any:
        kind = self.loc.dtype
        drawn: Any = torch.empty(self._shape(sample_shape), dtype=kind)
        drawn.uniform_(torch.finfo(kind).eps - 1, 1)
        return self.loc - self.scale * drawn.sign() * (-drawn.abs()).log1p()

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Any) -> Any:
        self._check(value)
        distance = value - self.loc
        return 0.5 - 0.5 * distance.sign() * (-distance.abs() / self.scale).expm1()

    def icdf(self, value: Any) -> Any:
        middle = value - 0.5
        return self.loc - self.scale * middle.sign() * (-2 * middle.abs()).log1p()

    def entropy(self) -> Any:
        return 1 + (2 * self.scale).log()
