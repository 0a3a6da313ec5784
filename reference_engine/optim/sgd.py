"""Stochastic gradient descent, with momentum."""

from collections.abc import Iterable
from typing import Any

from reference_engine._tensor import Tensor
from reference_engine.optim.optimizer import (
    ElementwiseOptimizer,
    Group,
    Rule,
    check,
    check_fused,
    decayed,
    number,
)


class SGD(ElementwiseOptimizer):
    """`param -= lr * grad`, where momentum replaces the gradient by a running sum.

    `nesterov` looks one step ahead; `dampening` weakens what a gradient adds to the sum.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: Any = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(
            lr,
            (
                Rule(momentum >= 0.0, f"momentum value: {momentum}"),
                Rule(weight_decay >= 0.0, f"weight_decay value: {weight_decay}"),
            ),
        )
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        check_fused(defaults)

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        grad = decayed(param, grad, group)
        momentum = group["momentum"]
        if momentum != 0:
            state = self.state[param]
            sums = state.get("momentum_buffer")
            if sums is None:
                sums = state["momentum_buffer"] = grad.detach().clone()
            else:
                sums.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            grad = grad.add(sums, alpha=momentum) if group["nesterov"] else sums
        lr = group["lr"]
        if isinstance(lr, Tensor) and lr.requires_grad:
            param.addcmul_(grad, lr, value=-1)
        else:
            param.add_(grad, alpha=-number(lr))
