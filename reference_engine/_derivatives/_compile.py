"""Turns rows into plain functions, so that no operation pays for interpreting its row.

A row says by names what its formulas need; which of it is saved depends on which inputs are
tensors and which require grad. For each such case two functions are written as text and compiled
once, when first asked for: one that makes the node, with just the values needed, and one that
takes them out again and calls the formulas.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeAlias

from reference_engine import _dispatch, _errors, _graph, _saved
from reference_engine._derivatives._row_nodes import RowNode

if TYPE_CHECKING:
    from reference_engine._derivatives._table import Row

Source: TypeAlias = tuple[str, int]
"""Where a saved value comes from: its kind, and which one of that kind."""

GIVEN = ("ops", "grad", "grads")
"""What every formula can name without anything being saved; with several results, `grad` is the
first one's gradient and `grads` are all."""

_VALUES = {
    "input": "input{0}",
    "number": "input{0}",
    "option": "options[{0}]",
    "shape": "input{0}._array.shape",
    "number_shape": "shape(input{0})",
    "shapes": "[one._array.shape for one in inputs]",
    "result": "Saved(results[{0}]._array, results[{0}]._counter, {0})",
}
_VERSIONS = {
    "input": "input{0}._counter[0]",
    "result": "results[{0}]._counter[0]",
}
_OF_NUMBERS = {"input": "number", "shape": "number_shape"}
"""The kinds of a number that stands in a tensor's place."""
_FREED = {"input", "number", "result"}
"""What a backward pass frees: tensors, and the numbers that stand in their place."""
_PASSES_ON = (lambda grad: grad).__code__.co_code
"""Of a formula that gives back the gradient of the result."""
_INDICES = "indices"
"""The option that holds tensors too."""


def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's positional parameters."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


class Plan:
    """How one case of a row is recorded and differentiated.

    `required` and `tensors` have a bit for each input that requires grad, and that is a tensor.
    `names` are those that have something saved, `frees` whether a backward pass frees any of it.
    `node` makes the node from (options, results, dtype, *inputs); `on_arrays` gives the gradients
    of the inputs, in order, from (node, what arrived, operations), `on_tensors` the same on
    recorded tensors, for `create_graph`. These two replace themselves when they are first called.
    """

    def __init__(self, row: "Row", required: int, tensors: int) -> None:
        self.row = row
        self.required = required
        self.tensors = tensors
        sources = {name: self._source(name, users, tensors) for name, users in row.users.items()}
        self._sources = {name: source for name, source in sources.items() if source is not None}
        self.names = tuple(self._sources)
        self.frees = any(
            kind in _FREED or name == _INDICES for name, (kind, _) in self._sources.items()
        )
        self.node = self._node()
        self.on_arrays: Callable[..., Any] = self._compile_on_arrays
        self.on_tensors: Callable[..., Any] = self._compile_on_tensors

    def _source(self, name: str, users: int, tensors: int) -> Source | None:
        """Where a name's value comes from; None where no formula that is due mentions it."""
        row = self.row
        if not (row.is_variadic or users & self.required):
            return None
        kind, place = row.source(name)
        if kind in _OF_NUMBERS and not (row.is_variadic or tensors >> place & 1):
            kind = _OF_NUMBERS[kind]
        return kind, place

    def saves(self, name: str) -> bool:
        """Whether the value of an input, option or result is kept for the backward pass."""
        return name in self._sources

    def _node(self) -> Callable[..., Any]:
        """What makes the node from (options, results, dtype, *inputs).

        A single result stands for itself, and only its dtype is given, which the caller knows.
        The node is written field by field: a constructor would cost as much as all that it does.
        Values of PyTorch's kind "saved tensors" have a version beside them, others None.
        """
        row = self.row
        one = row.outputs is None
        sources = [(kind, place) for kind, place in self._sources.values()]
        values = "".join(_VALUES[kind].format(place) + ", " for kind, place in sources)
        versions = "".join(
            _VERSIONS.get(kind, "None").format(place) + ", " for kind, place in sources
        )
        if one:
            values = values.replace("results[0]", "results")
            versions = versions.replace("results[0]", "results")
        if row.is_variadic:
            lines = ["def node(options, results, dtype, *inputs):"]
            if any(kind == "input" for kind, _ in sources):
                lines.append("    input0 = inputs[0]")
        else:
            inputs = "".join(f", input{place}" for place in range(len(row.inputs)))
            lines = [f"def node(options, results, dtype{inputs}):"]
        find_nodes, edges = self._edges()
        lines += [
            *find_nodes,
            "    made = Node()",
            "    made.plan = plan",
            f"    made.edges = {edges}",
        ]
        if one:
            lines += ["    made.shape = results._array.shape", "    made.dtype = dtype"]
        else:
            lines += [
                "    made.shape = tuple([one._array.shape for one in results])",
                "    made.dtype = tuple([one._array.dtype for one in results])",
            ]
        lines += [
            "    made.sequence = next(sequence)",
            "    made.hooks = None",
            f"    made.saved = ({values})",
            f"    made.versions = ({versions})",
            "    return made",
        ]
        return _compiled(
            "node",
            lines,
            {
                "plan": self,
                "Node": RowNode,
                "sequence": _graph.sequence,
                "edge": _dispatch.gradient_edge,
                "accumulator": _dispatch.accumulator,
                "chain": chain,
                "Saved": _saved.Saved,
                "shape": _dispatch.shape_of,
            },
        )

    def _edges(self) -> tuple[list[str], str]:
        """Statements that find the nodes of the inputs, and the tuple of edges made of them."""
        if self.row.is_variadic:
            return [], "tuple(chain.from_iterable(map(edge, inputs)))"
        lines = []
        pairs = []
        for place in self.row.differentiable:
            if not self.required >> place & 1:
                continue
            lines += [
                f"    node{place} = input{place}._grad_fn",
                f"    output{place} = input{place}._output_nr",
                f"    if input{place}._view is not None:",
                f"        node{place}, output{place} = edge(input{place})",
                f"    elif node{place} is None:",
                f"        node{place} = accumulator(input{place})",
            ]
            pairs.append(f"node{place}, output{place}, ")
        return lines, f"({''.join(pairs)})"

    def _compile_on_arrays(self, *arguments: Any) -> Any:
        self.on_arrays = self._backward(
            "{value}._array if {value}._counter[0] == {version} else {unpacked}._array"
        )
        return self.on_arrays(*arguments)

    def _compile_on_tensors(self, *arguments: Any) -> Any:
        from reference_engine._derivatives.recorded import AS_RECORDED

        self.on_tensors = self._backward("{unpacked}", AS_RECORDED.get(self.row.name, {}))
        return self.on_tensors(*arguments)

    def _backward(
        self, access: str, instead: dict[str, Callable[..., Any]] | None = None
    ) -> Callable[..., Any]:
        """The function that takes out what is saved and calls the formulas.

        It calls everything by number, so that rows which save alike share their code.
        """
        row = self.row
        formulas = row.formulas | (instead or {})
        values = {name: f"value{number}" for number, name in enumerate(self.names)}
        versions = {
            name: f"version{number}" if kind in _VERSIONS else "_"
            for number, (name, (kind, _)) in enumerate(self._sources.items())
        }
        lines = ["def backward(node, received, ops):"]
        lines.append(
            "    grads, grad = received, received[0]"
            if row.outputs is not None
            else "    grad = received"
        )
        if self.names:
            lines.append("    saved = node.saved")
            if self.frees:
                lines += ["    if saved is None:", "        raise RuntimeError(SECOND_BACKWARD)"]
            lines.append(f"    {', '.join(values.values())}, = saved")
        if any(version != "_" for version in versions.values()):
            lines.append(f"    {', '.join(versions.values())}, = node.versions")
        for name, value in values.items():
            version = versions[name]
            if version != "_":
                unpacked = f"unpack({value}, {version}, node)"
                found = access.format(value=value, version=version, unpacked=unpacked)
                lines.append(f"    {value} = {found}")
        calls = []
        for place, formula in zip(row.differentiable, formulas.values(), strict=True):
            if row.is_variadic or self.required >> place & 1:
                given = parameters_of(formula)
                if given[:1] == ("grad",) and formula.__code__.co_code == _PASSES_ON:
                    calls.append("grad")
                else:
                    named = (values.get(one, one) for one in given)
                    calls.append(f"formula{place}({', '.join(named)})")
        lines.append(
            f"    return {calls[0]}" if row.is_variadic else f"    return ({', '.join(calls)},)"
        )
        numbered = {
            f"formula{place}": formula
            for place, formula in zip(row.differentiable, formulas.values(), strict=True)
        }
        return _compiled(
            "backward",
            lines,
            numbered | {"unpack": _saved.unpack, "SECOND_BACKWARD": _errors.SECOND_BACKWARD},
        )


class Plans(dict[int, Plan]):
    """A row's plans by their case, each made when it first occurs.

    A case is `required << 8 | tensors`, and -1 for all calls of a row that takes a list.
    """

    def __init__(self, row: "Row") -> None:
        super().__init__()
        self._row = row

    def __missing__(self, case: int) -> Plan:
        plan = self[case] = Plan(self._row, case >> 8, case & 255)
        return plan


def _compiled(name: str, lines: Sequence[str], given: Mapping[str, Any]) -> Callable[..., Any]:
    names = dict(given)
    exec(_code_of("\n".join(lines)), names)  # noqa: S102 - text of our own, from our rows
    made: Callable[..., Any] = names[name]
    return made


@cache
def _code_of(text: str) -> CodeType:
    return compile(text, "<operation>", "exec")
