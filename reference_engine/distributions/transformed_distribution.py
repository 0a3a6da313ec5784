"""A distribution of functions of what another one gives."""

from typing import Any

import reference_engine as torch
from reference_engine.distributions.distribution import Distribution, sum_rightmost
from reference_engine.distributions.transforms import Transform

__all__ = ["TransformedDistribution"]


class TransformedDistribution(Distribution):
    """What `base_distribution` gives, after one or several transforms."""

    def __init__(
        self, base_distribution: Any, transforms: Any, validate_args: bool | None = None
    ) -> None:
        listed = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(listed, list):
            raise ValueError(f"transforms must be a Transform or list, but was {transforms}")  # noqa: TRY004 - PyTorch's
        if not all(isinstance(one, Transform) for one in listed):
            raise ValueError("transforms must be a Transform or a list of Transforms")
        self.base_dist = base_distribution
        self.transforms = listed
        shape = base_distribution.batch_shape + base_distribution.event_shape
        dims = max(
            [len(base_distribution.event_shape), *(one.codomain.event_dim for one in listed)]
        )
        cut = len(shape) - dims
        super().__init__(shape[:cut], shape[cut:], validate_args=validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether gradients pass through samples."""
        return bool(self.base_dist.has_rsample)

    @property
    def support(self) -> Any:
        """What the last transform can give."""
        return self.transforms[-1].codomain if self.transforms else self.base_dist.support

    def sample(self, sample_shape: Any = ()) -> Any:
        with torch.no_grad():
            return self._transformed(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._transformed(self.base_dist.rsample(sample_shape))

    def _transformed(self, value: Any) -> Any:
        for one in self.transforms:
            value = one(value)
        return value

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        dims = len(self._event_shape)
        found: Any = 0.0
        for one in reversed(self.transforms):
            before = one.inv(value)
            stretched = one.log_abs_det_jacobian(before, value)
            found = found - sum_rightmost(stretched, dims - one.domain.event_dim)
            value = before
        base = self.base_dist.log_prob(value)
        return found + sum_rightmost(base, dims - len(self.base_dist.event_shape))

    def cdf(self, value: Any) -> Any:
        sign: Any = 1
        for one in reversed(self.transforms):
            value = one.inv(value)
            sign = sign * one.sign
        found = self.base_dist.cdf(value)
        return sign * (found - 0.5) + 0.5

    def icdf(self, value: Any) -> Any:
        sign: Any = 1
        for one in self.transforms:
            sign = sign * one.sign
        return self._transformed(self.base_dist.icdf(sign * (value - 0.5) + 0.5))
