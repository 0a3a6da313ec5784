"""torch.nn.utils.parametrize: a parameter that is computed from another whenever it is read.

It knows no particular computation; some stand in `parametrizations`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn.modules.container import ModuleDict, ModuleList
from reference_engine.nn.modules.module import Module
from reference_engine.nn.parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization",
    "remove_parametrizations", "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]  # fmt: skip


class _Cache:
    """What was computed inside `cached()`, by module and name."""

    depth = 0
    found: dict[tuple[int, str], Any] = {}  # noqa: RUF012 - the one there is


@contextmanager
def cached() -> Iterator[None]:
    """Inside, compute each parametrised tensor once."""
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.found.clear()


def _register(module: Any, name: str, tensor: Any) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


class ParametrizationList(ModuleList):
    """The steps that compute a tensor, and the tensor `original` (or several) that they start from.

    A step may have `right_inverse`, which gives the original for a wanted result.
    """

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        new = original
        with torch.no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    try:
                        new = module.right_inverse(new)
                    except NotImplementedError:
                        continue
        if not isinstance(new, Tensor | Sequence):
            raise ValueError(  # noqa: TRY004 - PyTorch's
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if isinstance(new, Tensor) else len(new)
        if isinstance(new, Tensor):
            if new.dtype != dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {dtype}\nright_inverse(original).dtype: {new.dtype}"
                )
            if new is not original:
                original.data = new
            _register(self, "original", original)
        else:
            for place, one in enumerate(new):
                _register(self, f"original{place}", _in_kind(original, one, place))
        if not unsafe:
            found = self()
            _check(
                found,
                dtype,
                shape,
                "unless `unsafe` flag is enabled",
                "unparametrized",
                "parametrized",
            )

    def _originals(self) -> list[Any]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{place}") for place in range(self.ntensors)]

    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the result is `value`."""
        with torch.no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse."
                    )
                value = module.right_inverse(value)
            values = [value] if self.is_tensor else value
            if self.is_tensor and not isinstance(value, Tensor):
                raise ValueError(
                    f"`right_inverse` should return a tensor. Got {type(value).__name__}"
                )
            for one, new in zip(self._originals(), values, strict=True):
                one.data = new

    def forward(self) -> Any:
        """The tensor, computed anew."""
        first, *others = list(self)
        found = first(*self._originals())
        for step in others:
            found = step(found)
        return found


def _in_kind(original: Any, new: Any, place: int) -> Any:
    if not isinstance(new, Tensor):
        raise ValueError(  # noqa: TRY004 - PyTorch's
            "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
            f"element {place} of the sequence with type {type(new).__name__}."
        )
    if isinstance(original, Parameter):
        return Parameter(new, original.requires_grad)
    return new.requires_grad_(original.requires_grad)


def _check(found: Any, dtype: Any, shape: Any, unless: str, before: str, after: str) -> None:
    """Refuse a result of another kind than the tensor that it stands for."""
    if not isinstance(found, Tensor):
        raise ValueError(  # noqa: TRY004 - PyTorch's
            f"A parametrization must return a tensor. Got {type(found).__name__}."
        )
    for name, old, new in (("dtype", dtype, found.dtype), ("shape", shape, found.shape)):
        if old != new:
            raise ValueError(
                f"Registering a parametrization may not change the {name} of the tensor, {unless}."
                f"\n{before} {name}: {old}\n{after} {name}: {new}"
            )


def _refuse_pickling(self: Any) -> Any:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\n"
        "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
        "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _copied(self: Any, memo: dict[int, Any]) -> Any:
    twin = self.__new__(type(self))
    memo[id(self)] = twin
    twin.__dict__ = deepcopy(self.__dict__, memo)
    return twin


def _give_own_class(module: Any) -> None:
    """Let the module be of a class of its own, where a property can stand for its tensor."""
    cls = type(module)
    members = {"__getstate__": _refuse_pickling, "__deepcopy__": _copied, "__module__": __name__}
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), members)


def _give_property(module: Any, name: str) -> None:
    def read(self: Any) -> Any:
        steps = self.parametrizations[name]
        if not _Cache.depth:
            return steps()
        key = (id(self), name)
        if key not in _Cache.found:
            _Cache.found[key] = steps()
        return _Cache.found[key]

    def write(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(read, write))


def register_parametrization(
    module: Any, tensor_name: str, parametrization: Any, *, unsafe: bool = False
) -> Any:
    """Compute the parameter or buffer of this name by `parametrization`, after earlier ones."""
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        steps = module.parametrizations[tensor_name]
        if not unsafe:
            now = getattr(module, tensor_name)
            _check(
                parametrization(now),
                now.dtype,
                now.shape,
                "unless the `unsafe` flag is enabled",
                f"module.{tensor_name}",
                f"parametrization(module.{tensor_name})",
            )
        steps.append(parametrization)
        steps.unsafe |= unsafe
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    steps = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _give_own_class(module)
        module.parametrizations = ModuleDict()
    _give_property(module, tensor_name)
    module.parametrizations[tensor_name] = steps
    return module


def is_parametrized(module: Any, tensor_name: str | None = None) -> bool:
    """Whether the module has a parametrised tensor, or that of this name is one."""
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Make the tensor an ordinary one again, with its last value or with the original's."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    steps = module.parametrizations[tensor_name]
    if not steps.is_tensor and not leave_parametrized:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    value = getattr(module, tensor_name)
    if steps.is_tensor:
        kept = steps.original
        if leave_parametrized:
            kept.data = value.detach()
    else:
        kept = Parameter(value) if value.requires_grad else value
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, kept)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Any) -> type:
    """The class that the module had before a tensor of it was parametrised."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Any, to_module: Any, tensor_name: str | None = None
) -> Any:
    """Parametrise `to_module` as `from_module` is, from the same originals."""
    if not is_parametrized(from_module):
        return to_module
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        given = from_module.parametrizations[name]
        for step in given:
            register_parametrization(to_module, name, step)
        taken = to_module.parametrizations[name]
        originals = (
            ["original"]
            if given.is_tensor
            else [f"original{place}" for place in range(given.ntensors)]
        )
        for one in originals:
            setattr(taken, one, getattr(given, one))
    return to_module
