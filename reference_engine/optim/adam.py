"""Adam and its kin: steps by running means of the gradients and of their squares."""

from collections.abc import Iterable
from typing import Any

from reference_engine._creation import zeros_like
from reference_engine._tensor import Tensor
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

BETAS_KINDS = "betas must be either both floats or both Tensors"
TENSOR_FOREACH = "{name} as a Tensor is not supported for capturable=False and foreach=True"


class Adam(ElementwiseOptimizer):
    """Running means, corrected for their start at zero: `lr * mean / (sqrt(squares) + eps)`.

    `amsgrad` divides by the greatest mean of squares so far; `decoupled_weight_decay` shrinks the
    parameters themselves instead of changing their gradients.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError(TENSOR_FOREACH.format(name="lr"))
        check(lr, _rules(betas, eps, weight_decay))
        if not any(all(isinstance(beta, kind) for beta in betas) for kind in (float, Tensor)):
            raise ValueError(BETAS_KINDS)
        for place, beta in enumerate(betas):
            if isinstance(beta, Tensor) and foreach and not capturable:
                raise ValueError(TENSOR_FOREACH.format(name=f"betas[{place}]"))
            if isinstance(beta, Tensor) and beta.numel() != 1:
                raise ValueError(f"Tensor betas[{place}] must be 1-element")
        defaults = {
            "lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)
        check_fused(defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        state = _two_means(param)
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(param)
        return state

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        check_capturable(group)
        state = self._state_of(param, group)
        step = number(state["step"])
        beta1, beta2 = group["betas"]
        lr = group["lr"]
        grad = _decay(param, grad, group)
        mean, squares = _follow(state, grad, group)
        if group["amsgrad"]:
            squares = _greatest(state["max_exp_avg_sq"], squares)
        correction = number(1 - beta2**step) ** 0.5
        root = squares.sqrt().div(correction).add(group["eps"])
        step_size = number(lr / (1 - beta1**step))
        param.addcdiv_(mean.clone() if group["differentiable"] else mean, root, value=-step_size)


class AdamW(Adam):
    """Adam with weight decay apart from the gradients, and on by default."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
            capturable=capturable, differentiable=differentiable, fused=fused,
            decoupled_weight_decay=True,
        )  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


class Adamax(ElementwiseOptimizer):
    """Adam with a decaying maximum of the gradients' sizes for the root of their squares."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check(lr, _rules(betas, eps, weight_decay))
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        return {"step": counter(), "exp_avg": zeros_like(param), "exp_inf": zeros_like(param)}

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        check_capturable(group)
        state = self._state_of(param, group)
        beta1, beta2 = group["betas"]
        grad = decayed(param, grad, group)
        mean = state["exp_avg"].lerp_(grad, 1 - beta1)
        greatest = _greatest(state["exp_inf"].mul_(beta2), grad.abs().add(group["eps"]))
        rate = number(group["lr"] / (1 - beta1 ** number(state["step"])))
        param.addcdiv_(mean, greatest, value=-rate)


class NAdam(ElementwiseOptimizer):
    """Adam with Nesterov's momentum, which grows with the steps by `momentum_decay`."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        decay = Rule(momentum_decay >= 0.0, f"momentum_decay value: {momentum_decay}")
        check(lr, (*_rules(betas, eps, weight_decay), decay))
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        means = _two_means(param)
        return {"step": means.pop("step"), "mu_product": counter(1.0), **means}

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        check_capturable(group, "params, mu_products and state_steps")
        state = self._state_of(param, group)
        step = number(state["step"])
        beta1, beta2 = group["betas"]
        lr, decay = number(group["lr"]), group["momentum_decay"]
        grad = _decay(param, grad, group)
        now, following = (beta1 * (1.0 - 0.5 * 0.96 ** (one * decay)) for one in (step, step + 1))
        state["mu_product"] *= now
        product = number(state["mu_product"])
        mean, squares = _follow(state, grad, group)
        root = squares.div(1 - beta2**step).sqrt().add(group["eps"])
        param.addcdiv_(grad, root, value=-lr * (1.0 - now) / (1.0 - product))
        param.addcdiv_(mean, root, value=-lr * following / (1.0 - product * following))


class RAdam(ElementwiseOptimizer):
    """Adam that leaves the squares aside until enough of them are known."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(lr, _rules(betas, eps, weight_decay))
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _begin(self, param: Any, group: Group) -> dict[str, Any]:
        return _two_means(param)

    def _update(self, param: Any, grad: Any, group: Group) -> None:
        check_capturable(group)
        state = self._state_of(param, group)
        step = number(state["step"])
        beta1, beta2 = group["betas"]
        lr = number(group["lr"])
        grad = _decay(param, grad, group)
        mean, squares = _follow(state, grad, group)
        change = mean / (1 - beta1**step) * lr
        left = beta2**step
        longest = 2 / (1 - beta2) - 1  # the length of the running mean of squares, in the end
        length = longest - 2 * step * left / (1 - left)
        if length > 5.0:
            change = change * ((1 - left) ** 0.5 / squares.sqrt().add(group["eps"]))
            known = (length - 4) * (length - 2) * longest
            change = change * (known / ((longest - 4) * (longest - 2) * length)) ** 0.5
        param.add_(change, alpha=-1.0)


# -- what they share ------------------------------------------------------------------------------


def _rules(betas: tuple[Any, Any], eps: float, weight_decay: float) -> tuple[Rule, ...]:
    return (
        Rule(eps >= 0.0, f"epsilon value: {eps}"),
        Rule(bool(0.0 <= betas[0] < 1.0), f"beta parameter at index 0: {betas[0]}"),
        Rule(bool(0.0 <= betas[1] < 1.0), f"beta parameter at index 1: {betas[1]}"),
        Rule(weight_decay >= 0.0, f"weight_decay value: {weight_decay}"),
    )


def _two_means(param: Tensor) -> dict[str, Any]:
    return {"step": counter(), "exp_avg": zeros_like(param), "exp_avg_sq": zeros_like(param)}


def _decay(param: Any, grad: Any, group: Group) -> Any:
    """The gradient with weight decay in it, or unchanged where the parameter decays instead."""
    if not group["decoupled_weight_decay"]:
        return decayed(param, grad, group)
    if group["weight_decay"] != 0:
        param.mul_(1 - group["lr"] * group["weight_decay"])
    return grad


def _follow(state: dict[str, Any], grad: Any, group: Group) -> tuple[Any, Any]:
    """The running means of the gradients and of their squares, with this gradient in them."""
    beta1, beta2 = group["betas"]
    mean = state["exp_avg"].lerp_(grad, number(1 - beta1))
    squares = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=number(1 - beta2))
    return mean, squares


def _greatest(kept: Any, other: Any) -> Any:
    """The greater of the two, element by element, written into the first."""
    return kept.copy_(kept.maximum(other))
