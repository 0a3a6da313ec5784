"""The distribution of one of several outcomes."""

from typing import Any, ClassVar

import reference_engine as torch
from reference_engine._types import Size
from reference_engine.distributions import constraints
from reference_engine.distributions._chances import OfChances, check_one

__all__ = ["Categorical"]


class Categorical(OfChances):
    """The numbers from 0 on, with the probabilities of the last dimension."""

    arg_constraints: ClassVar = {
        "probs": constraints.simplex, "logits": constraints.real_vector
    }  # fmt: skip
    has_enumerate_support = True
    _binary = False

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        check_one(probs, logits)
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        if value.dim() < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        self.__dict__[name] = (
            value / value.sum(-1, keepdim=True)
            if name == "probs"
            else value - value.logsumexp(dim=-1, keepdim=True)
        )
        super().__init__(value.shape[:-1], validate_args=validate_args)

    @property
    def _num_events(self) -> int:
        return int(self._given.size(-1))

    @property
    def support(self) -> Any:
        """The numbers of the outcomes."""
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def mean(self) -> Any:
        return torch.full(self._shape(), torch.nan, dtype=self.probs.dtype)

    @property
    def mode(self) -> Any:
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Any:
        return self.mean

    def sample(self, sample_shape: Any = ()) -> Any:
        lines = self.probs.reshape(-1, self._num_events)
        count = Size(sample_shape).numel()
        with torch.no_grad():
            drawn: Any = torch.multinomial(lines, count, replacement=True)
        return drawn.t().reshape(self._shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        wanted, scores = torch.broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return scores.gather(-1, wanted[..., :1]).squeeze(-1)

    def entropy(self) -> Any:
        least = torch.finfo(self.logits.dtype).min
        return -(self.logits.clamp(min=least) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Any:
        values: Any = torch.arange(self._num_events)
        values = values.view((-1, *(1,) * len(self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values
