"""Names of a module's parameters, buffers and children: which are allowed, what stands for what."""

from collections.abc import Iterable
from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn.modules._hooks import EVERYWHERE, replaced
from reference_engine.nn.parameter import Buffer, Parameter

_TABLES = ("_parameters", "_buffers", "_modules")


def check_name(
    module: Any, kind: str, name: Any, members: Iterable[str], *, found: str = ""
) -> None:
    """Refuse a name that is no name, or that stands for something other than a member."""
    if not isinstance(name, str):
        raise TypeError(f"{kind} name should be a string. Got {torch.typename(name)}")
    if "." in name:
        raise KeyError(f'{kind} name can\'t contain "."{found}')
    if not name:
        raise KeyError(f'{kind} name can\'t be empty string ""')
    if name not in members and hasattr(module, name):
        raise KeyError(f"attribute '{name}' already exists")


def register_parameter(module: Any, name: str, parameter: Any) -> None:
    """See `Module.register_parameter`."""
    if "_parameters" not in module.__dict__:
        raise AttributeError("cannot assign parameter before Module.__init__() call")
    check_name(module, "parameter", name, module._parameters)
    if parameter is not None and not isinstance(parameter, Parameter):
        raise TypeError(
            f"cannot assign '{torch.typename(parameter)}' object to parameter '{name}' "
            "(torch.nn.Parameter or None required)"
        )
    if parameter is not None and parameter.grad_fn is not None:
        raise ValueError(
            f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
            f"created explicitly. To express '{name}' as a function of another Tensor, compute "
            "the value in the forward() method."
        )
    module._parameters[name] = replaced(EVERYWHERE.parameters, module, name, parameter)


def register_buffer(module: Any, name: str, tensor: Any, *, persistent: bool) -> None:
    """See `Module.register_buffer`."""
    if "_buffers" not in module.__dict__:
        raise AttributeError("cannot assign buffer before Module.__init__() call")
    check_name(module, "buffer", name, module._buffers)
    if tensor is not None and not isinstance(tensor, Tensor):
        raise TypeError(
            f"cannot assign '{torch.typename(tensor)}' object to buffer '{name}' "
            "(torch Tensor or None required)"
        )
    module._buffers[name] = replaced(EVERYWHERE.buffers, module, name, tensor)
    if persistent:
        module._non_persistent_buffers_set.discard(name)
    else:
        module._non_persistent_buffers_set.add(name)


def assign(module: Any, name: str, value: Any, *, is_module: bool) -> None:
    """Set an attribute: registered if it is a parameter, a module or a buffer, else a plain one."""
    own = module.__dict__
    if isinstance(value, Parameter):
        if "_parameters" not in own:
            raise AttributeError("cannot assign parameters before Module.__init__() call")
        _forget(module, name, but="_parameters")
        module.register_parameter(name, value)
    elif name in own.get("_parameters", ()):
        _check_none(value, "parameter", name, "torch.nn.Parameter")
        module.register_parameter(name, None)
    elif is_module:
        if "_modules" not in own:
            raise AttributeError("cannot assign module before Module.__init__() call")
        _forget(module, name, but="_modules")
        module._modules[name] = replaced(EVERYWHERE.modules, module, name, value)
    elif name in own.get("_modules", ()):
        _check_none(value, "child module", name, "torch.nn.Module")
        module._modules[name] = None
    elif isinstance(value, Buffer) or name in own.get("_buffers", ()):
        if not isinstance(value, Tensor):
            _check_none(value, "buffer", name, "torch.nn.Buffer, torch.Tensor")
        kept = name not in module._non_persistent_buffers_set
        module.register_buffer(name, value, getattr(value, "persistent", kept))
    else:
        object.__setattr__(module, name, value)


def _check_none(value: Any, kind: str, name: str, expected: str) -> None:
    if value is not None:
        raise TypeError(
            f"cannot assign '{torch.typename(value)}' as {kind} '{name}' ({expected} or None "
            "expected)"
        )


def _forget(module: Any, name: str, *, but: str) -> None:
    """Let go of what the name stood for, wherever it is registered in another way."""
    module.__dict__.pop(name, None)
    module._non_persistent_buffers_set.discard(name)
    for table in _TABLES:
        if table != but:
            module.__dict__[table].pop(name, None)
