"""What distributions share that are one shape, moved by `loc` and stretched by `scale`."""

from typing import Any, ClassVar

from reference_engine.distributions import constraints
from reference_engine.distributions.distribution import Distribution


class LocationScale(Distribution):
    """A distribution over all numbers with its peak at `loc`."""

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    loc: Any
    scale: Any

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(self._set(loc=loc, scale=scale), validate_args=validate_args)

    @property
    def mode(self) -> Any:
        return self.loc
