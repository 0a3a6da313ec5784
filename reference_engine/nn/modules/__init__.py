"""The modules of torch.nn, one family a file; rare ones are loaded when first named."""

from importlib import import_module
from typing import Any

from reference_engine.nn.modules.activation import *  # noqa: F403
from reference_engine.nn.modules.batchnorm import *  # noqa: F403
from reference_engine.nn.modules.container import *  # noqa: F403
from reference_engine.nn.modules.conv import *  # noqa: F403
from reference_engine.nn.modules.distance import *  # noqa: F403
from reference_engine.nn.modules.dropout import *  # noqa: F403
from reference_engine.nn.modules.flatten import *  # noqa: F403
from reference_engine.nn.modules.fold import *  # noqa: F403
from reference_engine.nn.modules.linear import *  # noqa: F403
from reference_engine.nn.modules.loss import *  # noqa: F403
from reference_engine.nn.modules.module import *  # noqa: F403
from reference_engine.nn.modules.normalization import *  # noqa: F403
from reference_engine.nn.modules.padding import *  # noqa: F403
from reference_engine.nn.modules.pixelshuffle import *  # noqa: F403
from reference_engine.nn.modules.pooling import *  # noqa: F403
from reference_engine.nn.modules.rnn import *  # noqa: F403
from reference_engine.nn.modules.sparse import *  # noqa: F403
from reference_engine.nn.modules.upsampling import *  # noqa: F403

_LATER = {
    "bags": "AdaptiveLogSoftmaxWithLoss EmbeddingBag",
    "lazy": (
        "LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d LazyConv2d LazyConv3d "
        "LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LazyInstanceNorm1d "
        "LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear"
    ),
    "multihead": "MultiheadAttention",
    "utils": "",
    "transformer": (
        "Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder "
        "TransformerEncoderLayer"
    ),
}
_HOME = {name: home for home, names in _LATER.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module 'torch.nn.modules' has no attribute '{name}'")
