"""A NumPy autograd with PyTorch's semantics: the names of the `torch` module.

It computes, records and differentiates as PyTorch 2.13 does, to the text of an error. It knows
nothing of grading. A name of PyTorch's that it does not have raises NotCovered, which says so.
"""

from typing import Any

from reference_engine import _backward as _backward
from reference_engine import autograd as autograd
from reference_engine._binding import bind as _bind
from reference_engine._creation import (
    arange as arange,
    as_tensor as as_tensor,
    empty as empty,
    empty_like as empty_like,
    eye as eye,
    from_numpy as from_numpy,
    full as full,
    full_like as full_like,
    linspace as linspace,
    manual_seed as manual_seed,
    ones as ones,
    ones_like as ones_like,
    rand as rand,
    rand_like as rand_like,
    randint as randint,
    randn as randn,
    randn_like as randn_like,
    randperm as randperm,
    tensor as tensor,
    zeros as zeros,
    zeros_like as zeros_like,
)
from reference_engine._errors import NotCovered as NotCovered
from reference_engine._modes import (
    enable_grad as enable_grad,
    is_grad_enabled as is_grad_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from reference_engine._printing import set_printoptions as set_printoptions
from reference_engine._random import Generator as Generator
from reference_engine._tensor import Tensor as Tensor
from reference_engine._types import (
    Size as Size,
    bool_ as _bool,
    device as device,
    dtype as dtype,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    get_default_dtype as get_default_dtype,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    set_default_dtype as set_default_dtype,
    uint8 as uint8,
)

__version__ = "2.13.0"

_functions = _bind()
globals().update(_functions)

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
bool = _bool

inf = __import__("math").inf
nan = __import__("math").nan
pi = __import__("math").pi
e = __import__("math").e


def __getattr__(name: str) -> Any:
    from reference_engine._pytorch_names import TORCH

    if name in TORCH:
        raise NotCovered(name)
    raise AttributeError(f"module 'torch' has no attribute '{name}'")
