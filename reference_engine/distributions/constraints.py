"""torch.distributions.constraints: what parameters and samples may be, and how it is shown."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import reference_engine as torch


@dataclass(frozen=True, eq=False)
class Constraint:
    """A name as it is shown, and the question whether each event of a tensor is allowed.

    `event_dim` dimensions make up one event.
    """

    shown: str
    holds: Callable[[Any], Any] = field(repr=False)
    event_dim: int = 0
    is_discrete: bool = False

    def check(self, value: Any) -> Any:
        """A bool for every event of `value`."""
        return self.holds(value)

    def __repr__(self) -> str:
        return self.shown


def _symmetric(value: Any) -> Any:
    return torch.isclose(value, value.mT, atol=1e-6).all(-2).all(-1)


def _positive_definite(value: Any) -> Any:
    found = _symmetric(value)
    return torch.linalg.cholesky_ex(value).info.eq(0) if found.all() else found


def _lower_cholesky(value: Any) -> Any:
    is_lower = (value.tril() == value).all(-1).all(-1)
    return is_lower & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


def _whole(value: Any) -> Any:
    return value % 1 == 0


real = Constraint("Real()", lambda value: value == value)  # noqa: PLR0124 - nan is not
real_vector = Constraint(
    "IndependentConstraint(Real(), 1)",
    lambda value: (value == value).all(-1),  # noqa: PLR0124 - nan is not
    event_dim=1,
)
positive = Constraint("GreaterThan(lower_bound=0.0)", lambda value: value > 0)
nonnegative = Constraint("GreaterThanEq(lower_bound=0.0)", lambda value: value >= 0)
unit_interval = Constraint(
    "Interval(lower_bound=0.0, upper_bound=1.0)", lambda value: (value >= 0) & (value <= 1)
)
boolean = Constraint("Boolean()", lambda value: (value == 0) | (value == 1), is_discrete=True)
nonnegative_integer = Constraint(
    "IntegerGreaterThan(lower_bound=0)",
    lambda value: _whole(value) & (value >= 0),
    is_discrete=True,
)
one_hot = Constraint(
    "OneHot()",
    lambda value: ((value == 0) | (value == 1)).all(-1) & value.sum(-1).eq(1),
    event_dim=1,
    is_discrete=True,
)
simplex = Constraint(
    "Simplex()",
    lambda value: (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6),
    event_dim=1,
)
positive_definite = Constraint("PositiveDefinite()", _positive_definite, event_dim=2)
lower_cholesky = Constraint("LowerCholesky()", _lower_cholesky, event_dim=2)


def interval(low: Any, high: Any) -> Constraint:
    """Between two bounds, or at them."""
    return Constraint(
        f"Interval(lower_bound={low}, upper_bound={high})",
        lambda value: (low <= value) & (value <= high),
    )


def greater_than(low: Any) -> Constraint:
    """Above a bound."""
    return Constraint(f"GreaterThan(lower_bound={low})", lambda value: value > low)


def less_than(high: Any) -> Constraint:
    """Below a bound."""
    return Constraint(f"LessThan(upper_bound={high})", lambda value: value < high)


def integer_interval(low: Any, high: Any) -> Constraint:
    """A whole number between two bounds, or at them."""
    return Constraint(
        f"IntegerInterval(lower_bound={low}, upper_bound={high})",
        lambda value: _whole(value) & (low <= value) & (value <= high),
        is_discrete=True,
    )


def multinomial(count: int) -> Constraint:
    """Whole numbers, at most `count` together."""
    return Constraint(
        "Multinomial()",
        lambda value: (value >= 0).all(-1) & (value.sum(-1) <= count),
        event_dim=1,
        is_discrete=True,
    )


def independent(base: Constraint, dims: int) -> Constraint:
    """Every one of the last `dims` dimensions allowed by `base`."""

    def holds(value: Any) -> Any:
        found = base.check(value)
        return found.reshape((*found.shape[: found.dim() - dims], -1)).all(-1)

    return Constraint(
        f"IndependentConstraint({base}, {dims})",
        holds,
        event_dim=base.event_dim + dims,
        is_discrete=base.is_discrete,
    )
