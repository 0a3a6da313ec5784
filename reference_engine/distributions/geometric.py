"""The distribution of the failures before the first success."""

from typing import Any, ClassVar

import reference_engine as torch
from reference_engine.distributions import constraints
from reference_engine.distributions._chances import OfChances
from reference_engine.nn.functional import binary_cross_entropy_with_logits

__all__ = ["Geometric"]


class Geometric(OfChances):
    """How often a trial of probability `probs` fails before it succeeds."""

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(self._set_chances(probs, logits), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Any:
        return torch.zeros_like(self.probs)

    @property
    def variance(self) -> Any:
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Any:
        shape, kind = self._shape(sample_shape), self.probs.dtype
        with torch.no_grad():
            drawn: Any = torch.empty(shape, dtype=kind)
            drawn.uniform_(torch.finfo(kind).tiny, 1)
            return (drawn.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        value, probs = torch.broadcast_tensors(value, self.probs)
        probs = probs.clone()
        probs[(probs == 1) & (value == 0)] = 0
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self) -> Any:
        found = binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
        return found / self.probs
