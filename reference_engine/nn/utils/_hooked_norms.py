"""Normalised weights the old way: computed by a hook before each call of their module."""

import warnings
from typing import Any

import reference_engine as torch
from reference_engine.nn import functional as F
from reference_engine.nn.parameter import Parameter
from reference_engine.nn.utils import _norms

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]


def _check_first(module: Any, kind: Any, name: str, text: str) -> None:
    if any(
        isinstance(one.function, kind) and one.function.name == name
        for one in module._forward_pre_hooks.values()
    ):
        raise RuntimeError(f"Cannot register two {text} hooks on the same parameter {name}")


def _remove(module: Any, kind: Any, name: str, text: str) -> Any:
    for key, one in module._forward_pre_hooks.items():
        if isinstance(one.function, kind) and one.function.name == name:
            one.function.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"{text} of '{name}' not found in {module}")


class WeightNorm:
    """The hook that makes a weight of its lengths `name_g` and its directions `name_v`."""

    def __init__(self, name: str, dim: int) -> None:
        self.name = name
        self.dim = dim

    def compute_weight(self, module: Any) -> Any:
        """The weight, from its two parts."""
        lengths, directions = (getattr(module, f"{self.name}_{part}") for part in "gv")
        return _norms.of_length(directions, lengths, self.dim)

    def remove(self, module: Any) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        for name in (self.name, f"{self.name}_g", f"{self.name}_v"):
            delattr(module, name)
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Split a weight into the lengths of its rows along `dim` and their directions."""
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of "
        "`torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    _check_first(module, WeightNorm, name, "weight_norm")
    hook = WeightNorm(name, -1 if dim is None else dim)
    weight = getattr(module, name)
    delattr(module, name)
    lengths = _norms.row_lengths(weight, hook.dim)
    module.register_parameter(f"{name}_g", Parameter(lengths.data))
    module.register_parameter(f"{name}_v", Parameter(weight.data))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Take `weight_norm` of this weight back."""
    return _remove(module, WeightNorm, name, "weight_norm")


class SpectralNorm:
    """The hook that divides a weight by an estimate of its largest singular value."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        _norms.check_iterations(n_power_iterations)
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Any:
        """The weight, after bringing the estimate nearer if wanted."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = _norms.as_matrix(weight, self.dim)
        if do_power_iteration:
            with torch.no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(torch.mv(matrix.t(), u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(torch.mv(matrix, v), dim=0, eps=self.eps))
                u, v = u.clone(), v.clone()
        return weight / torch.dot(u, torch.mv(matrix, v))

    def remove(self, module: Any) -> None:
        """Make the weight a parameter again."""
        with torch.no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Any:
    """Divide a weight by its largest singular value, estimated at each call in training."""
    dim = _norms.usual_dim(module, dim)
    _check_first(module, SpectralNorm, name, "spectral_norm")
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    with torch.no_grad():
        u, v = _norms.random_directions(_norms.as_matrix(weight, dim), eps)
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Take `spectral_norm` of this weight back."""
    return _remove(module, SpectralNorm, name, "spectral_norm")
