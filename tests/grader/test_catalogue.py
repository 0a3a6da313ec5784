import builtins
import sys
from pathlib import Path

import pytest

from grader.assignment.inputs import AssignmentError
from grader.catalogue import UnknownAssignment, bundled, load

FILE = """
from grader import Assignment, array

hw = Assignment("doubling", title="Doubling")


@hw.question(points=1, inputs={"x": array("n")})
def double(x):
    return 2 * x
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "assignment.py"
    path.write_text(FILE)
    return path


def test_every_bundled_assignment_loads_under_its_own_id():
    assert {load(name).id for name in bundled()} == set(bundled())
    assert bundled()


def test_a_file_loads_by_its_path_or_its_folder(file):
    assert load(file)["double"].points == 1
    assert load(file.parent).id == "doubling"


def test_a_loaded_assignment_knows_its_folder(file):
    assert load(file).path == file.parent


def test_loading_changes_nothing_global(file):
    before = (dict(sys.modules), list(sys.path), builtins.__import__)
    load(file)
    assert (dict(sys.modules), list(sys.path), builtins.__import__) == before


def test_every_load_is_a_new_assignment(file):
    assert load(file) is not load(file)


def test_an_unknown_name_gets_near_ones_and_the_way_to_the_list():
    name = bundled()[0]
    with pytest.raises(UnknownAssignment, match=f"{name}.*grader list"):
        load(name[:-1] + "q")


@pytest.mark.parametrize("name", ["notes.txt", "empty"])
def test_what_is_no_assignment_file_is_told_so(tmp_path, name):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnknownAssignment, match=r"assignment\.py"):
        load(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("x = 1\ny = x / 0\n", 2, "ZeroDivisionError"),
        ("x = 1\nif x\n", 2, "expected ':'"),
        ("import no_such_module_anywhere\n", 1, "ModuleNotFoundError"),
        ("raise SystemExit(3)\n", 1, "SystemExit"),
        ("def f():\n    raise ValueError('two\\nlines')\nf()\n", 2, "two lines"),
        ("x = 1\n", None, "no Assignment"),
        (FILE + "\nother = Assignment('second', title='Second')\n", None, "doubling, second"),
        (FILE.partition("@hw")[0], None, "asks nothing"),
        (FILE.replace("points=1", "points=-1"), 7, "points"),
        (FILE.replace('"x": array', '"y": array'), 7, "inputs"),
        (FILE.replace("points=1", "marks=1"), 7, "marks"),
    ],
)
def test_a_file_at_fault_is_told_by_file_line_and_reason(file, text, line, told):
    file.write_text(text)
    with pytest.raises(AssignmentError, match=told) as caught:
        load(file)
    assert caught.value.file == str(file)
    assert caught.value.line == line
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_told_so(file):
    file.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(AssignmentError):
        load(file)


@pytest.mark.pytorch
def test_the_engine_becomes_pytorch_only_for_the_file_that_is_loaded_so(tmp_path):
    import torch

    path = tmp_path / "assignment.py"
    path.write_text(
        "import reference_engine as engine\nfrom reference_engine import autograd\n" + FILE
    )
    names = load(path, torch="real")["double"].reference.__globals__
    assert (names["engine"], names["autograd"]) == (torch, torch.autograd)
    assert sys.modules.get("reference_engine") is not torch


def test_without_pytorch_a_file_that_needs_it_says_how_to_get_it(file):
    if "torch" in sys.modules or any((Path(p) / "torch").is_dir() for p in sys.path):
        pytest.skip("PyTorch is installed")
    file.write_text("import reference_engine as torch\n" + FILE)
    with pytest.raises(AssignmentError, match="pip install"):
        load(file, torch="real")
