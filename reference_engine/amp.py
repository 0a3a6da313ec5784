"""torch.amp: mixed precision, which needs a device that has it; scaled losses, which do not.

Without CUDA, `autocast("cuda")` is switched off with a warning, as PyTorch does. On processors
PyTorch would compute in bfloat16, which NumPy does not have.
"""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, Self

import reference_engine as torch
from reference_engine._errors import NotCovered

__all__ = ["GradScaler", "autocast"]


class autocast:
    """Inside, computations in lower precision, where a device has it; a decorator, too."""

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        device = torch.device(device_type).type
        if enabled and device == "cuda":
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2
            )
        self.device = device
        self.fast_dtype = dtype
        self._enabled = enabled and device == "cpu"

    def __enter__(self) -> Self:
        if self._enabled:
            raise NotCovered(f"autocast({self.device!r})")
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(func)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return call


class GradScaler:
    """Multiplies losses, so that small gradients do not become zero, and divides gradients again.

    A step with an infinite gradient is left out, and the scale made smaller.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and device == "cuda":
            warnings.warn(
                "torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.",
                stacklevel=2,
            )
        self._device = device
        self._enabled = enabled and device != "cuda"
        self._scale = init_scale
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._growth_tracker = 0
        self._found_inf: dict[int, bool] = {}  # by the identity of the optimizer

    def is_enabled(self) -> bool:
        """Whether it scales anything."""
        return self._enabled

    def get_scale(self) -> float:
        """The factor of losses."""
        return self._scale if self._enabled else 1.0

    def scale(self, outputs: Any) -> Any:
        """The losses times the scale: a tensor, or an iterable of them."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, torch.Tensor):
            return outputs * torch.tensor(self._scale)  # type: ignore[operator]
        return type(outputs)(self.scale(one) for one in outputs)

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of the optimizer's parameters by the scale."""
        if not self._enabled:
            return
        if id(optimizer) in self._found_inf:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        gradients: list[Any] = [
            one.grad
            for group in optimizer.param_groups
            for one in group["params"]
            if one.grad is not None
        ]
        with torch.no_grad():
            for one in gradients:
                one.mul_(1 / self._scale)
        self._found_inf[id(optimizer)] = not all(torch.isfinite(one).all() for one in gradients)

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(...)`, unless a gradient is infinite."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if id(optimizer) not in self._found_inf:
            self.unscale_(optimizer)
        return None if self._found_inf[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Set the scale for the next step: given, smaller after an infinity, or grown at times."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._found_inf:
            raise AssertionError("No inf checks were recorded prior to update.")
        elif any(self._found_inf.values()):
            self._scale *= self._backoff_factor
            self._growth_tracker = 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                self._scale *= self._growth_factor
                self._growth_tracker = 0
        self._found_inf.clear()

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes; empty where it is switched off."""
        if not self._enabled:
            return {}
        names = ("growth_factor", "backoff_factor", "growth_interval", "_growth_tracker")
        return {"scale": self._scale} | {
            name: getattr(self, f"_{name.removeprefix('_')}") for name in names
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler."
            )
        for name, value in state_dict.items():
            setattr(self, f"_{name.removeprefix('_')}", value)
