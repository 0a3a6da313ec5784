"""A NumPy autograd with PyTorch's semantics: the names of the `torch` module.

It computes, records and differentiates as PyTorch 2.13 does, to the text of an error. It knows
nothing of grading. A name of PyTorch's that it does not have raises NotCovered, which says so.
"""

# ruff: noqa: E402 - the first thing that is done here spares the rest a tenth of its time

import gc

_collecting = gc.isenabled()
gc.disable()  # until all is made: whatever an import makes stays, and there is no garbage among it

import warnings
from importlib import import_module
from math import e, inf, nan, pi
from typing import Any

from reference_engine import _constructors, _methods, _settings
from reference_engine._binding import bind
from reference_engine._creation import (
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    empty_strided,
    eye,
    from_numpy,
    frombuffer,
    full,
    full_like,
    linspace,
    logspace,
    ones,
    ones_like,
    range,
    scalar_tensor,
    tensor,
    zeros,
    zeros_like,
)
from reference_engine._derivatives import TABLE
from reference_engine._drawing import (
    bernoulli,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
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
from reference_engine._random import Generator, default_generator
from reference_engine._signatures import explaining, function_of
from reference_engine._tensor import Tensor
from reference_engine._types import (
    Size,
    channels_last,
    channels_last_3d,
    contiguous_format,
    device,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    layout,
    memory_format,
    name_only,
    preserve_format,
    set_default_dtype,
    strided,
    uint8,
)
from reference_engine._types import bool_ as bool

__version__ = "2.13.0"

# PyTorch says nothing of an overflow or of inf - inf; NumPy would, wherever it is not told.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"reference_engine\b")

_CREATING = (
    "arange", "as_tensor", "bernoulli", "empty", "empty_like", "eye", "from_numpy", "full",
    "full_like", "linspace", "logspace", "multinomial", "normal", "ones", "ones_like", "rand",
    "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "scalar_tensor",
    "tensor", "zeros", "zeros_like",
)  # fmt: skip
globals().update({one: explaining(globals()[one], is_method=False) for one in _CREATING})
_functions_now, _functions_later = bind()
globals().update(_functions_now)
_methods.bind_methods()
globals().update({one.__name__: one for one in (*_methods.BOTH, *_methods.FUNCTIONS)})
globals().update(_constructors.CONSTRUCTORS)
if _collecting:
    gc.enable()

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
newaxis = None
set_default_tensor_type = _constructors.set_default_tensor_type


_SUBMODULES = frozenset(
    {
        "_C", "autograd", "backends", "cuda", "distributions", "func", "jit", "linalg", "nn",
        "optim", "random", "special", "testing", "utils", "version",
    }
)  # fmt: skip
"""What is imported when it is first named: a computation needs few of them."""


_RARE = frozenset(("accelerator", "amp", "compiler", "mps", "profiler", "serialization", "xpu"))
"""The same, for what hardly any does."""

_OF_ANOMALY_MODE = frozenset(("is_anomaly_check_nan_enabled", "is_anomaly_enabled"))

_RARE_FUNCTIONS = frozenset(("adjoint", "binomial", "fill", "histogram", "imag", "poisson"))
_REMOVED = frozenset(("eig", "lstsq", "matrix_rank", "solve", "symeig"))

_OF_NETWORKS = frozenset(
    {
        "adaptive_avg_pool1d", "alpha_dropout", "avg_pool1d", "bilinear", "celu", "celu_",
        "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
        "conv_transpose3d", "cosine_similarity", "dropout", "feature_dropout", "group_norm",
        "hardshrink", "layer_norm", "max_pool1d", "max_pool2d", "max_pool3d", "pairwise_distance",
        "pdist", "pixel_shuffle", "pixel_unshuffle", "prelu", "rms_norm", "rrelu", "selu", "selu_",
        "threshold",
    }
)  # fmt: skip
"""What `torch` has of `torch.nn.functional`."""


def __getattr__(name: str) -> Any:
    found = _starred() if name == "__all__" else _lazily(name)
    if found is None:
        from reference_engine._pytorch_names import TORCH

        if name in TORCH:
            raise NotCovered(name)
        raise AttributeError(f"module 'torch' has no attribute '{name}'")
    globals()[name] = found
    return found


def _lazily(name: str) -> Any:
    """What is made when it is first asked for; None where there is no such name."""
    if name in _functions_later:
        return function_of(TABLE[_functions_later[name]])
    if name in _SUBMODULES or name in _RARE:
        return import_module(f"reference_engine.{name}")
    if name.startswith("_"):
        return None
    if name in _OF_ANOMALY_MODE:
        return getattr(import_module("reference_engine.autograd.anomaly_mode"), name)
    if name in _RARE_FUNCTIONS:
        return getattr(import_module("reference_engine._rare"), name)
    if name in _REMOVED:
        return getattr(import_module("reference_engine._removed"), name)
    if name == "autocast":
        return import_module("reference_engine.amp").autocast
    if name_only(name) is not None:
        return name_only(name)
    if name.endswith("_window"):
        return getattr(import_module("reference_engine._window_functions"), name, None)
    if name in _OF_NETWORKS:
        return getattr(import_module("reference_engine.nn.functional"), name, None)
    if name in {"save", "load"}:
        return getattr(import_module("reference_engine._serialization"), name)
    if name == "is_inference":
        return Tensor.is_inference
    if name == "vmap":
        return import_module("reference_engine.func").vmap
    if name.endswith("_"):
        return getattr(Tensor, name, None)
    return getattr(_settings, name, None)


def _starred() -> list[str]:
    """What `from torch import *` gives: all but the submodules, also what is made later."""
    from reference_engine._pytorch_names import TORCH

    names = TORCH - _SUBMODULES - _RARE - _REMOVED - {"cpu", "unique"}
    return sorted(one for one in names if one in globals() or _lazily(one) is not None)


def __dir__() -> list[str]:
    return sorted(
        {*globals(), *_functions_later, *_SUBMODULES, *_RARE, *_RARE_FUNCTIONS, *_OF_NETWORKS}
    )
