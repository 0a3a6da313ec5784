"""Averaged stochastic gradient descent."""

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


class ASGD(ElementwiseOptimizer):
    """Gradient descent at a falling rate; the state's "ax" is the average since step `t0`."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check(lr, (Rule(weight_decay >= 0.0, f"weight_decay value: {weight_decay}"),))
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        return {
            "step": counter(), "eta": counter(number(group["lr"])), "mu": counter(1.0),
            "ax": zeros_like(param),
        }  # fmt: skip

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        check_capturable(group, "params, mus, etas, and state_steps")
        state = self._state_of(param, group)
        grad = decayed(param, grad, group)
        lambd, lr, step = group["lambd"], number(group["lr"]), number(state["step"])
        eta, mu, average = state["eta"], state["mu"], state["ax"]
        param.mul_(1 - lambd * number(eta))
        param.add_(grad, alpha=-number(eta))
        if number(mu) == 1:
            average.copy_(param)
        else:
            average.add_(param.sub(average).mul_(mu))
        eta.fill_(lr / (1 + lambd * lr * step) ** group["alpha"])
        mu.fill_(1 / max(1, step - group["t0"]))
