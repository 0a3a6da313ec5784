"""Normalization over the batch, or over each sample's own channel, with running statistics."""

import warnings
from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn import functional as F
from reference_engine.nn.init import ones_, zeros_
from reference_engine.nn.modules._building import add_parameters, check_dims
from reference_engine.nn.modules.module import Module

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
]


class _Norm(Module):
    """A scale and a shift for each channel, and running statistics of the channels."""

    _version = 2
    _dims: int  # of one sample: its channels and places

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        shape = (num_features,) if affine else None
        add_parameters(self, device, dtype, weight=shape, bias=shape if bias else None)
        for name, start in (("running_mean", torch.zeros), ("running_var", torch.ones)):
            kept = start(num_features, device=device, dtype=dtype) if track_running_stats else None
            self.register_buffer(name, kept)
        count = torch.tensor(0, dtype=torch.int64) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches seen: mean 0, variance 1."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the batches seen; scale 1, shift 0."""
        self.reset_running_stats()
        if self.affine:
            ones_(self.weight)
            if self.bias is not None:
                zeros_(self.bias)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        *others: Any,
    ) -> None:
        # States of the first version did not count the batches.
        if self.track_running_stats and local_metadata.get("version", 1) < 2:
            state_dict.setdefault(f"{prefix}num_batches_tracked", self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *others)


class _BatchNorm(_Norm):
    """Each channel to mean 0 and variance 1 over the batch; in evaluation by the running values."""

    _allowed: tuple[int, ...]

    def forward(self, input: Tensor) -> Tensor:
        check_dims(input, *self._allowed)
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if momentum is None:  # a mean of all batches instead of a moving one
                momentum = 1.0 / float(self.num_batches_tracked)
        running = self.track_running_stats or not self.training
        return F.batch_norm(
            input,
            self.running_mean if running else None,
            self.running_var if running else None,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            0.0 if momentum is None else momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalization: input (batch, channels) or (batch, channels, length)."""

    _allowed = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalization: input (batch, channels, height, width)."""

    _allowed = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalization: input (batch, channels, three sizes)."""

    _allowed = (5,)


class _InstanceNorm(_Norm):
    """Each channel of each sample to mean 0 and variance 1."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def forward(self, input: Tensor) -> Tensor:
        check_dims(input, self._dims, self._dims + 1)
        at = input.dim() - self._dims
        if input.shape[at] != self.num_features:
            self._refuse_features(at, input.shape[at])
        batch = input if at else torch.unsqueeze(input, 0)
        found = F.instance_norm(
            batch,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return found if at else torch.squeeze(found, 0)

    def _refuse_features(self, at: int, found: int) -> None:
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={at} to match num_features "
                f"({self.num_features}), but got: {found}."
            )
        warnings.warn(
            f"input's size at dim={at} does not match num_features. You can silence this warning "
            "by not passing in num_features, which is not used because affine=False",
            stacklevel=2,
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance normalization: input (batch, channels, length)."""

    _dims = 2


class InstanceNorm2d(_InstanceNorm):
    """Instance normalization: input (batch, channels, height, width)."""

    _dims = 3


class InstanceNorm3d(_InstanceNorm):
    """Instance normalization: input (batch, channels, three sizes)."""

    _dims = 4
