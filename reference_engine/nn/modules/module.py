"""nn.Module: parameters, buffers and modules under names, and everything that walks over them.

It knows no layer. How members are registered, converted, taken down and put back stands in
`_registering`, `_conversion` and `_state`, how hooks run in `_hooks`; what layers are built with in
`_building`.
"""

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, Self

import reference_engine as torch
from reference_engine._errors import NotCovered
from reference_engine._graph import Hooks, RemovableHandle
from reference_engine._tensor import Tensor
from reference_engine.nn.modules import _building, _conversion, _hooks, _registering, _state
from reference_engine.nn.modules._everywhere import (  # noqa: F401 - named here in PyTorch
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from reference_engine.nn.modules._own_methods import own_methods
from reference_engine.nn.parameter import Parameter

__all__ = ["Module"]


class Module:
    """What networks are made of; subclasses define `__init__` and `forward`.

    A Parameter, a Buffer or a Module that is assigned to an attribute is registered under that
    name, and found by `parameters`, `buffers`, `modules`, `state_dict`, `to` and the like.
    """

    _version = 1
    dump_patches = False
    call_super_init = False
    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        own_methods(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        if kwargs:
            unexpected = next(iter(kwargs))
            raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{unexpected}'")
        if args:
            raise TypeError(
                f"{name}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _non_persistent_buffers_set=set(),
            _modules={},
            _forward_pre_hooks=Hooks(),
            _forward_hooks=Hooks(),
            _backward_pre_hooks=Hooks(),
            _backward_hooks=Hooks(),
        )

    # -- calling ----------------------------------------------------------------------------------

    def _forward_unimplemented(self, *inputs: Any) -> Any:
        """Compute the outputs from the inputs; every subclass defines its own."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    forward: Callable[..., Any] = _forward_unimplemented

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if (
            self._backward_hooks
            or self._backward_pre_hooks
            or self._forward_hooks
            or self._forward_pre_hooks
            or _hooks.EVERYWHERE.on_calls()
        ):
            return _hooks.call(self, args, kwargs)
        return self.forward(*args, **kwargs)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; it may return other arguments."""
        return _hooks.register(
            self._forward_pre_hooks, _hooks.Hook(hook, with_kwargs=with_kwargs), prepend=prepend
        )

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; it may return another output."""
        return _hooks.register(
            self._forward_hooks,
            _hooks.Hook(hook, with_kwargs=with_kwargs, always_call=always_call),
            prepend=prepend,
        )

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_output)` when the outputs' gradients are there."""
        return _hooks.register(self._backward_pre_hooks, _hooks.Hook(hook), prepend=prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the inputs' gradients are there."""
        self._check_backward_hooks(full=True)
        return _hooks.register(self._backward_hooks, _hooks.Hook(hook), prepend=prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` of the last node: PyTorch's old hooks."""
        self._check_backward_hooks(full=False)
        return _hooks.register(self._backward_hooks, _hooks.Hook(hook, full=False))

    def _check_backward_hooks(self, *, full: bool) -> None:
        if any(one.full is not full for one in self._backward_hooks.values()):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single "
                "Module. Please use only one of them."
            )

    # -- registering ------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` the parameter of this name; None keeps the name without one."""
        _registering.register_parameter(self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Keep `tensor` under this name without training it; in the state if `persistent`."""
        _registering.register_buffer(self, name, tensor, persistent=persistent)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Make `module` the child of this name; None keeps the name without one."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{torch.typename(module)} is not a Module subclass")
        _registering.check_name(self, "module", name, self._modules, found=f", got: {name}")
        self._modules[name] = _hooks.replaced(_hooks.EVERYWHERE.modules, self, name, module)

    register_module = add_module

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for table in ("_parameters", "_buffers", "_modules"):
            members = own.get(table)
            if members is not None and name in members:
                return members[name]
        from reference_engine.nn._pytorch_names import MODULE

        if name in MODULE:
            raise NotCovered(f"nn.Module.{name}")
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self
        )

    def __setattr__(self, name: str, value: Any) -> None:
        _registering.assign(self, name, value, is_module=isinstance(value, Module))

    def __delattr__(self, name: str) -> None:
        for table in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__[table]:
                del self.__dict__[table][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    # -- walking ----------------------------------------------------------------------------------

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, "Module"]]:
        """The module and all its descendants, each once, with their dotted names."""
        seen: set[Any] = set() if memo is None else memo
        if self in seen:
            return
        if remove_duplicate:
            seen.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                inner = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(seen, inner, remove_duplicate)

    def modules(self) -> Iterator["Module"]:
        """The module and all its descendants, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """The modules directly inside this one, each once, with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator["Module"]:
        """The modules directly inside this one, each once."""
        for _, module in self.named_children():
            yield module

    def _named_members(
        self, table: str, prefix: str, *, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        walk = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in walk if recurse else [(prefix, self)]:
            for name, member in getattr(module, table).items():
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{path}.{name}" if path else name), member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their dotted names, of the descendants too if `recurse`."""
        yield from self._named_members(
            "_parameters", prefix, recurse=recurse, remove_duplicate=remove_duplicate
        )

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once: what an optimizer is given."""
        for _, one in self.named_parameters(recurse=recurse):
            yield one

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names, of the descendants too if `recurse`."""
        yield from self._named_members(
            "_buffers", prefix, recurse=recurse, remove_duplicate=remove_duplicate
        )

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        for _, one in self.named_buffers(recurse=recurse):
            yield one

    def get_submodule(self, target: str) -> "Module":
        """The descendant of this dotted name; the module itself for an empty one."""
        found: Any = self
        for name in target.split(".") if target else []:
            if not hasattr(found, name):
                raise AttributeError(f"{found._get_name()} has no attribute `{name}`")
            found = getattr(found, name)
            if not isinstance(found, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")  # noqa: TRY004 - PyTorch's
        return found  # type: ignore[no-any-return]

    def set_submodule(self, target: str, module: "Module", strict: bool = False) -> None:
        """Put `module` in the place of this dotted name; a new one, unless `strict`."""
        if not target:
            raise ValueError("Cannot set the submodule without a target name!")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of this dotted name."""
        found = self._get_member(target)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{target.rpartition('.')[2]}` is not an nn.Parameter")  # noqa: TRY004 - PyTorch's
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of this dotted name."""
        path, _, name = target.rpartition(".")
        found = self._get_member(target)
        if name not in self.get_submodule(path)._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return found  # type: ignore[no-any-return]

    def _get_member(self, target: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return getattr(module, name)

    # -- changing all at once ---------------------------------------------------------------------

    def apply(self, fn: Callable[["Module"], Any]) -> Self:
        """Call `fn` with every descendant, children first, and with this module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Set this module and its descendants to training, or to evaluation."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")  # noqa: TRY004 - PyTorch's
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set this module and its descendants to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set `requires_grad` of all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for parameter in self.parameters():
            gradient: Any = parameter.grad
            if gradient is None:
                continue
            if set_to_none:
                parameter.grad = None
                continue
            if gradient.grad_fn is not None:
                gradient.detach_()
            else:
                gradient.requires_grad_(False)
            gradient.zero_()

    _apply = _conversion._apply
    to = _conversion.to
    type = _conversion.type
    float = _conversion.float
    double = _conversion.double
    half = _conversion.half
    cpu = _conversion.cpu
    share_memory = _conversion.share_memory
    to_empty = _conversion.to_empty
    cuda = _conversion.cuda
    compile = _conversion.compile

    # -- state ------------------------------------------------------------------------------------

    state_dict = _state.state_dict
    get_extra_state = _state.get_extra_state
    set_extra_state = _state.set_extra_state
    _of_state = _state._of_state
    _hook_on_state = _state._hook_on_state
    register_state_dict_pre_hook = _state.register_state_dict_pre_hook
    register_state_dict_post_hook = _state.register_state_dict_post_hook
    _register_state_dict_hook = _state._register_state_dict_hook
    register_load_state_dict_pre_hook = _state.register_load_state_dict_pre_hook
    _register_load_state_dict_pre_hook = _state._register_load_state_dict_pre_hook
    register_load_state_dict_post_hook = _state.register_load_state_dict_post_hook
    load_state_dict = _state.load_state_dict
    _save_to_state_dict = _state._save_to_state_dict
    _load_from_state_dict = _state._load_from_state_dict

    # -- Python -----------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What the module shows of its own settings; subclasses define theirs."""
        return ""

    def __repr__(self) -> str:
        settings = self.extra_repr()
        lines = settings.split("\n") if settings else []
        children = [
            f"({name}): {_building.indented(repr(one))}" for name, one in self._modules.items()
        ]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({settings})"
        body = "\n  ".join([*lines, *children])
        return f"{self._get_name()}(\n  {body}\n)"

    def __dir__(self) -> list[str]:
        names = [*dir(type(self)), *self.__dict__]
        names += [*self._parameters, *self._modules, *self._buffers]
        return sorted(name for name in names if not name[0].isdigit())


for _name, _method in vars(Module).items():
    if isinstance(_method, FunctionType):
        _method.__qualname__ = f"Module.{_name}"  # so errors for wrong arguments call them
