"""Dropout: what is left out at random while training."""

from collections.abc import Callable

from reference_engine._tensor import Tensor
from reference_engine.nn import functional as F
from reference_engine.nn.modules._building import shown
from reference_engine.nn.modules.module import Module

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _DropoutNd(Module):
    """Zeros with probability `p` while training, the rest divided by 1 - p."""

    _drop: Callable[..., Tensor]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return self._drop(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return shown(self, "p", "inplace")


class Dropout(_DropoutNd):
    """Drops single elements."""

    _drop = staticmethod(F.dropout)


class Dropout1d(_DropoutNd):
    """Drops whole channels: input (batch, channels, length)."""

    _drop = staticmethod(F.dropout1d)


class Dropout2d(_DropoutNd):
    """Drops whole channels: input (batch, channels, height, width)."""

    _drop = staticmethod(F.dropout2d)


class Dropout3d(_DropoutNd):
    """Drops whole channels: input (batch, channels, three sizes)."""

    _drop = staticmethod(F.dropout3d)


class AlphaDropout(_DropoutNd):
    """Drops single elements and keeps mean and variance: for networks of SELUs."""

    _drop = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_DropoutNd):
    """`AlphaDropout` of whole channels."""

    _drop = staticmethod(F.feature_alpha_dropout)
