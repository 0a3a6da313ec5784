"""The distribution of one trial."""

from typing import Any, ClassVar

import reference_engine as torch
from reference_engine.distributions import constraints
from reference_engine.distributions._chances import OfChances
from reference_engine.nn.functional import binary_cross_entropy_with_logits

__all__ = ["Bernoulli"]


class Bernoulli(OfChances):
    """1 with probability `probs`, else 0."""

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(self._set_chances(probs, logits), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        found = (self.probs >= 0.5).to(self.probs.dtype)
        found[self.probs == 0.5] = torch.nan
        return found

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        with torch.no_grad():
            return torch.bernoulli(self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        logits, wanted = torch.broadcast_tensors(self.logits, value)
        return -_entropy(logits, wanted)

    def entropy(self) -> Any:
        return _entropy(self.logits, self.probs)

    def enumerate_support(self, expand: bool = True) -> Any:
        values = torch.arange(2, dtype=self._given.dtype)
        values = values.view((-1, *(1,) * len(self._batch_shape)))  # type: ignore[attr-defined]
        return values.expand((-1, *self._batch_shape)) if expand else values


def _entropy(logits: Any, wanted: Any) -> Any:
    return binary_cross_entropy_with_logits(logits, wanted, reduction="none")
