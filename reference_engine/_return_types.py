"""The named tuples that functions with several results return."""

from collections import namedtuple
from typing import Any


def return_type(name: str, *fields: str) -> type[Any]:
    """A named tuple that prints as PyTorch's result of the function `name` does."""

    def text_of(self: Any) -> str:
        parts = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{parts})"

    base = namedtuple(name, fields)  # type: ignore[misc] # noqa: PYI024 - its fields are given
    return type(name, (base,), {"__slots__": (), "__repr__": text_of})
