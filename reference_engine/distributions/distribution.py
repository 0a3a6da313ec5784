"""What all distributions share: shapes, checks of parameters and values, and how they are shown."""

import copy
import warnings
from typing import Any, ClassVar, Self

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine._types import Size
from reference_engine.distributions.constraints import Constraint


class Distribution:
    """`batch_shape` independent distributions over events of `event_shape`.

    Subclasses keep their parameters under the names of `arg_constraints`, and give `log_prob`,
    `rsample` (or `sample`, where gradients cannot pass through) and the like.
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = __debug__
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Any = None

    def __init__(
        self, batch_shape: Any = (), event_shape: Any = (), validate_args: Any = None
    ) -> None:
        self._batch_shape = Size(batch_shape)
        self._event_shape = Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                if name in self.__dict__ or isinstance(vars(type(self)).get(name), property):
                    self._check_parameter(name, constraint)

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check their parameters and values."""
        Distribution._validate_args = value

    def _check_parameter(self, name: str, constraint: Constraint) -> None:
        value = getattr(self, name)
        valid = constraint.check(value)
        if not valid.all():
            raise ValueError(
                f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"of distribution {self!r} to satisfy the constraint {constraint!r}, but found "
                f"invalid values:\n{value}"
            )

    def _set(self, **given: Any) -> Size:
        """Keep parameters, broadcast to one shape; that shape, none for plain numbers."""
        self.__dict__.update(zip(given, broadcast_all(*given.values()), strict=True))
        if not any(isinstance(value, Tensor) for value in given.values()):
            return Size()
        return getattr(self, next(iter(given))).size()  # type: ignore[no-any-return]

    @property
    def batch_shape(self) -> Size:
        """The shape of the distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample of one distribution."""
        return self._event_shape

    @property
    def mean(self) -> Any:
        """The mean."""
        raise NotImplementedError

    @property
    def mode(self) -> Any:
        """The most likely value."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Any:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Any:
        """Values drawn, without a gradient: (sample_shape, batch_shape, event_shape)."""
        with torch.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Values drawn that gradients of the parameters pass through."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Any:
        """`sample((n,))`, as it was written once."""
        warnings.warn(
            "`sample_n(n)` will be deprecated. Use `sample((n,))` instead.",
            FutureWarning,
            stacklevel=2,
        )
        return self.sample((n,))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density or probability."""
        raise NotImplementedError

    def cdf(self, value: Any) -> Any:
        """The probability of a smaller value."""
        raise NotImplementedError

    def icdf(self, value: Any) -> Any:
        """The value that `cdf` gives this probability."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """The entropy, in nats."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values that there can be, along a new first dimension."""
        raise NotImplementedError

    def perplexity(self) -> Any:
        """The exponential of the entropy."""
        return torch.exp(self.entropy())

    def expand(self, batch_shape: Any) -> Self:
        """The same distributions, for a larger batch."""
        twin = copy.copy(self)
        for name, value in self.__dict__.items():
            if isinstance(value, Tensor):
                rest = value.shape[len(self._batch_shape) :]
                twin.__dict__[name] = value.expand((*batch_shape, *rest))  # type: ignore[attr-defined]
            elif isinstance(value, Distribution):
                twin.__dict__[name] = value.expand(batch_shape)
        twin._batch_shape = Size(batch_shape)
        return twin

    def _shape(self, sample_shape: Any = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _check(self, value: Any) -> None:
        """Refuse a value that the distributions cannot give."""
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")  # noqa: TRY004 - PyTorch's
        places = len(value.size()) - len(self._event_shape)
        if value.size()[places:] != self._event_shape:
            raise ValueError(
                "The right-most size of value must match event_shape: "
                f"{value.size()} vs {self._event_shape}."
            )
        expected = self._batch_shape + self._event_shape
        for found, wanted in zip(reversed(value.shape), reversed(expected), strict=False):
            if found != wanted and 1 not in (found, wanted):
                raise ValueError(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{value.shape} vs {expected}."
                )
        if self.support is not None and not self.support.check(value).all():
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"to be within the support ({self.support!r}) of the distribution {self!r}, but "
                f"found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        shown = []
        for name in self.arg_constraints:
            if name in self.__dict__:
                value = self.__dict__[name]
                shown.append(f"{name}: {value if value.numel() == 1 else value.size()}")
        return f"{type(self).__name__}({', '.join(shown)})"


def broadcast_all(*values: Any) -> Any:
    """Numbers and tensors as tensors of one shape, numbers in the dtype of the tensors."""
    if not all(isinstance(one, Tensor | int | float) for one in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
            "__torch_function__."
        )
    kinds = [one.dtype for one in values if isinstance(one, Tensor)]
    kind = kinds[0] if kinds else torch.get_default_dtype()
    return torch.broadcast_tensors(
        *(one if isinstance(one, Tensor) else torch.tensor(one, dtype=kind) for one in values)
    )


def sum_rightmost(value: Any, dims: int) -> Any:
    """The sums over the last `dims` dimensions."""
    return value.reshape((*value.shape[:-dims], -1)).sum(-1) if dims else value


def standard_normal(shape: Size, like: Any) -> Any:
    """Standard normal numbers of a tensor's dtype."""
    return torch.empty(shape, dtype=like.dtype).normal_()  # type: ignore[attr-defined]


def logits_of(probs: Any, *, binary: bool = False) -> Any:
    """The logarithms of probabilities, kept from 0 and 1; of their odds for `binary` ones."""
    least = torch.finfo(probs.dtype).eps
    kept = probs.clamp(min=least, max=1 - least)
    return kept.log() - (-kept).log1p() if binary else kept.log()
