"""torch.utils.cpp_extension: described extensions are, compiled ones fail with PyTorch's words."""

import subprocess
import sys

import pytest

from reference_engine.utils import cpp_extension

NINJA = r"^Ninja is required to load C\+\+ extensions \(pip install ninja to get it\)$"


def test_loading_sources_fails_where_pytorchs_does_without_ninja(tmp_path):
    source = tmp_path / "exponential.cpp"
    source.touch()
    for sources in (str(source), [str(source)]):
        with pytest.raises(RuntimeError, match=NINJA):
            cpp_extension.load(name="exponential", sources=sources, verbose=True)


def test_sources_that_are_not_there_are_missed_first():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        cpp_extension.load("exponential", ["nowhere.cpp"])


def test_code_in_a_string_is_not_compiled_either():
    with pytest.raises(RuntimeError, match=NINJA):
        cpp_extension.load_inline("one", "int one() { return 1; }", functions=["one"])


def test_an_extension_can_be_described():
    extension = cpp_extension.CppExtension("one", ("one.cpp",), extra_compile_args=["-O3"])
    assert (extension.name, extension.sources, extension.language) == ("one", ["one.cpp"], "c++")
    assert extension.extra_compile_args == ["-O3"]


@pytest.mark.parametrize("made", [False, True])
def test_building_one_fails_when_it_is_begun(made):
    build = cpp_extension.BuildExtension
    with pytest.raises(RuntimeError, match=NINJA):
        (build.with_options(use_ninja=False) if made else build)()


PROGRAM = """
import reference_engine.facade
reference_engine.facade.install()
import torch
from torch.utils.cpp_extension import load
from torch.utils import cpp_extension
import torch.utils.cpp_extension as again
print(load is cpp_extension.load is again.load is torch.utils.cpp_extension.load)
"""


def test_it_is_imported_by_pytorchs_name():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n", done.stderr
