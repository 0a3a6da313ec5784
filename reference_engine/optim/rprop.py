"""Rprop: steps whose size follows the signs of the gradients, never their size."""

from collections.abc import Iterable
from typing import Any

from reference_engine._creation import full_like, zeros_like
from reference_engine.optim.optimizer import (
    ElementwiseOptimizer,
    Group,
    check,
    check_capturable,
    counter,
    number,
)


class Rprop(ElementwiseOptimizer):
    """Steps grow by `etas[1]` while the sign stays and shrink by `etas[0]` where it changes."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(lr, ())
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        size = full_like(param, number(group["lr"]))
        return {"step": counter(), "prev": zeros_like(param), "step_size": size}

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        check_capturable(group)
        state = self._state_of(param, group)
        shrink, grow = group["etas"]
        agreement = grad.mul(state["prev"]).sign()
        turned = agreement.lt(0)
        factor = agreement.masked_fill(agreement.gt(0), grow).masked_fill(turned, shrink)
        factor = factor.masked_fill(agreement.eq(0), 1)
        size = state["step_size"].mul_(factor).clamp_(*group["step_sizes"])
        grad = grad.masked_fill(turned, 0)  # where the sign changed, one step is left out
        param.addcmul_(grad.sign(), size, value=-1)
        state["prev"].copy_(grad)
