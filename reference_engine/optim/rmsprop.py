"""RMSprop: steps divided by a running root mean square of the gradients."""

from collections.abc import Iterable
from typing import Any

from reference_engine._creation import zeros_like
from reference_engine.optim.optimizer import (
    ElementwiseOptimizer,
    Group,
    Rule,
    check,
    check_capturable,
    counter,
    decayed,
    number,
)


class RMSprop(ElementwiseOptimizer):
    """`centered` divides by a running standard deviation; `alpha` is how long gradients last."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(
            lr,
            (
                Rule(eps >= 0.0, f"epsilon value: {eps}"),
                Rule(momentum >= 0.0, f"momentum value: {momentum}"),
                Rule(weight_decay >= 0.0, f"weight_decay value: {weight_decay}"),
                Rule(alpha >= 0.0, f"alpha value: {alpha}"),
            ),
        )
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        state = {"step": counter(), "square_avg": zeros_like(param)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(param)
        if group["centered"]:
            state["grad_avg"] = zeros_like(param)
        return state

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        check_capturable(group)
        state = self._state_of(param, group)
        grad = decayed(param, grad, group)
        lr, alpha = number(group["lr"]), group["alpha"]
        squares = state["square_avg"].mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
        if group["centered"]:
            mean = state["grad_avg"].lerp_(grad, 1 - alpha)
            squares = squares.addcmul(mean, mean, value=-1)
        root = squares.sqrt().add(group["eps"])
        if group["momentum"] > 0:
            sums = state["momentum_buffer"].mul_(group["momentum"]).addcdiv_(grad, root)
            param.add_(sums, alpha=-lr)
        else:
            param.addcdiv_(grad, root, value=-lr)
