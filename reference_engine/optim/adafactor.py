"""Adafactor: Adam's denominator from the means of rows and columns, and steps of bounded size."""

from collections.abc import Iterable
from typing import Any

import reference_engine as torch
from reference_engine.optim.optimizer import TENSOR_LR, ElementwiseOptimizer, Group, counter, number


class Adafactor(ElementwiseOptimizer):
    """Steps relative to the size of the parameter, divided by estimates of the gradient's size."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, torch.Tensor) and lr.numel() != 1:
            raise ValueError(TENSOR_LR)
        first, second = eps
        checks = (
            (lr >= 0.0, f"Learning rate should be >= 0 but is: {lr}"),
            (beta2_decay <= 0.0, f"beta2_decay should be <= 0 but is: {beta2_decay}"),
            (first is None or first >= 0.0, f"epsilon1 should be >= 0 but is: {first}"),
            (second >= 0.0, f"epsilon2 should be >= 0 but is: {second}"),
            (d >= 1.0, f"Clipping threshold d should be >= 1 but is: {d}"),
            (weight_decay >= 0.0, f"weight_decay should be >= 0 but is: {weight_decay}"),
        )
        for holds, text in checks:
            if not holds:
                raise ValueError(text)
        defaults = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d,
            "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        if param.dim() < 2:
            return {"step": counter(), "variance": torch.zeros_like(param)}
        rows, columns = list(param.shape), list(param.shape)
        rows[-1] = columns[-2] = 1
        return {
            "step": counter(),
            "row_var": param.new_zeros(rows),
            "col_var": param.new_zeros(columns),
        }

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        state = self._state_of(param, group)
        rate = number(group["lr"])
        least, smallest_step = group["eps"]
        if least is None:
            least = torch.finfo(param.dtype).eps
        count = state["step"].item()
        share = count ** group["beta2_decay"]
        size = param.norm(2).item() / param.numel() ** 0.5
        step = max(smallest_step, size) * min(rate, 1 / count**0.5)
        if group["weight_decay"] != 0:
            param.mul_(1 - rate * group["weight_decay"])
        if grad.dim() > 1:
            for name, dim in (("row_var", -1), ("col_var", -2)):
                squares = torch.norm(grad, dim=dim, keepdim=True).square_().div_(grad.size(dim))
                state[name].lerp_(squares, share)
            estimate = state["row_var"] @ state["col_var"]
            estimate.div_(state["row_var"].mean(dim=-2, keepdim=True).clamp_(min=least))
        else:
            estimate = state["variance"].lerp_(grad * grad, share).clone()
        update = estimate.clamp_(min=least * least).rsqrt_().mul_(grad)
        length = update.norm(2).item() / (update.numel() ** 0.5 * group["d"])
        param.add_(update, alpha=-step / max(1.0, length))
