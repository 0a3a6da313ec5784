"""Saved files: PyTorch reads what the engine writes, the engine what PyTorch writes, and no more.

`PYTHONPATH=. python tests/reference_engine/test_serialization.py` records PyTorch's file anew.
"""

import collections
import contextlib
import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference_engine
from reference_engine._serialization import load, save
from reference_engine.nn.parameter import Parameter

try:
    import torch
except ImportError:
    torch = None

RECORDED = Path(__file__).parent / "data" / "saved.pt"


def sample(module, parameter):
    """Everything that can be saved."""
    grid = module.arange(6.0).reshape(2, 3)
    made = collections.OrderedDict(
        grid=grid,
        view=grid.t(),
        part=grid[1, 1:],
        repeated=module.ones(1).expand(3),
        parameter=parameter(module.ones(2)),
        fixed=parameter(module.ones(2), requires_grad=False),
        followed=module.ones(2, requires_grad=True) * 2,
        scalar=module.tensor(1.5, dtype=module.float64),
        half=module.ones(2, dtype=module.float16),
        mask=module.tensor([True, False]),
        bytes=module.tensor([1, 2], dtype=module.uint8),
        none_at_all=module.zeros(0, 3),
        numbers=[3, -7, 2**40, -(2**70), 1.5, True, None],
        text="naïve",
        nested=[1, (2, [], ()), {"k": {}, 3: module.tensor(2)}],
        dtype=module.float64,
        shape=grid.shape,
        device=module.device("cpu"),
        set={1, 2},
    )
    made["again"] = made["grid"]
    made._metadata = {"": {"version": 1}}
    return made


def file_of(write, value):
    file = io.BytesIO()
    write(value, file)
    file.seek(0)
    return file


def assert_same(found, expected):
    assert type(found).__name__ == type(expected).__name__
    if hasattr(found, "detach"):
        assert str(found.dtype) == str(expected.dtype)
        assert found.requires_grad == expected.requires_grad
        if found.numel():
            assert found.stride() == expected.stride()
        np.testing.assert_array_equal(found.detach().numpy(), expected.detach().numpy())
    elif isinstance(found, dict):
        assert list(found) == list(expected)
        for key in found:
            assert_same(found[key], expected[key])
    elif isinstance(found, (list, tuple)):
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert str(found) == str(expected)


def test_what_was_saved_is_loaded():
    value = sample(reference_engine, Parameter)
    found = load(file_of(save, value))
    assert_same(found, value)
    assert found._metadata == value._metadata


def test_the_recorded_file_of_pytorch_s_is_loaded():
    assert_same(load(RECORDED), sample(reference_engine, Parameter))


@pytest.mark.pytorch
def test_pytorch_loads_what_was_saved_here():
    file = file_of(save, sample(reference_engine, Parameter))
    assert_same(torch.load(file), sample(torch, torch.nn.Parameter))


@pytest.mark.pytorch
def test_what_pytorch_saved_is_loaded_here():
    file = file_of(torch.save, sample(torch, torch.nn.Parameter))
    assert_same(load(file), sample(reference_engine, Parameter))


@pytest.mark.pytorch
def test_a_model_and_its_optimizer_go_to_and_fro():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    returned = torch.load(file_of(save, load(file_of(torch.save, saved))))
    model.load_state_dict(returned["model"])
    optimizer.load_state_dict(returned["optimizer"])
    assert_same(returned["optimizer"]["state"], saved["optimizer"]["state"])


def test_a_path_is_as_good_as_a_file(tmp_path):
    value = {"w": reference_engine.ones(2)}
    save(value, tmp_path / "model.pt")
    assert_same(load(str(tmp_path / "model.pt")), value)
    assert zipfile.ZipFile(tmp_path / "model.pt").namelist()[0] == "model/data.pkl"


def test_tensors_that_share_memory_share_it_again():
    found = load(file_of(save, sample(reference_engine, Parameter)))
    assert found["again"] is found["grid"]
    found["grid"][0, 1] = 99.0
    assert found["view"][1, 0].item() == 99.0


def test_loaded_tensors_are_leaves():
    found = load(file_of(save, sample(reference_engine, Parameter)))
    assert found["followed"].is_leaf
    assert found["followed"].requires_grad


def test_one_value_gives_one_file():
    files = [file_of(save, sample(reference_engine, Parameter)).getvalue() for _ in range(2)]
    assert files[0] == files[1]


def test_an_object_of_another_kind_is_not_saved():
    with pytest.raises(AttributeError, match=r"torch\.save\(object\) is not covered"):
        save({"some": object()}, io.BytesIO())


class Harmful:
    def __reduce__(self):
        return os.system, ("exit 1",)


def archive(program):
    """A file of PyTorch's with a program of one's own."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr("archive/data.pkl", program)
        written.writestr("archive/byteorder", "little")
        written.writestr("archive/data/0", b"\0" * 24)
        written.writestr("archive/version", "3\n")
    file.seek(0)
    return file


def test_a_file_cannot_name_what_is_called():
    file = archive(pickle.dumps({"x": Harmful()}, protocol=2))
    with pytest.raises(pickle.UnpicklingError, match=r"GLOBAL \w+\.system was not an allowed"):
        load(file)


def test_without_weights_only_such_an_object_is_still_not_made():
    file = archive(pickle.dumps({"x": Harmful()}, protocol=2))
    with pytest.raises(AttributeError, match=r"torch\.load\(\w+\.system\) is not covered"):
        load(file, weights_only=False)


@pytest.mark.parametrize(
    ("offset", "size", "stride"), [(4, 3, 1), (0, 3, 3), (0, 7, 1), (-1, 2, 1)]
)
def test_a_tensor_outside_its_storage_is_refused(offset, size, stride):
    program = (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n"
        b"FloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQJ"
        + offset.to_bytes(4, "little", signed=True)
        + bytes([0x4B, size, 0x85, 0x4B, stride, 0x85])
        + b"\x89ccollections\nOrderedDict\n)RtR."
    )
    with pytest.raises(RuntimeError):
        load(archive(program))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_program_raises_and_does_nothing_else(data):
    file = file_of(save, sample(reference_engine, Parameter))
    program = bytearray(zipfile.ZipFile(file).read("archive/data.pkl"))
    for _ in range(3):
        place = data.draw(st.integers(0, len(program) - 1))
        program[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(pickle.UnpicklingError, RuntimeError, AttributeError):
        load(archive(bytes(program)))


@pytest.mark.parametrize("cut", [0, 3, 4, 60, 600, -1])
def test_a_file_cut_short_raises(cut):
    content = file_of(save, sample(reference_engine, Parameter)).getvalue()[:cut]
    with pytest.raises((pickle.UnpicklingError, RuntimeError, EOFError)):
        load(io.BytesIO(content))


@pytest.mark.pytorch
@pytest.mark.parametrize(
    "call",
    [
        "load(io.BytesIO(b'not a zip file at all'))",
        "load('/nowhere/to/be/found.pt')",
        "load(io.BytesIO())",
        "load(module_file)",
        "load(tensor_file, map_location='cuda')",
        "load(tensor_file, map_location={'cpu': 'cuda:0'})",
    ],
)
def test_what_cannot_be_loaded_gives_pytorch_s_error(call):
    texts = []
    for read in (load, torch.load):
        names = {
            "io": io, "load": read, "module_file": file_of(torch.save, torch.nn.Linear(1, 1)),
            "tensor_file": file_of(torch.save, torch.ones(1)),
        }  # fmt: skip
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever PyTorch raises
            eval(call, names)
        texts.append(f"{type(caught.value).__name__}: {caught.value}")
    assert texts[0] == texts[1]


def record():
    """Write the file that PyTorch saves."""
    torch.save(sample(torch, torch.nn.Parameter), RECORDED)


if __name__ == "__main__":
    record()
