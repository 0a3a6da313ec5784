"""torch.nn.functional: the functions that networks are made of."""

# ruff: noqa: F403 - a family's names are in its own __all__

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


def __getattr__(name: str) -> Any:
    if name == "multi_head_attention_forward":  # loaded when it is first named
        from reference_engine.nn._multi_head import multi_head_attention_forward

        return multi_head_attention_forward
    from reference_engine.nn._pytorch_names import FUNCTIONAL

    raise _errors.missing("nn.functional", name, FUNCTIONAL)
