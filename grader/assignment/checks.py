"""Checks what an assignment file passes: each mistake is told with its line and what is expected.

It knows what each argument may be, and nothing of how an assignment is graded.
"""

import math
from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import Any, get_args

from grader.assignment.inputs import SIZES, InputSpec, dimension_names, fit_example, mistake
from grader.assignment.items import Comparable, Solution, check_parameters
from grader.messages import LANGUAGES

ALWAYS_COMPARED: tuple[Comparable, ...] = ("value", "shape")


def assignment_id(found: Any) -> str:
    """A name, in which hyphens may stand."""
    if not isinstance(found, str) or not found.replace("-", "_").isidentifier():
        raise mistake(f"the assignment's id {found!r} is no name; use letters, digits and _")
    return found


def item_id(found: Any) -> None:
    """A name that a student can assign to."""
    if not isinstance(found, str) or not found.isidentifier() or iskeyword(found):
        raise mistake(f"{found!r} is no Python name; students assign to it: use letters and _")


def titles(found: Any) -> dict[str, str]:
    """A title by language; one string is the English title."""
    named = {"en": found} if isinstance(found, str) else found
    if not isinstance(named, Mapping) or not all(named.values()) or not named:
        raise mistake(f'title={found!r}: write title="..." or title={{"en": "...", "pt": "..."}}')
    unknown = [one for one in named if one not in LANGUAGES]
    if unknown:
        raise mistake(f"title names the language {unknown[0]!r}; write {_listed(LANGUAGES)}")
    return dict(named)


def part(name: str, found: Any) -> float:
    """A number from 0 to 1."""
    if not _is_number(found) or not 0 <= found <= 1:
        raise mistake(f"{name}={found!r}: write a part of the points, from 0 to 1")
    return float(found)


def points(found: Any) -> float:
    """A number above 0."""
    if not _is_number(found) or not found > 0:
        raise mistake(f"points={found!r}: points must be a number above 0")
    return float(found)


def cases(found: Any) -> None:
    """A whole number from 1 on."""
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise mistake(f"cases={found!r}: at least one case is needed, five are usual")


def inputs(found: Any, *, name: str = "inputs") -> None:
    """Specs by the names of parameters."""
    if not isinstance(found, Mapping):
        raise mistake(f'{name}={found!r}: write {name}={{"x": array("n")}}, a spec for each name')
    for one, spec in found.items():
        if not isinstance(spec, InputSpec):
            raise mistake(
                f"the input {one!r} is {spec!r}; describe it by array(...), tensor(...), "
                "integer(...), real(...), one_of(...), labels(...) or source(...)"
            )
    names = dimension_names(found.values())
    if len(names) > len(SIZES):
        raise mistake(
            f"{len(names)} named dimensions are too many; there are {len(SIZES)} sizes, so make "
            "some of them numbers"
        )


def tolerances(rtol: Any, atol: Any) -> None:
    """Numbers from 0 on, or None."""
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value is not None and not (_is_number(value) and value >= 0):
            raise mistake(f"{name}={value!r}: a tolerance is a number from 0 on")


def texts(name: str, found: Any) -> dict[str, str]:
    """Texts by name; none where it is None."""
    known = {} if found is None else found
    if not isinstance(known, Mapping) or not all(isinstance(one, str) for one in known.values()):
        raise mistake(f'{name}={found!r}: write {name}={{"...": "..."}}, a text for each name')
    return dict(known)


def weights(found: Any) -> dict[str, float]:
    """Numbers above 0 by output; none where it is None."""
    known = {} if found is None else found
    if not isinstance(known, Mapping):
        raise mistake(f'weights={found!r}: write weights={{"dw": 2}}, numbers by output')
    for name, weight in known.items():
        if not _is_number(weight) or not weight > 0:
            raise mistake(
                f"the weight of {name} is {weight!r}; write a number above 0, or leave weights out "
                "for equal shares"
            )
    return dict(known)


def comparables(found: Any) -> tuple[Comparable, ...]:
    """What counts of an answer: always value and shape."""
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise mistake(f'compare={found!r}: write a list, compare=["value", "shape", "dtype"]')
    words: tuple[Comparable, ...] = tuple(found)
    for word in words:
        one_of("compare", word, get_args(Comparable))
    if not set(ALWAYS_COMPARED) <= set(words):
        raise mistake('compare must hold "value" and "shape"; add to them what else counts')
    return words


def solutions(found: Any, names: tuple[str, ...]) -> tuple[Solution, ...]:
    """Functions that take the inputs."""
    if not isinstance(found, Sequence):
        raise mistake(f"accept={found!r}: write a list of functions, accept=[other_solution]")
    for one in found:
        if not callable(one):
            raise mistake(f"accept holds {one!r}; write functions that take {_listed(names)}")
        check_parameters(one, names, whose="a solution in accept")
    return tuple(found)


def examples(found: Any, specs: Mapping[str, InputSpec]) -> tuple[Mapping[str, Any], ...]:
    """Values for each input, in the types that are drawn."""
    if isinstance(found, str | Mapping) or not isinstance(found, Sequence):
        raise mistake(f'examples={found!r}: write a list of dicts, examples=[{{"x": [1.0, 2.0]}}]')
    return tuple(_example(one, specs) for one in found)


def _example(example: Any, specs: Mapping[str, InputSpec]) -> Mapping[str, Any]:
    if not isinstance(example, Mapping) or set(example) != set(specs):
        given = ", ".join(map(str, example)) if isinstance(example, Mapping) else repr(example)
        raise mistake(f"an example gives ({given}); give a value for each of ({', '.join(specs)})")
    try:
        return fit_example(specs, example)
    except (TypeError, ValueError) as error:
        raise mistake(
            f"an example does not fit its inputs: {error}; write values of the kind and shape that "
            "the spec draws"
        ) from None


def options(identifier: Any, found: Any, answer: Any) -> tuple[str, ...]:
    """Two or more different strings, the answer among them."""
    if isinstance(found, str) or not all(isinstance(one, str) for one in found):
        raise mistake(f'{identifier}: options={found!r}; write strings, options=["yes", "no"]')
    plain = [one.strip().casefold() for one in found]
    if len(plain) < 2 or len(set(plain)) != len(plain):
        raise mistake(f"{identifier}: options must be two or more different strings")
    if not isinstance(answer, str) or answer.strip().casefold() not in plain:
        raise mistake(
            f"{identifier}: the answer {answer!r} is not among the options {_listed(found)}"
        )
    return tuple(found)


def one_of(name: str, found: Any, allowed: tuple[Any, ...]) -> Any:
    """One of the values that are allowed."""
    if not any(found is one or found == one for one in allowed):
        raise mistake(f"{name}={found!r} is not one of {', '.join(map(str, allowed))}")
    return found


def ids(name: str, found: Any) -> tuple[str, ...]:
    """A list of ids."""
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise mistake(f'{name}={found!r}: write a list of ids, {name}=["..."]')
    return tuple(found)


def _is_number(found: Any) -> bool:
    is_real = isinstance(found, int | float) and not isinstance(found, bool)
    return is_real and math.isfinite(found)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(map(repr, words))
