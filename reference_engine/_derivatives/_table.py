"""What a row of the table of derivatives is.

A row has PyTorch's name of the operation, its forward on ndarrays, and one formula for each
differentiable input: a lambda whose parameters name what it needs. They can name

    grad                    the gradient of the result (`grads`: of each of several results)
    self, other, ...        an input, by the forward's own name for it
    result, result1, ...    the results
    dim, keepdim, ...       an option, by the forward's own name for it
    self_shape, ...         an input's shape (`shapes`: of every input); saves no tensor
    ops                     the operations to compute with, by the rows' names

and whatever they name, and nothing else, is saved. Formulas run on ndarrays in an ordinary
backward pass and on recorded tensors under `create_graph=True`; they give a gradient that may
still have the broadcast shape: un-broadcasting, dtype and requires_grad are not the row's business.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from reference_engine import _errors
from reference_engine._derivatives import _compile
from reference_engine._graph import Gradient, Node
from reference_engine._saved import NUMBER, PACKED, unpack

Formula = Callable[..., Any]

TABLE: dict[str, "Row"] = {}
"""Every row by its name."""


class RowNode(Node):
    """The node of a row: applies the row's formulas to what it saved."""

    __slots__ = ("saved", "versions")

    row: ClassVar["Row"]

    saved: tuple[Any, ...] | None
    versions: tuple[int | None, ...]

    def name(self) -> str:
        return self.row.node_name

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        values = operations.unpack(self)
        found: Sequence[Gradient] = self.row.backward(
            operations.namespace, received, values, self.next_functions
        )
        return found

    def release(self) -> None:
        for version in self.versions:
            if version is not None:
                self.saved = None
                return

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_saved_"):
            names = self.row.names
            wanted = name.removeprefix("_saved_")
            if wanted in names:
                return unpack_saved(self)[names.index(wanted)]
        raise AttributeError(f"'{self.name()}' object has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        public = ["metadata", "name", "next_functions", "register_hook", "register_prehook",
                  "requires_grad"]  # fmt: skip
        return public + [f"_saved_{name}" for name in self.row.names]


class Row:
    """One operation: see the module's text for what its parts mean.

    `inputs` and `options` are the forward's parameters before and after its slash; a single input
    named `tensors` is a list of them. `outputs` names the results where there are several, and is
    empty where their number depends on the input.
    """

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        *,
        node: str,
        promote: Callable[[list[Any]], None] | None,
        is_view: bool,
        outputs: tuple[str, ...] | None,
        gradients: dict[str, Formula],
    ) -> None:
        self.name = name
        self.forward = forward
        self.promote = promote
        self.is_view = is_view
        self.outputs = outputs
        plain = inspect.unwrap(forward)
        self.defaults: tuple[Any, ...] = plain.__defaults__ or ()
        code = plain.__code__
        parameters = code.co_varnames[: code.co_argcount]
        self.inputs = parameters[: code.co_posonlyargcount]
        self.options = parameters[code.co_posonlyargcount :]
        self.is_variadic = self.inputs == ("tensors",)
        self.formulas = {one: gradients[one] for one in self.inputs if one in gradients}
        self.names = self._named()
        self._users = self._who_needs(gradients)
        self._memories: dict[int, _compile.Remember] = {}
        self._edges: dict[int, _compile.Edges] = {}
        self.differentiable = tuple(
            position for position, name in enumerate(self.inputs) if name in gradients
        )
        self.gradient_mask = (
            -1 if self.is_variadic else sum(1 << position for position in self.differentiable)
        )
        members = {
            "__slots__": (),
            "__module__": "builtins",
            "row": self,
            "several": outputs is not None,
        }
        self.node_name = node
        self.node: type[Any] = type(node.removeprefix("torch::autograd::"), (RowNode,), members)

    @cached_property
    def backward(self) -> _compile.Backward:
        """The gradients of the inputs, from (ops, grad, saved values, edges)."""
        return _compile.backward(
            self.name,
            self.formulas,
            self.names,
            is_variadic=self.is_variadic,
            several=self.outputs is not None,
        )

    def _named(self) -> tuple[str, ...]:
        """What the formulas name beside what they are given, in order of appearance."""
        names: dict[str, None] = {}
        for formula in self.formulas.values():
            names.update(dict.fromkeys(_compile.parameters_of(formula)))
        return tuple(name for name in names if name not in _compile.GIVEN)

    def _who_needs(self, gradients: dict[str, Formula]) -> list[int]:
        """For each name, the inputs (as bits) whose formulas mention it."""
        return [
            sum(
                1 << position
                for position, argument in enumerate(self.inputs)
                if argument in gradients and name in _compile.parameters_of(gradients[argument])
            )
            for name in self.names
        ]

    def plan(self, mask: int) -> list[_compile.Source]:
        """Where each name's value comes from, given which inputs (bits) require grad."""
        return [
            self._source(name) if self.is_variadic or users & mask else ("nothing", 0)
            for name, users in zip(self.names, self._users, strict=True)
        ]

    def remember(self, mask: int) -> _compile.Remember:
        """What takes the values to save, and their versions, from (inputs, options, results)."""
        found = self._memories.get(mask)
        if found is None:
            found = self._memories[mask] = _compile.remember(self.name, self.plan(mask))
        return found

    def edges(self, mask: int) -> _compile.Edges:
        """What makes the edges to the inputs that have formulas, from all inputs."""
        found = self._edges.get(mask)
        if found is None:
            found = self._edges[mask] = _compile.edges(
                self.name, mask, self.differentiable, is_variadic=self.is_variadic
            )
        return found

    def _source(self, name: str) -> _compile.Source:
        if name in self.options:
            return "option", self.options.index(name)
        if name == "shapes":
            return "shapes", 0
        if name.endswith("_shape"):
            return "shape", self.inputs.index(name.removesuffix("_shape"))
        if name in self.inputs:
            return "input", self.inputs.index(name)
        return "result", self._output_number(name)

    def _output_number(self, name: str) -> int:
        if self.outputs and name in self.outputs:
            return self.outputs.index(name)
        if name.startswith("result"):
            return int(name.removeprefix("result") or 0)
        raise TypeError(f"{self.name}: a formula names {name!r}, which the row does not have")


def unpack_saved(node: RowNode) -> list[Any]:
    """The saved values as tensors, numbers and options; raises where they were freed or changed."""
    if node.saved is None:
        raise RuntimeError(_errors.SECOND_BACKWARD)
    return [
        unpack(value, version, node)
        for value, version in zip(node.saved, node.versions, strict=True)
    ]


def unpack_saved_arrays(node: RowNode) -> list[Any]:
    """The same as ndarrays: what an ordinary backward pass computes with."""
    if node.saved is None:
        raise RuntimeError(_errors.SECOND_BACKWARD)
    values: list[Any] = []
    for value, version in zip(node.saved, node.versions):  # noqa: B905 - made together
        if version is None or version == NUMBER:
            values.append(value)
        elif version != PACKED and value._counter[0] == version:
            values.append(value._array)
        else:
            values.append(unpack(value, version, node)._array)
    return values


def camel(name: str) -> str:
    """PyTorch's name of a node without its ending: "log_softmax" is "LogSoftmax"."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def row(
    name: str,
    forward: Callable[..., Any],
    *,
    node: str | None = None,
    promote: Callable[[list[Any]], None] | None = None,
    is_view: bool = False,
    outputs: tuple[str, ...] | None = None,
    **gradients: Formula,
) -> Row:
    """Add a row to the table. `node` is the node's name where it is not <Name>Backward0."""
    made = Row(
        name,
        forward,
        node=node or f"{camel(name)}Backward0",
        promote=promote,
        is_view=is_view,
        outputs=outputs,
        gradients=gradients,
    )
    TABLE[name] = made
    return made
