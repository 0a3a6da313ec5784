"""Distributions given by probabilities or by their logarithms, of which the other follows."""

from functools import cached_property
from typing import Any

import reference_engine as torch
from reference_engine._types import Size
from reference_engine.distributions.distribution import Distribution, broadcast_all, logits_of

_ONE = "Either `probs` or `logits` must be specified, but not both."


class OfChances(Distribution):
    """Keeps one of `probs` and `logits`, and computes the other when it is first asked for."""

    _binary = True

    @cached_property
    def logits(self) -> Any:
        """The logarithms: of the odds, or of the probabilities of several outcomes."""
        with torch.enable_grad():
            return logits_of(self.probs, binary=self._binary)

    @cached_property
    def probs(self) -> Any:
        """The probabilities."""
        with torch.enable_grad():
            return self.logits.sigmoid() if self._binary else self.logits.softmax(-1)

    @property
    def _given(self) -> Any:
        return self.__dict__["probs" if "probs" in self.__dict__ else "logits"]

    @property
    def param_shape(self) -> Size:
        """The shape of the probabilities."""
        return self._given.size()  # type: ignore[no-any-return]

    def _set_chances(self, probs: Any, logits: Any, **others: Any) -> Size:
        """Keep the given one of both, broadcast with other parameters."""
        check_one(probs, logits)
        name, value = ("probs", probs) if logits is None else ("logits", logits)
        return self._set(**others, **{name: value})


def check_one(probs: Any, logits: Any) -> None:
    """Refuse both, and neither."""
    if (probs is None) == (logits is None):
        raise ValueError(_ONE)


def softplus_of(value: Any) -> Any:
    """`log(1 + exp(value))`, safely."""
    return value.clamp(min=0) + (-value.abs()).exp().log1p()


__all__ = ["OfChances", "broadcast_all", "check_one", "softplus_of"]
