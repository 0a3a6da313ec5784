"""torch.nn.utils: what is done to the gradients and parameters of a whole model."""

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


def __getattr__(name: str) -> Any:
    from reference_engine.nn._pytorch_names import UTILS

    if name in UTILS:
        raise NotCovered(f"nn.utils.{name}")
    raise AttributeError(f"module 'torch.nn.utils' has no attribute '{name}'")
