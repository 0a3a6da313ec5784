"""A NumPy autograd with PyTorch's semantics: the names of the `torch` module.

It computes, records and differentiates as PyTorch 2.13 does, to the text of an error. It knows
nothing of grading. A name of PyTorch's that it does not have raises NotCovered, which says so.
"""

import warnings
from math import e, inf, nan, pi
from typing import Any

from reference_engine import autograd, nn, special
from reference_engine._binding import bind
from reference_engine._creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    manual_seed,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from reference_engine._errors import NotCovered
from reference_engine._modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from reference_engine._printing import set_printoptions
from reference_engine._random import Generator
from reference_engine._tensor import Tensor
from reference_engine._types import (
    Size,
    device,
    dtype,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from reference_engine._types import bool_ as bool
from reference_engine.autograd.anomaly_mode import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
)

__version__ = "2.13.0"

# PyTorch says nothing of an overflow or of inf - inf; NumPy would, wherever it is not told.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"reference_engine\b")

globals().update(bind())

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64


def __getattr__(name: str) -> Any:
    from reference_engine._pytorch_names import TORCH

    if name in TORCH:
        raise NotCovered(name)
    raise AttributeError(f"module 'torch' has no attribute '{name}'")
