"""The distribution of how often each of several outcomes comes."""

from typing import Any, ClassVar

import reference_engine as torch
from reference_engine.distributions import constraints
from reference_engine.distributions.binomial import Binomial
from reference_engine.distributions.categorical import Categorical
from reference_engine.distributions.distribution import Distribution

__all__ = ["Multinomial"]


class Multinomial(Distribution):
    """How often each outcome of the last dimension comes in `total_count` draws."""

    arg_constraints: ClassVar = {
        "probs": constraints.simplex, "logits": constraints.real_vector
    }  # fmt: skip

    def __init__(
        self,
        total_count: int = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        shapes = self._categorical.batch_shape, self._categorical.param_shape[-1:]
        super().__init__(*shapes, validate_args=validate_args)

    @property
    def support(self) -> Any:
        """Counts that do not exceed the draws."""
        return constraints.multinomial(self.total_count)

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        drawn = self._categorical.sample((self.total_count, *sample_shape))
        places = drawn.permute(*range(1, drawn.dim()), 0)
        counts: Any = torch.zeros(self._shape(sample_shape), dtype=torch.int64)
        counts.scatter_add_(-1, places, torch.ones_like(places))
        return counts.type_as(self.probs)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        logits, value = torch.broadcast_tensors(self.logits, value)
        logits = logits.clone()
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        logits[(value == 0) & (logits == -torch.inf)] = 0
        return ways + (logits * value).sum(-1)

    def entropy(self) -> Any:
        count = torch.tensor(float(self.total_count))
        single = Binomial(self.total_count, probs=self.probs)
        values = single.enumerate_support(expand=False)[1:]
        weights = (values + 1).lgamma()
        repeated = (single.log_prob(values).exp() * weights).sum([0, -1])
        return count * self._categorical.entropy() - torch.lgamma(count + 1) + repeated  # type: ignore[operator]
