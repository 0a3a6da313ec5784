"""Turns rows into plain functions, so that no operation pays for interpreting its row.

A row says by names what its formulas need. From that, two functions are written as text and
compiled once, when first asked for: one that saves just those values, and one that calls the
formulas with them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from reference_engine import _dispatch, _saved

Source: TypeAlias = tuple[str, int]
"""Where a saved value comes from: its kind, and which one of that kind."""

Remember: TypeAlias = Callable[..., tuple[tuple[Any, ...], tuple[int | None, ...]]]
Edges: TypeAlias = Callable[[Sequence[Any]], tuple[Any, ...]]
Backward: TypeAlias = Callable[..., Sequence[Any]]

GIVEN = ("ops", "grad", "grads")
"""What every formula can name without anything being saved; with several results, `grad` is the
first one's gradient and `grads` are all."""

_VALUES = {
    "input": "inputs[{0}]",
    "option": "options[{0}]",
    "shape": "shape(inputs[{0}])",
    "shapes": "[one._array.shape for one in inputs]",
    "result": "Saved(results[{0}]._array, results[{0}]._counter, {0})",
    "nothing": "None",
}
_VERSIONS = {
    "input": "version(inputs[{0}])",
    "result": "results[{0}]._counter[0]",
}


def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's positional parameters."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def remember(name: str, plan: Sequence[Source]) -> Remember:
    """A function of (inputs, options, results): the values of a plan, and their versions.

    A version is None where there is nothing to free or to change.
    """
    values = "".join(_VALUES[kind].format(index) + ", " for kind, index in plan)
    versions = "".join(_VERSIONS.get(kind, "None").format(index) + ", " for kind, index in plan)
    text = f"def remember(inputs, options, results):\n    return ({values}), ({versions})\n"
    given = {"Saved": _saved.Saved, "shape": _dispatch.shape_of, "version": _saved.version_of}
    return _compiled("remember", text, f"saved by {name}", given)


def edges(name: str, mask: int, differentiable: Sequence[int], *, is_variadic: bool) -> Edges:
    """A function of the inputs: the edges to those at `differentiable`, of which `mask` requires.

    Of a list of inputs, each has its edge.
    """
    text = "".join(
        f"edge(inputs[{place}]), " if mask >> place & 1 else "NO_EDGE, " for place in differentiable
    )
    if is_variadic:
        text = "*map(edge, inputs),"
    given = {"edge": _dispatch.gradient_edge, "NO_EDGE": _dispatch.NO_EDGE}
    return _compiled(
        "edges", f"def edges(inputs):\n    return ({text})\n", f"edges of {name}", given
    )


def backward(
    name: str, formulas: Mapping[str, Callable[..., Any]], names: Sequence[str], *,
    is_variadic: bool, several: bool,
) -> Backward:  # fmt: skip
    """A function of (ops, grad, saved values, edges): the gradients of the inputs, in order.

    A formula is left out where its edge leads nowhere. `grad` is what arrived at the node.
    """
    lines = ["def backward(ops, received, values, edges):"]
    lines.append("    grads, grad = received, received[0]" if several else "    grad = received")
    if names:
        lines.append(f"    {', '.join(names)}, = values")
    calls = [
        f"formula_{argument}({', '.join(parameters_of(formula))})"
        for argument, formula in formulas.items()
    ]
    if is_variadic:
        lines.append(f"    return {calls[0]}")
    else:
        guarded = "".join(
            f"None if edges[{place}][0] is None else {call}, " for place, call in enumerate(calls)
        )
        lines.append(f"    return ({guarded})")
    given = {f"formula_{argument}": formula for argument, formula in formulas.items()}
    return _compiled("backward", "\n".join(lines) + "\n", f"backward of {name}", given)


def _compiled(name: str, text: str, title: str, given: Mapping[str, Any]) -> Callable[..., Any]:
    names = dict(given)
    exec(compile(text, f"<{title}>", "exec"), names)  # noqa: S102 - text of our own, from our rows
    made: Callable[..., Any] = names[name]
    return made
