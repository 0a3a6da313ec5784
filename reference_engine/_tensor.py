"""The Tensor: an ndarray with a version, a gradient and a place in the graph.

What can be computed with tensors is bound from the table of derivatives; here is only what a
tensor is. How it meets Python's numbers, copies and NumPy's functions: `_conversions`.
"""

import warnings
import weakref
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, Self

import numpy as np

from reference_engine import _dispatch, _errors, _printing, _views
from reference_engine._graph import AccumulateGrad, Node, NodeHooks, RemovableHandle, hooks_of
from reference_engine._modes import state
from reference_engine._types import Defaults, Size, cpu, device, dtype, of_numpy


class Tensor:
    """An n-dimensional array that autograd can follow; made by `tensor`, `zeros`, operations.

    `Tensor(data)` and `Tensor(*sizes)` are PyTorch's old constructors: default floating dtype.
    """

    __module__ = "torch"
    __slots__ = (
        "__dict__",
        "__weakref__",
        "_accumulator",
        "_array",
        "_counter",
        "_grad",
        "_grad_fn",
        "_hooks",
        "_output_nr",
        "_requires_grad",
        "_view",
    )

    __array_priority__ = 1000  # NumPy leaves mixed operators to the tensor's reflected ones

    _array: np.ndarray[Any, Any]
    _counter: list[int]  # the version, shared by all views of one storage
    _requires_grad: bool
    _grad_fn: Node | None
    _output_nr: int
    _grad: "Tensor | None"
    _view: _views.View | None
    _accumulator: "weakref.ref[AccumulateGrad] | None"
    _hooks: NodeHooks | None  # a leaf's; other tensors' hooks live on their node

    @classmethod
    def __new_empty__(cls) -> Self:
        """A tensor without its array yet: what operations fill in."""
        made = object.__new__(cls)
        made._counter = [0]
        made._requires_grad = False
        made._grad_fn = None
        made._output_nr = 0
        made._grad = None
        made._view = None
        made._accumulator = None
        made._hooks = None
        return made

    def __new__(cls, *arguments: Any, device: Any = None, **named: Any) -> Self:
        from reference_engine._constructors import array_for

        if named and cls is Tensor:
            kinds = ", ".join(
                [type(one).__name__ for one in arguments]
                + [f"{name}={type(one).__name__}" for name, one in named.items()]
            )
            raise TypeError(_errors.NEW_ARGUMENTS.format(kinds=kinds, names=", ".join(named)))
        made = cls.__new_empty__()
        if len(arguments) == 1 and isinstance(arguments[0], Tensor):
            made._array = _dispatch.storage(arguments[0])
            made._counter = arguments[0]._counter
        else:
            made._array = array_for(Defaults.dtype, arguments)
        return made

    # -- what a tensor is -------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes, as a torch.Size."""
        return Size(self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    @property
    def dtype(self) -> dtype:
        """The element type."""
        return of_numpy(self._array.dtype)

    @property
    def device(self) -> device:
        """Always the CPU."""
        return cpu

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False

    @property
    def _version(self) -> int:
        if self._counter is _dispatch.UNTRACKED:
            raise RuntimeError(_errors.INFERENCE_VERSION)
        return self._counter[0]

    def is_inference(self) -> bool:
        """Whether the tensor was made in inference mode, and is shut out of autograd."""
        return self._counter is _dispatch.UNTRACKED

    @property
    def _base(self) -> "Tensor | None":
        return None if self._view is None else self._view.base

    def _is_view(self) -> bool:
        return self._view is not None

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        if dim is None:
            return self.shape
        try:
            return self._array.shape[dim]
        except IndexError:
            span = max(self._array.ndim, 1)
            raise IndexError(_errors.DIM_RANGE.format(low=-span, high=span - 1, dim=dim)) from None

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """Bytes of an element."""
        return self._array.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Steps between neighbours along each dimension, in elements."""
        if not self._array.size:  # NumPy's are all 0
            sizes = [max(size, 1) for size in self._array.shape]
            strides = tuple(prod(sizes[place + 1 :]) for place in range(len(sizes)))
        else:
            strides = tuple(step // self._array.itemsize for step in self._array.strides)
        if dim is None:
            return strides
        self.size(dim)  # its error, where there is no such dimension
        return strides[dim]

    def is_floating_point(self) -> bool:
        """Whether the dtype is float16, float32 or float64."""
        return bool(self._array.dtype.kind == "f")

    # -- gradient state ---------------------------------------------------------------------------

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by the user rather than by a recorded operation."""
        return self.grad_fn is None

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise RuntimeError(_errors.REQUIRES_GRAD_BOOL)  # noqa: TRY004 - PyTorch's own type
        if self._grad_fn is not None:
            raise RuntimeError(
                _errors.REQUIRES_GRAD_NON_LEAF if value else _errors.REQUIRES_GRAD_OFF_NON_LEAF
            )
        if value and self._array.dtype.kind != "f":
            raise RuntimeError(_errors.REQUIRES_GRAD_SETTER_DTYPE)
        if value and self.is_inference() and not state.inference:
            raise RuntimeError(_errors.INFERENCE_REQUIRES_GRAD)
        view = self._view
        if view is not None:
            view.is_leaf = value
        if value:
            _views.require_grad(self)
        else:
            self._requires_grad = view is not None and view.base._requires_grad

    def requires_grad_(self, requires_grad: Any = True) -> Self:
        """Set `requires_grad` of a leaf, in place."""
        if self._grad_fn is not None and not requires_grad:
            raise RuntimeError(_errors.REQUIRES_GRAD_OFF_NON_LEAF)
        if not isinstance(requires_grad, bool):
            kind = type(requires_grad).__name__
            raise TypeError(_errors.REQUIRES_GRAD_ARGUMENT.format(type=kind))
        if requires_grad and self._array.dtype.kind != "f":
            raise RuntimeError(_errors.REQUIRES_GRAD_METHOD_DTYPE)
        if self._grad_fn is None:
            self.requires_grad = requires_grad
        return self

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that made this tensor; None for a leaf."""
        view = self._view
        if view is not None and view.base._requires_grad and view.version != self._counter[0]:
            _views.refresh(self)
        node = self._grad_fn
        return None if node is None else node.shown()

    @property
    def output_nr(self) -> int:
        """Which output of `grad_fn` this tensor is."""
        return self._output_nr

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this tensor, which is no leaf."""
        node = self._grad_fn
        if node is None or node.hooks is None:
            return False
        reference = node.hooks.retained.get(self._output_nr)
        return reference is not None and reference() is self

    @property
    def grad(self) -> "Tensor | None":
        """The gradient accumulated so far, or None."""
        if _dispatch.observer is not None:
            _dispatch.observer.gradient_read(self)
        if self._grad is None and self._grad_fn is not None and not self.retains_grad:
            warnings.warn(_errors.NON_LEAF_GRAD, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: "Tensor | None") -> None:
        if value is not None:
            self._check_gradient(value)
        elif _dispatch.observer is not None:
            _dispatch.observer.gradient_cleared(self)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def _check_gradient(self, value: object) -> None:
        if not isinstance(value, Tensor):
            module = "numpy." if type(value).__module__ == "numpy" else ""
            raise TypeError(_errors.GRAD_TYPE.format(type=module + type(value).__name__))
        if value is self:
            raise RuntimeError(_errors.GRAD_ITSELF)
        if value._array.shape != self._array.shape:
            raise RuntimeError(
                _errors.GRAD_SIZE.format(found=list(value.shape), expected=list(self.shape))
            )
        expected = self.dtype if self._grad_fn is not None else self.grad_dtype  # type: ignore[attr-defined]
        if expected is not None and value.dtype is not expected:
            raise RuntimeError(
                _errors.GRAD_DTYPE.format(
                    found=_errors.C_NAMES[value.dtype.legacy], expected=expected.legacy
                )
            )

    @property
    def data(self) -> "Tensor":
        """The same storage outside the graph, with a version of its own."""
        result = _dispatch.wrap(_dispatch.storage(self))
        if _dispatch.observer is not None:
            _dispatch.observer.detached(self, result)
        return result

    @data.setter
    def data(self, value: "Tensor") -> None:
        if not isinstance(value, Tensor):
            raise TypeError(_errors.DATA_TYPE.format(type=type(value).__name__))
        if self._requires_grad and value._array.dtype.kind != "f":
            raise RuntimeError(_errors.DATA_FLOATING)
        self._array = _dispatch.storage(value)
        self._accumulator = None  # the leaf's node describes the former shape and dtype
        if _dispatch.observer is not None and self._requires_grad and self._grad_fn is None:
            _dispatch.observer.leaf_written(self)

    def detach(self) -> "Tensor":
        """The same storage and version, outside the graph."""
        result = _dispatch.wrap(_dispatch.storage(self))
        result._counter = self._counter
        if _dispatch.observer is not None:
            _dispatch.observer.detached(self, result)
        return result

    def detach_(self) -> Self:
        """Leave the graph: this tensor becomes a leaf that requires no gradient."""
        if self._view is not None:
            raise RuntimeError(_errors.DETACH_VIEW)
        self._grad_fn = None
        self._output_nr = 0
        self._requires_grad = False
        return self

    def backward(
        self,
        gradient: "Tensor | None" = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradient of this tensor to the `.grad` of the leaves it came from.

        `gradient` is the cotangent, of this tensor's shape; a one-element tensor needs none.
        """
        if inputs is not None:
            inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
        alone = gradient is None or isinstance(gradient, Tensor)
        gradients = (gradient,) if alone else tuple(gradient)  # type: ignore[arg-type]
        if _dispatch.backward is None:
            from reference_engine import _backward  # noqa: F401 - sets it
        _dispatch.backward((self,), gradients, retain_graph, create_graph, inputs)

    def retain_grad(self) -> None:
        """Keep the `.grad` of a tensor that is no leaf."""
        if not self._requires_grad:
            raise RuntimeError(_errors.RETAIN_WITHOUT_GRAD)
        node = self.grad_fn
        if node is not None:
            hooks_of(node).retained[self._output_nr] = weakref.ref(self)

    def register_hook(self, hook: Callable[["Tensor"], "Tensor | None"]) -> RemovableHandle:
        """Call `hook(gradient)` when this tensor's gradient is there; it may return another."""
        if not self._requires_grad:
            raise RuntimeError(_errors.HOOK_WITHOUT_GRAD)
        hooks = self._leaf_hooks() if self.grad_fn is None else hooks_of(self._grad_fn)  # type: ignore[arg-type]
        return RemovableHandle(hooks.of_tensor(self._output_nr), hook)

    def register_post_accumulate_grad_hook(
        self, hook: Callable[["Tensor"], None]
    ) -> RemovableHandle:
        """Call `hook(leaf)` each time its `.grad` has grown."""
        if not self._requires_grad:
            raise RuntimeError(_errors.HOOK_WITHOUT_GRAD)
        if self._grad_fn is not None:
            raise RuntimeError(_errors.POST_HOOK_NON_LEAF)
        return RemovableHandle(self._leaf_hooks().accumulated, hook)

    def _leaf_hooks(self) -> NodeHooks:
        if self._hooks is None:
            self._hooks = hooks_of(_dispatch.accumulator(self))
        return self._hooks

    # -- Python -----------------------------------------------------------------------------------

    def __repr__(self) -> str:
        suffixes = self._suffixes()
        if _dispatch.with_tangent is not None:
            suffixes = _dispatch.with_tangent(self, suffixes)
        return _printing.tensor_text(
            np.asarray(self._array), suffixes=suffixes, default_dtype=Defaults.dtype.numpy
        )

    def _suffixes(self) -> list[str]:
        try:
            node = self.grad_fn
        except RuntimeError:
            return ["grad_fn=<Invalid>"]
        if node is not None:
            return [f"grad_fn=<{node.name().removeprefix('torch::autograd::')}>"]
        return ["requires_grad=True"] if self._requires_grad else []

    def item(self) -> Any:
        """The one element as a Python number."""
        if self._array.size != 1:
            raise RuntimeError(_errors.ITEM_SIZE.format(count=self._array.size))
        number = self._array.item()
        if _dispatch.observer is not None:
            _dispatch.observer.read_out(self, "item", number)
        return number

    def tolist(self) -> Any:
        """Nested lists of Python numbers; a 0-d tensor gives its number."""
        return self._array.tolist()

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError(_errors.LEN_SCALAR)
        return len(self._array)

    def __iter__(self) -> Iterator["Tensor"]:
        if self._array.ndim == 0:
            raise TypeError(_errors.ITERATE_SCALAR)
        from reference_engine import _functions

        return iter(_functions.unbind(self, 0))

    # -- NumPy ------------------------------------------------------------------------------------

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The data as an ndarray over the same memory; refused where gradients are followed."""
        if self._requires_grad and state.enabled and not force:
            raise RuntimeError(_errors.NUMPY_REQUIRES_GRAD)
        array = _dispatch.storage(self)
        if _dispatch.observer is not None:
            _dispatch.observer.read_out(self, "numpy", array)
        return array


_dispatch.tensor_type = Tensor
