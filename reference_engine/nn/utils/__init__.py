"""torch.nn.utils: what is done to the gradients and parameters of a whole model."""

from importlib import import_module
from typing import Any

from reference_engine._errors import NotCovered
from reference_engine.nn.utils.clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from reference_engine.nn.utils.convert_parameters import (
    parameters_to_vector,
    vector_to_parameters,
)

_LATER = {
    "_hooked_norms": "remove_spectral_norm remove_weight_norm spectral_norm weight_norm",
    "fusion": ("fuse_conv_bn_eval fuse_conv_bn_weights fuse_linear_bn_eval fuse_linear_bn_weights"),
    "init": "skip_init",
    "parametrizations": "",
    "parametrize": "",
    "prune": "",
    "rnn": "",
    "stateless": "",
}
"""Modules, and the functions of them that have their names here: loaded when first named."""


def __getattr__(name: str) -> Any:
    for home, names in _LATER.items():
        if name == home or name in names.split():
            found = import_module(f"{__name__}.{home}")
            return found if name == home else getattr(found, name)
    from reference_engine.nn._pytorch_names import UTILS

    if name in UTILS:
        raise NotCovered(f"nn.utils.{name}")
    raise AttributeError(f"module 'torch.nn.utils' has no attribute '{name}'")
