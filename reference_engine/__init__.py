"""A NumPy autograd with PyTorch's semantics: the names of the `torch` module.

It computes, records and differentiates as PyTorch 2.13 does, to the text of an error. It knows
nothing of grading. A name of PyTorch's that it does not have raises NotCovered, which says so.
"""

from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi
from typing import Any

from reference_engine import _backward as _backward
from reference_engine import autograd as autograd
from reference_engine._binding import bind as _bind
from reference_engine._creation import (
    arange as arange,
)
from reference_engine._creation import (
    as_tensor as as_tensor,
)
from reference_engine._creation import (
    empty as empty,
)
from reference_engine._creation import (
    empty_like as empty_like,
)
from reference_engine._creation import (
    eye as eye,
)
from reference_engine._creation import (
    from_numpy as from_numpy,
)
from reference_engine._creation import (
    full as full,
)
from reference_engine._creation import (
    full_like as full_like,
)
from reference_engine._creation import (
    linspace as linspace,
)
from reference_engine._creation import (
    manual_seed as manual_seed,
)
from reference_engine._creation import (
    ones as ones,
)
from reference_engine._creation import (
    ones_like as ones_like,
)
from reference_engine._creation import (
    rand as rand,
)
from reference_engine._creation import (
    rand_like as rand_like,
)
from reference_engine._creation import (
    randint as randint,
)
from reference_engine._creation import (
    randn as randn,
)
from reference_engine._creation import (
    randn_like as randn_like,
)
from reference_engine._creation import (
    randperm as randperm,
)
from reference_engine._creation import (
    tensor as tensor,
)
from reference_engine._creation import (
    zeros as zeros,
)
from reference_engine._creation import (
    zeros_like as zeros_like,
)
from reference_engine._errors import NotCovered as NotCovered
from reference_engine._modes import (
    enable_grad as enable_grad,
)
from reference_engine._modes import (
    is_grad_enabled as is_grad_enabled,
)
from reference_engine._modes import (
    no_grad as no_grad,
)
from reference_engine._modes import (
    set_grad_enabled as set_grad_enabled,
)
from reference_engine._printing import set_printoptions as set_printoptions
from reference_engine._random import Generator as Generator
from reference_engine._tensor import Tensor as Tensor
from reference_engine._types import (
    Size as Size,
)
from reference_engine._types import (
    bool_ as _bool,
)
from reference_engine._types import (
    device as device,
)
from reference_engine._types import (
    dtype as dtype,
)
from reference_engine._types import (
    float16 as float16,
)
from reference_engine._types import (
    float32 as float32,
)
from reference_engine._types import (
    float64 as float64,
)
from reference_engine._types import (
    get_default_dtype as get_default_dtype,
)
from reference_engine._types import (
    int8 as int8,
)
from reference_engine._types import (
    int16 as int16,
)
from reference_engine._types import (
    int32 as int32,
)
from reference_engine._types import (
    int64 as int64,
)
from reference_engine._types import (
    set_default_dtype as set_default_dtype,
)
from reference_engine._types import (
    uint8 as uint8,
)

__version__ = "2.13.0"

globals().update(_bind())

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
bool = _bool


def __getattr__(name: str) -> Any:
    from reference_engine._pytorch_names import TORCH

    if name in TORCH:
        raise NotCovered(name)
    raise AttributeError(f"module 'torch' has no attribute '{name}'")
