"""Adagrad and Adadelta: rates of each element's own, from the squares of its gradients."""

from collections.abc import Iterable
from typing import Any

from reference_engine._creation import full_like, zeros_like
from reference_engine.optim.optimizer import (
    ElementwiseOptimizer,
    Group,
    Rule,
    check,
    check_capturable,
    check_fused,
    counter,
    decayed,
    number,
)


class Adagrad(ElementwiseOptimizer):
    """Steps divided by the root of the sum of all squares so far."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        start = initial_accumulator_value
        check(
            lr,
            (
                Rule(lr_decay >= 0.0, f"lr_decay value: {lr_decay}"),
                Rule(weight_decay >= 0.0, f"weight_decay value: {weight_decay}"),
                Rule(start >= 0.0, f"initial_accumulator_value value: {start}"),
                Rule(eps >= 0.0, f"epsilon value: {eps}"),
            ),
        )
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": start, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        check_fused(defaults)
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param].update(self._begin(param, group))

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        start = self.defaults["initial_accumulator_value"]
        return {"step": counter(), "sum": full_like(param, start)}

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        state = self._state_of(param, group)
        grad = decayed(param, grad, group)
        rate = group["lr"] / (1 + (number(state["step"]) - 1) * group["lr_decay"])
        squares = state["sum"].addcmul_(grad, grad, value=1)
        param.addcdiv_(grad, squares.sqrt().add(group["eps"]), value=-number(rate))


class Adadelta(ElementwiseOptimizer):
    """Gradients scaled by the ratio of two running means: of past steps and of gradients."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(
            lr,
            (
                Rule(0.0 <= rho <= 1.0, f"rho value: {rho}"),
                Rule(eps >= 0.0, f"epsilon value: {eps}"),
                Rule(weight_decay >= 0.0, f"weight_decay value: {weight_decay}"),
            ),
        )
        defaults = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        return {
            "step": counter(), "square_avg": zeros_like(param), "acc_delta": zeros_like(param),
        }  # fmt: skip

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        check_capturable(group, xla=False)
        state = self._state_of(param, group)
        grad = decayed(param, grad, group)
        rho, eps = group["rho"], group["eps"]
        squares = state["square_avg"].mul_(rho).addcmul_(grad, grad, value=1 - rho)
        past = state["acc_delta"]
        change = past.add(eps).sqrt().div(squares.add(eps).sqrt()).mul(grad)
        past.mul_(rho).addcmul_(change, change, value=1 - rho)
        param.add_(change, alpha=-number(group["lr"]))
