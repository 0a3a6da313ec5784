"""L-BFGS: Newton's steps with curvature learnt from the last gradients."""

from collections.abc import Callable, Iterable
from typing import Any

from reference_engine._creation import zeros
from reference_engine._functions import cat
from reference_engine._modes import enable_grad, no_grad
from reference_engine._tensor import Tensor
from reference_engine.optim.optimizer import Optimizer, check, number

ONE_GROUP = "LBFGS doesn't support per-parameter options (parameter groups)"
LINE_SEARCH = "only 'strong_wolfe' is supported"

Point = tuple[Any, float, Any, Any]
"""A trial of the line search: step length, loss, flat gradient, slope along the direction."""


class LBFGS(Optimizer):
    """One `step(closure)` takes up to `max_iter` steps, calling the closure as often as needed.

    The closure clears the gradients, computes the loss, calls `backward()` and returns the loss.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check(lr, ())
        defaults = {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError(ONE_GROUP)
        self._params = self.param_groups[0]["params"]

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Take up to `max_iter` steps; return the loss before the first."""
        with no_grad():
            return self._minimize(enable_grad()(closure))

    def _minimize(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        lr, tolerance = number(group["lr"]), group["tolerance_change"]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = closure()
        loss = float(number(first_loss))
        evaluations = 1
        state["func_evals"] += 1
        grad = self._flat_gradient()
        if grad.abs().max() <= group["tolerance_grad"]:
            return first_loss
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(state, grad)
            state["prev_flat_grad"] = grad.clone()
            state["prev_loss"] = former_loss = loss
            begins = state["n_iter"] == 1
            length = state["t"] = min(1.0, 1.0 / grad.abs().sum()) * lr if begins else lr
            slope = grad.dot(direction)
            if slope > -tolerance:
                break
            calls = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError(LINE_SEARCH)
                trial = self._trial(closure, direction)
                budget = group["max_eval"] - evaluations
                start = (0, loss, grad, slope)
                (length, loss, grad, _), calls = _strong_wolfe(
                    trial, start, length, direction.abs().max(), max_calls=budget
                )
                state["t"] = length
                self._move(length, direction)
            else:
                self._move(length, direction)
                if iteration != group["max_iter"]:
                    loss = float(number(closure()))
                    grad = self._flat_gradient()
                    calls = 1
            evaluations += calls
            state["func_evals"] += calls
            if (
                evaluations >= group["max_eval"]
                or grad.abs().max() <= group["tolerance_grad"]
                or direction.mul(length).abs().max() <= tolerance
                or abs(loss - former_loss) < tolerance
            ):
                break
        return first_loss

    def _direction(self, state: dict[str, Any], grad: Any) -> Any:
        """Minus the gradient times the approximate inverse of the Hessian: two loops."""
        if state["n_iter"] == 1:
            state.update(d=grad.neg(), old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return state["d"]
        changes, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        change = grad.sub(state["prev_flat_grad"])
        step = state["d"].mul(state["t"])
        product = change.dot(step)
        if product > 1e-10:
            if len(changes) == self.param_groups[0]["history_size"]:
                for oldest in (changes, steps, inverses):
                    oldest.pop(0)
            changes.append(change)
            steps.append(step)
            inverses.append(1.0 / product)
            state["H_diag"] = product / change.dot(change)
        remembered = list(zip(changes, steps, inverses, strict=True))
        direction = grad.neg()
        weights = []
        for change, step, inverse in reversed(remembered):
            weights.append(step.dot(direction) * inverse)
            direction.add_(change, alpha=-number(weights[-1]))
        direction = direction.mul(state["H_diag"])
        for (change, step, inverse), weight in zip(remembered, reversed(weights), strict=True):
            back = change.dot(direction) * inverse
            direction.add_(step, alpha=number(weight - back))
        state["d"] = direction
        return direction

    def _trial(self, closure: Callable[[], Any], direction: Any) -> Callable[[Any], Point]:
        """A function that evaluates the loss some way along the direction, and goes back."""
        start = [param.clone() for param in self._params]

        def trial(length: Any) -> Point:
            self._move(length, direction)
            loss = float(number(closure()))
            grad = self._flat_gradient()
            for param, value in zip(self._params, start, strict=True):
                param.copy_(value)
            return length, loss, grad, grad.dot(direction)

        return trial

    def _flat_gradient(self) -> Any:
        return cat(
            [
                zeros(param.numel(), dtype=param.dtype)
                if param.grad is None
                else param.grad.reshape(-1).clone()
                for param in self._params
            ]
        )

    def _move(self, length: Any, direction: Any) -> None:
        offset = 0
        for param in self._params:
            count = param.numel()
            part = direction[offset : offset + count].view_as(param)
            param.add_(part, alpha=number(length))
            offset += count


def _strong_wolfe(
    trial: Callable[[Any], Point], start: Point, length: Any, reach: Tensor, *, max_calls: int
) -> tuple[Point, int]:
    """A step length at which the loss has fallen and its slope is small: Wolfe's conditions.

    `reach` is the greatest element of the direction. Returns the point and the number of trials.
    """
    _, loss, _, slope = start

    def too_high(point: Point) -> bool:
        return bool(point[1] > loss + 1e-4 * point[0] * slope)

    def is_flat(point: Point) -> bool:
        return bool(abs(point[3]) <= -0.9 * slope)

    former, point = start, trial(length)
    calls = 1
    found: list[Point] = []
    for searched in range(max_calls):
        if too_high(point) or (searched > 1 and point[1] >= former[1]):
            found = [former, point]
            break
        if is_flat(point):
            return point, calls
        if point[3] >= 0:
            found = [former, point]
            break
        bounds = (point[0] + 0.01 * (point[0] - former[0]), point[0] * 10)
        former, point = point, trial(_cubic_minimum(former, point, bounds))
        calls += 1
    bracket = found or [start, point]
    low, high = sorted(bracket, key=lambda one: one[1])
    stuck = False
    while calls - 1 < max_calls:
        if abs(bracket[1][0] - bracket[0][0]) * reach < 1e-9:
            break
        left, right = sorted((bracket[0][0], bracket[1][0]))
        length = _cubic_minimum(bracket[0], bracket[1], (left, right))
        margin = 0.1 * (right - left)
        if min(right - length, length - left) < margin:
            if stuck or length >= right or length <= left:
                nearer_right = abs(length - right) < abs(length - left)
                length = right - margin if nearer_right else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        point = trial(length)
        calls += 1
        place = 0 if bracket[0] is low else 1
        if too_high(point) or point[1] >= low[1]:
            bracket[1 - place] = point
            low, high = sorted(bracket, key=lambda one: one[1])
            continue
        if is_flat(point):
            return point, calls
        if point[3] * (high[0] - low[0]) >= 0:
            bracket[1 - place] = high = low
        bracket[place] = low = point
    return low, calls


def _cubic_minimum(first: Point, second: Point, bounds: tuple[Any, Any]) -> Any:
    """Where the cubic through two points with their slopes is least, kept within the bounds."""
    left, right = (first, second) if first[0] <= second[0] else (second, first)
    first_term = first[3] + second[3] - 3 * (first[1] - second[1]) / (first[0] - second[0])
    square = first_term**2 - first[3] * second[3]
    if square < 0:
        return (bounds[0] + bounds[1]) / 2.0
    root = square.sqrt()
    share = (right[3] + root - first_term) / (right[3] - left[3] + 2 * root)
    place = right[0] - (right[0] - left[0]) * share
    return min(max(place, bounds[0]), bounds[1])
