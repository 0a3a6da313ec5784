"""torch.distributions: the normal, uniform, Bernoulli and categorical ones."""

import math
from typing import Any

from reference_engine._creation import as_tensor, ones, zeros
from reference_engine._drawing import bernoulli, multinomial, normal, rand
from reference_engine._errors import NotCovered
from reference_engine._modes import no_grad
from reference_engine._rearranging import broadcast_tensors
from reference_engine._tensor import Tensor
from reference_engine._types import Size


class Distribution:
    """What the distributions share: parameters of one shape, and samples of any number."""

    _parameters: tuple[str, ...]

    def __init__(self, *values: Any) -> None:
        tensors = broadcast_tensors(*(_floating(value) for value in values))
        for name, value in zip(self._parameters, tensors, strict=True):
            setattr(self, name, value)
        self.batch_shape = tensors[0].shape
        self.event_shape = Size()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers drawn, without a gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers drawn that gradients of the parameters pass through."""
        raise NotImplementedError

    def _shape(self, sample_shape: Any) -> Size:
        return Size((*sample_shape, *self.batch_shape))

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in self._parameters}
        parts = ", ".join(
            f"{name}: {value.item() if value.numel() == 1 else value.size()}"
            for name, value in values.items()
        )
        return f"{type(self).__name__}({parts})"


def _floating(value: Any) -> Any:
    return value if isinstance(value, Tensor) else as_tensor(float(value))


class Normal(Distribution):
    """Mean `loc`, standard deviation `scale`."""

    _parameters = ("loc", "scale")
    loc: Any
    scale: Any

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(loc, scale)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.loc  # type: ignore[no-any-return]

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.scale  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.scale**2  # type: ignore[no-any-return]

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers drawn, without a gradient."""
        shape = self._shape(sample_shape)
        with no_grad():
            return normal(self.loc.expand(shape), self.scale.expand(shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers drawn that gradients of the parameters pass through."""
        shape, kind = self._shape(sample_shape), self.loc.dtype
        drawn = normal(zeros(shape, dtype=kind), ones(shape, dtype=kind))
        return self.loc + drawn * self.scale  # type: ignore[no-any-return]

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        variance = self.scale**2
        found = -((value - self.loc) ** 2) / (2 * variance) - self.scale.log()
        return found - math.log(math.sqrt(2 * math.pi))  # type: ignore[no-any-return]

    def cdf(self, value: Any) -> Tensor:
        """The probability of a smaller number."""
        distance = (value - self.loc) * self.scale.reciprocal() / math.sqrt(2)
        return 0.5 * (1 + distance.erf())  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()  # type: ignore[no-any-return]


class Uniform(Distribution):
    """From `low` up to, not including, `high`."""

    _parameters = ("low", "high")
    low: Any
    high: Any

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        super().__init__(low, high)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return (self.high + self.low) / 2  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return (self.high - self.low).pow(2) / 12  # type: ignore[no-any-return]

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()  # type: ignore[attr-defined, no-any-return]

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers drawn that gradients of the bounds pass through."""
        drawn = rand(self._shape(sample_shape), dtype=self.low.dtype)
        return self.low + drawn * (self.high - self.low)  # type: ignore[no-any-return]

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density: -inf outside the bounds."""
        inside = self.low.le(value).type_as(self.low) * self.high.gt(value).type_as(self.low)
        return inside.log() - (self.high - self.low).log()  # type: ignore[no-any-return]

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return (self.high - self.low).log()  # type: ignore[no-any-return]


class Bernoulli(Distribution):
    """1 with probability `probs`, else 0."""

    _parameters = ("probs",)
    probs: Any

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        super().__init__(_floating(logits).sigmoid() if probs is None else probs)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.probs  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.probs * (1 - self.probs)  # type: ignore[no-any-return]

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Zeros and ones drawn."""
        with no_grad():
            return bernoulli(self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the probability."""
        return value * self.probs.log() + (1 - value) * (1 - self.probs).log()  # type: ignore[no-any-return]


class Categorical(Distribution):
    """The numbers from 0 on, with the probabilities of the last dimension."""

    _parameters = ("probs",)
    probs: Any

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: Any = None) -> None:
        weights = logits.softmax(-1) if probs is None else probs / probs.sum(-1, keepdim=True)
        self.probs = weights
        self.logits = weights.log() if logits is None else logits - logits.logsumexp(-1, True)
        self.batch_shape, self.event_shape = weights.shape[:-1], Size()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Numbers drawn."""
        shape, lines = self._shape(sample_shape), self.probs.detach()
        lines = lines.reshape(-1, lines.shape[-1])
        drawn: Any = multinomial(lines, Size(sample_shape).numel(), replacement=True)
        return drawn.t().reshape(shape)  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability."""
        wanted: Any = value.long().unsqueeze(-1)  # type: ignore[attr-defined]
        places, scores = broadcast_tensors(wanted, self.logits)
        return scores.gather(-1, places[..., :1]).squeeze(-1)  # type: ignore[attr-defined, index, no-any-return]

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        return -(self.probs * self.logits).sum(-1)  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'torch.distributions' has no attribute '{name}'")
    raise NotCovered(f"distributions.{name}")
