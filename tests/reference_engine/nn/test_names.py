"""What torch.nn offers: PyTorch's names and signatures, one class however it is imported."""

import inspect
import subprocess
import sys

import pytest

from reference_engine import nn
from reference_engine.nn import _pytorch_names

CLASSES = sorted(
    name
    for name in _pytorch_names.NN
    if inspect.isclass(getattr(nn, name, None)) and issubclass(getattr(nn, name), nn.Module)
)


@pytest.mark.pytorch
@pytest.mark.parametrize("name", CLASSES)
def test_constructor_takes_pytorchs_arguments(name):
    import torch

    signatures = [
        [
            (one.name, one.kind, getattr(one.default, "__name__", one.default))
            for one in inspect.signature(kind).parameters.values()
        ]
        for kind in (getattr(nn, name), getattr(torch.nn, name))
    ]
    assert signatures[0] == signatures[1]


@pytest.mark.parametrize(
    ("owner", "name", "shown"),
    [
        (nn, "SyncBatchNorm", "nn.SyncBatchNorm"),
        (nn.utils, "memory_format", "nn.utils.memory_format"),
        (nn.Tanh(), "mtia", "nn.Module.mtia"),
    ],
)
def test_name_that_is_missing_says_so(owner, name, shown):
    with pytest.raises(AttributeError, match=f"torch.{shown} is not covered by the reference"):
        getattr(owner, name)


@pytest.mark.parametrize("owner", [nn, nn.utils])
def test_invented_name_gets_pytorchs_own_error(owner):
    with pytest.raises(AttributeError, match=r"module 'torch\.nn.*' has no attribute 'Liner'"):
        _ = owner.Liner


def test_there_is_one_class_however_it_was_imported():
    program = """
from reference_engine import facade
facade.install()
import torch, torch.nn as nn, reference_engine
from torch.nn import Linear, Parameter
from torch.nn.modules.linear import Linear as inner
from torch.nn.parameter import Parameter as other
from torch.nn.utils import clip_grad_norm_
from torch.nn.init import xavier_uniform_
import torch.nn.init as init
assert nn is torch.nn is reference_engine.nn
assert Linear is inner is nn.Linear
assert Parameter is other is nn.Parameter is torch.nn.parameter.Parameter
assert clip_grad_norm_ is nn.utils.clip_grad_norm_
assert xavier_uniform_ is init.xavier_uniform_ is nn.init.xavier_uniform_
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
