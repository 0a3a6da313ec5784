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

from collections.abc import Callable
from functools import cached_property
from typing import Any

from reference_engine._derivatives import _compile
from reference_engine._derivatives._row_nodes import RowNode, class_of

Formula = Callable[..., Any]


class Table(dict[str, "Row"]):
    """Every row by its name; for one that is missing, families are loaded until it is there."""

    load_until: Callable[[str], None]

    def __missing__(self, name: str) -> "Row":
        self.load_until(name)
        if name not in self:
            raise KeyError(name)
        return self[name]


TABLE = Table()


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
        plain = forward
        while hasattr(plain, "__wrapped__"):
            plain = plain.__wrapped__
        self.defaults: tuple[Any, ...] = plain.__defaults__ or ()
        code = plain.__code__
        parameters = code.co_varnames[: code.co_argcount]
        self.inputs = parameters[: code.co_posonlyargcount]
        self.options = parameters[code.co_posonlyargcount :]
        self.is_variadic = self.inputs == ("tensors",)
        self.is_simple = len(self.inputs) == 1 and not (
            is_view or self.is_variadic or outputs is not None
        )
        self.plans = _compile.Plans(self)
        self.node_of_one: Callable[..., Any] | None = None  # kept by `dispatch_one`
        self.formulas: dict[str, Formula] = {}
        self.differentiable: tuple[int, ...] = ()
        self.gradient_mask = -1 if self.is_variadic else 0
        for position, one in enumerate(self.inputs):
            if one in gradients:
                self.formulas[one] = gradients[one]
                self.differentiable += (position,)
                self.gradient_mask |= 1 << position
        self.node_name = node

    @cached_property
    def node(self) -> type[RowNode]:
        """The class of the row's nodes, as somebody sees them who looks at one."""
        return class_of(self)

    @cached_property
    def users(self) -> dict[str, int]:
        """What the formulas name beside what they are given, and the inputs (bits) that need it."""
        found: dict[str, int] = {}
        for position, formula in zip(self.differentiable, self.formulas.values(), strict=True):
            for name in _compile.parameters_of(formula):
                if name not in _compile.GIVEN:
                    found[name] = found.get(name, 0) | 1 << position
        return found

    def plan(self, required: int, tensors: int) -> _compile.Plan:
        """How to record a call, given which inputs (bits) require grad and which are tensors."""
        return self.plans[-1 if self.is_variadic else required << 8 | tensors]

    def source(self, name: str) -> _compile.Source:
        """Where the value of a name that a formula mentions comes from."""
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
