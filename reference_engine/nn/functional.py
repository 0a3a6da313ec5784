"""torch.nn.functional: the functions that networks are made of."""

# ruff: noqa: F403 - a family's names are in its own __all__

from functools import partial
from importlib import import_module
from typing import Any

from reference_engine import _errors
from reference_engine.nn._activations import *
from reference_engine.nn._attention import *
from reference_engine.nn._convolution import *
from reference_engine.nn._layers import *
from reference_engine.nn._losses import *
from reference_engine.nn._margins import *
from reference_engine.nn._normalization import *
from reference_engine.nn._padding import *
from reference_engine.nn._pooling import *
from reference_engine.nn._resampling import *

_LATER = {
    "affine_grid": "_grids",
    "ctc_loss": "_sequences",
    "embedding_bag": "_bags",
    "grid_sample": "_grids",
    "gumbel_softmax": "_bags",
    "multi_head_attention_forward": "_multi_head",
}
"""What is loaded when it is first named."""

_IN_PLACE = frozenset(
    ("celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_", "threshold_")
)


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"reference_engine.nn.{_LATER[name]}"), name)
    if name in _IN_PLACE:
        return partial(globals()[name.removesuffix("_")], inplace=True)
    from reference_engine.nn._pytorch_names import FUNCTIONAL

    raise _errors.missing("nn.functional", name, FUNCTIONAL)
