"""The state of a module as a dict of tensors: what is taken down, and what is put back.

It walks over modules through the methods that a module may override, and knows no layer.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import reference_engine as torch
from reference_engine._modes import no_grad
from reference_engine._tensor import Tensor
from reference_engine.nn.parameter import Parameter


class _IncompatibleKeys(NamedTuple):
    """What a state had too little, and what it had too much."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"_IncompatibleKeys(missing_keys={self.missing_keys}, "
            f"unexpected_keys={self.unexpected_keys})"
        )


def load_state_dict(module: Any, state: Any, *, strict: bool, assign: bool) -> _IncompatibleKeys:
    """Put `state` into the module and its descendants; see `Module.load_state_dict`."""
    if not isinstance(state, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    metadata: Any = getattr(state, "_metadata", None)
    missing: list[str] = []
    unexpected: list[str] = []
    problems: list[str] = []

    def load(part: Any, entries: dict[str, Any], prefix: str) -> None:
        local = {} if metadata is None else metadata.get(prefix[:-1], {})
        if assign:
            local["assign_to_params_buffers"] = True
        part._load_from_state_dict(entries, prefix, local, True, missing, unexpected, problems)
        for name, child in part._modules.items():
            if child is not None:
                inner = f"{prefix}{name}."
                load(child, {k: v for k, v in entries.items() if k.startswith(inner)}, inner)
        for hook in part._of_state("_load_state_dict_post_hooks"):
            if hook(part, _IncompatibleKeys(missing, unexpected)) is not None:
                raise AssertionError(_RETURNED)

    load(module, OrderedDict(state), "")
    if strict and unexpected:
        problems.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    if strict and missing:
        problems.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if problems:
        listed = "\n\t".join(problems)
        raise RuntimeError(
            f"Error(s) in loading state_dict for {type(module).__name__}:\n\t{listed}"
        )
    return _IncompatibleKeys(missing, unexpected)


_RETURNED = (
    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
    "values, if incompatible_keys need to be modified, it should be done inplace."
)
EXTRA = "_extra_state"
"""The key of what a module's `get_extra_state` gives."""
NO_EXTRA = (
    "Reached a code path in Module.{verb}_extra_state() that should never be called. Please file "
    "an issue at https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report "
    "this bug."
)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def load_own(
    module: Any,
    entries: dict[str, Any],
    prefix: str,
    *,
    assign: bool,
    strict: bool,
    missing: list[str],
    unexpected: list[str],
    problems: list[str],
) -> None:
    """Put the entries under `prefix` into one module's own parameters and buffers."""
    own = {name: tensor for name, tensor in persistent(module) if tensor is not None}
    for name, target in own.items():
        key = prefix + name
        if key in entries:
            problem = _put(module, name, target, key=key, source=entries[key], assign=assign)
            if problem:
                problems.append(problem)
        elif strict:
            missing.append(key)
    extra = prefix + EXTRA
    sets_extra = type(module).set_extra_state.__module__ != _BASE
    if sets_extra and extra in entries:
        module.set_extra_state(entries[extra])
    elif sets_extra and strict:
        missing.append(extra)
    if strict:
        unexpected += [
            key
            for key in entries
            if key.startswith(prefix)
            and not _expected(module, own, key.removeprefix(prefix))
            and not (sets_extra and key == extra)
        ]


_BASE = "reference_engine.nn.modules._state"
"""Where the methods of `Module` itself are defined; those for extra state refuse."""


def persistent(module: Any) -> list[tuple[str, Tensor | None]]:
    """The named parameters and persistent buffers of one module, None where there is none."""
    buffers = module._buffers.items()
    kept = [one for one in buffers if one[0] not in module._non_persistent_buffers_set]
    return [*module._parameters.items(), *kept]


def _expected(module: Any, own: Mapping[str, Any], name: str) -> bool:
    first, dot, _ = name.partition(".")
    return first in module._modules if dot else first in own


def _put(module: Any, name: str, target: Any, *, key: str, source: Any, assign: bool) -> str | None:
    """Copy or assign one tensor; what went wrong, or None."""
    if not isinstance(source, Tensor):
        return (
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
            f"object from checkpoint but received {type(source)}"
        )
    if target.dim() == 0 and source.dim() == 1 and source.numel() == 1:
        source = torch.select(source, 0, 0)  # what PyTorch saved before it had 0-d tensors
    if source.shape != target.shape:
        return (
            f"size mismatch for {key}: copying a param with shape {source.shape} from checkpoint, "
            f"the shape in current model is {target.shape}."
        )
    with no_grad():
        if not assign:
            target.copy_(source)
            return None
        if isinstance(target, Parameter):
            source = (
                source.requires_grad_(target.requires_grad)
                if isinstance(source, Parameter)
                else Parameter(source, target.requires_grad)
            )
        setattr(module, name, source)
    return None
