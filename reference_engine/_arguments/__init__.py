"""What PyTorch says of arguments that fit none of a function's signatures.

Asked only once a call has failed: it does not know how to compute anything, and a call that
succeeds never comes here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reference_engine._arguments import texts
from reference_engine._arguments.signatures import (
    Parameter,
    Signature,
    is_int,
    signatures_of,
    type_name,
)

NUMPY_NAMES = {"dim": ("axis",), "keepdim": ("keepdims",), "input": ("x", "a", "x1"),
               "other": ("x2",)}  # fmt: skip
"""The other names by which an argument may be given."""


def refusal(
    name: str, arguments: Sequence[Any], named: Mapping[str, Any], *, is_method: bool
) -> TypeError | None:
    """PyTorch's error for a call, without the tensor of a method; None where it takes it."""
    signatures = signatures_of(name, is_method=is_method)
    if signatures is None:
        return None
    if is_method and not any(one.parameters for one in signatures):
        return texts.refused_all(name, arguments, named)
    found: list[str] = []
    for one in signatures:
        problem = mismatch(name, one, arguments, named)
        if problem is None:
            return _unpacking(name, one, arguments, named)
        found.append(problem)
    if len(signatures) == 1:
        return TypeError(found[0])
    count = len(arguments) + len(named)
    plausible = [
        place
        for place, one in enumerate(signatures)
        if one.required <= count <= len(one.parameters) and not one.deprecated
    ]
    if len(plausible) == 1:
        return TypeError(found[plausible[0]])
    return TypeError(texts.no_combination(name, signatures, arguments, named))


_MISSING = object()


def refusal_in_order(
    name: str, inputs: Sequence[Any], options: dict[str, Any], *, is_method: bool
) -> TypeError | None:
    """`refusal` of a call whose options have lost whether they were given by name."""
    signatures = signatures_of(name, is_method=is_method) or ()
    if not signatures:
        return None
    arguments = list(inputs)
    for one in signatures[0].parameters[len(inputs) :]:
        if one.keyword_only or one.name not in options:
            break
        arguments.append(options.pop(one.name))
    known = {one.name for signature in signatures for one in signature.parameters}
    named = {key: value for key, value in options.items() if key in known}
    return refusal(name, arguments, named, is_method=is_method)


def mismatch(
    name: str, signature: Signature, arguments: Sequence[Any], named: Mapping[str, Any]
) -> str | None:
    """Why a call does not fit a signature, in PyTorch's words; None where it does."""
    count, remaining = len(arguments), len(named)
    if count > signature.positional and not signature.takes_sizes:
        return texts.too_many(name, signature, count)
    place = 0
    for number, parameter in enumerate(signature.parameters):
        by_name = place >= count
        if not by_name and parameter.keyword_only:
            return texts.too_many(name, signature, count)
        value = _given(parameter, named) if by_name else arguments[place]
        if value is _MISSING:
            if parameter.default is None:
                return texts.missing(name, signature.parameters[number:])
            continue
        if not (value is None and parameter.takes_none) and not parameter.fits(name, value):
            if signature.takes_sizes and place == 0 and not by_name and is_int(arguments[0]):
                place = count
                continue
            return texts.type_text(name, parameter, value, None if by_name else place + 1)
        place += not by_name
        remaining -= by_name
    return texts.unexpected(name, signature, count, named) if remaining else None


def _given(parameter: Parameter, named: Mapping[str, Any]) -> Any:
    for name in (parameter.name, *NUMPY_NAMES.get(parameter.name, ())):
        if name in named:
            return named[name]
    return _MISSING


def _unpacking(
    name: str, signature: Signature, arguments: Sequence[Any], named: Mapping[str, Any]
) -> TypeError | None:
    """The error for a list of integers in which something else follows the first."""
    for place, parameter in enumerate(signature.parameters):
        if parameter.kind != "ints":
            continue
        value = arguments[place] if place < len(arguments) else _given(parameter, named)
        if signature.takes_sizes and place == 0 and arguments and is_int(value):
            value = arguments
        for number, one in enumerate(value if isinstance(value, (tuple, list)) else (), 1):
            if not is_int(one):
                return TypeError(
                    f"{name}(): argument '{parameter.name}' failed to unpack the object at pos "
                    f'{number} with error "type must be tuple of ints,but got {type_name(one)}"'
                )
    return None
