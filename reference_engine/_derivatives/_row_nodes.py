"""The nodes of rows: what they save, and how it is shown to those who look at it.

They know their plan, which knows their row; how both are made is the table's business.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._graph import Edge, Gradient, Node
from reference_engine._saved import SavedTensor, unpack

if TYPE_CHECKING:
    from reference_engine._derivatives._compile import Plan
    from reference_engine._derivatives._table import Row


NOT_IMPLEMENTED = "torch::autograd::NotImplemented"
"""The name of nodes without a derivative, which know nothing of operands that are numbers."""

_OVER_DIMS = frozenset({"sum_dim", "mean_dim", "amax", "amin", "logsumexp", "var", "std"})
"""Rows whose `dim` PyTorch keeps as several, also where it is one."""


class RowNode(Node):
    """The node of a row: applies the row's formulas to what it saved.

    It is of this class until somebody looks at it, and then of one named as PyTorch names it: the
    interpreter reads attributes faster where all objects are of the same class.
    """

    __slots__ = ("plan", "saved", "versions")

    plan: "Plan"
    saved: tuple[Any, ...] | None
    versions: tuple[int | None, ...]

    __init__ = object.__init__  # written field by field, by its plan

    def shown(self) -> Self:
        if type(self) is RowNode:
            self.__class__ = self.row.node  # type: ignore[assignment]
        return self

    @property
    def row(self) -> "Row":
        """The operation's row."""
        return self.plan.row

    @property
    def several(self) -> bool:  # type: ignore[override]
        """Whether the operation has several outputs."""
        return self.row.outputs is not None

    def name(self) -> str:
        return self.row.node_name

    @property
    def next_functions(self) -> tuple[Edge, ...]:
        """As of any node; `edges` have only those that lead somewhere."""
        pairs = super().next_functions
        if self.row.is_variadic:
            return pairs
        found = iter(pairs)
        places = self.row.differentiable
        if self.row.node_name == NOT_IMPLEMENTED:
            places = tuple(place for place in places if self.plan.tensors >> place & 1)
        return tuple(
            next(found) if self.plan.required >> place & 1 else (None, 0) for place in places
        )

    def apply(self, received: Gradient, operations: Any) -> Sequence[Gradient]:
        plan = self.plan
        found: Sequence[Gradient]
        if operations.recorded:
            found = plan.on_tensors(self, received, operations.namespace)
        else:
            found = plan.on_arrays(self, received, operations.namespace)
        return found

    def release(self) -> None:
        if self.plan.frees:
            self.saved = None

    def _unpacked(self) -> dict[str, Any]:
        """What was saved, by name; raises where it was freed or changed."""
        if self.saved is None:
            raise RuntimeError(_errors.SECOND_BACKWARD)
        return {
            name: unpack(value, version, self)
            for name, value, version in zip(self.plan.names, self.saved, self.versions, strict=True)
        }

    def __dir__(self) -> list[str]:
        public = ["metadata", "name", "next_functions", "register_hook", "register_prehook",
                  "requires_grad"]  # fmt: skip
        saved = [name.replace("_shape", "_sym_sizes") for name in self.row.users]
        return public + [f"_saved_{name}" for name in saved]


def _saved_value(node: RowNode, name: str) -> Any:
    """What a node has saved, as PyTorch shows it: a number for the other operand is a tensor."""
    value = node._unpacked().get(name)
    if name == "indices":
        return getattr(value, "shown", value)
    if name == "dim" and isinstance(value, int) and node.row.name in _OVER_DIMS:
        return (value,)
    if name == "other" and isinstance(value, (int, float)):
        return _dispatch.wrap(np.asarray(value))
    return value


def _raw_saved_value(node: RowNode, name: str) -> SavedTensor | None:
    """What a node has saved, unread; None where it has not."""
    names = node.plan.names
    return SavedTensor(node, names.index(name)) if name in names else None


def class_of(row: "Row") -> type[RowNode]:
    """What the row's nodes show themselves as: `_saved_self` and the like give what is saved."""
    members: dict[str, Any] = {"__slots__": (), "__module__": "builtins"}
    for name in row.users:
        shown = name.replace("_shape", "_sym_sizes")
        members[f"_saved_{shown}"] = property(partial(_saved_value, name=name))
        members[f"_raw_saved_{shown}"] = property(partial(_raw_saved_value, name=name))
    return type(row.node_name.removeprefix("torch::autograd::"), (RowNode,), members)
