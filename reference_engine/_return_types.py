"""The named tuples that functions with several results return."""

from operator import itemgetter
from typing import Any, Self


class ReturnType(tuple[Any, ...]):
    """Results by position and by name; prints as PyTorch's result of the function does.

    Lighter to make than a namedtuple: there are many, and the import waits for all of them.
    """

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()

    def __new__(cls, *values: Any) -> Self:
        return tuple.__new__(cls, values)

    def __repr__(self) -> str:
        pairs = zip(self.__match_args__, self, strict=True)
        parts = ",\n".join(f"{field}={value!r}" for field, value in pairs)
        return f"{type(self).__module__}.{type(self).__name__}(\n{parts})"

    def __reduce__(self) -> Any:
        return tuple, (tuple(self),)


def return_type(name: str, *fields: str) -> type[Any]:
    """What the function `name` returns, with the names of its results."""
    members: dict[str, Any] = {
        field: property(itemgetter(place)) for place, field in enumerate(fields)
    }
    plain = {"__slots__": (), "__module__": "torch.return_types", "__match_args__": fields}
    return type(name, (ReturnType,), members | plain)
