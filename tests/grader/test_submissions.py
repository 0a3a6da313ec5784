"""What is handed in becomes submissions: which files, under which ids, with which problems."""

import hashlib
import json
import os
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.messages import render
from grader.notebooks import MAX_BYTES
from grader.submissions import IntakeError, collect
from grader.submissions.handins import original_of

MODULE = "def f(x):\n    return x\n"
NOTEBOOK = json.dumps(
    {
        "nbformat": 4,
        "metadata": {"grader": {"assignment": "manual_backprop", "language": "es"}},
        "cells": [
            {"cell_type": "code", "source": "a = 1"},
            {"cell_type": "markdown", "source": "words"},
            {"cell_type": "code", "source": ["b = 2\n", "c = 3"]},
        ],
    }
)


@pytest.fixture
def folder(tmp_path):
    """A function that writes files, given by their paths and contents, into a new folder."""

    def write(files):
        for name, content in files.items():
            path = tmp_path / "class" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "class"

    return write


def modules(*names):
    return dict.fromkeys(names, MODULE)


def ids(*paths):
    return [one.id for one in collect(paths)]


def only(path):
    (submission,) = collect([path])
    return submission


# -- what a file becomes ------------------------------------------------------------------------


def test_a_module_is_one_cell(folder):
    submission = only(folder({"ana.py": MODULE}))
    assert (submission.id, submission.path, submission.form) == ("ana", "ana.py", "module")
    assert submission.cells == (MODULE,)
    assert submission.sha256 == hashlib.sha256(MODULE.encode()).hexdigest()
    assert submission.problem is None


def test_a_notebook_is_its_code_cells(folder):
    submission = only(folder({"ana.ipynb": NOTEBOOK}))
    assert submission.form == "notebook"
    assert submission.cells == ("a = 1", "b = 2\nc = 3")
    assert (submission.assignment, submission.language) == ("manual_backprop", "es")


def test_the_path_of_a_file_is_shown_as_it_was_given(folder):
    file = folder({"ana.py": MODULE}) / "ana.py"
    assert only(file).path == str(file)


HEADER = """\
# ---
# jupyter:
#   grader:
#     assignment: manual_backprop
#     language: es
# ---
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_module_says_what_it_answers_as_a_notebook_does(folder, ending):
    text = f"{HEADER}\n{MODULE}".replace("\n", ending)
    submission = only(folder({"ana.py": text.encode()}) / "ana.py")
    assert (submission.assignment, submission.language) == ("manual_backprop", "es")
    assert submission.cells == (text,)


@pytest.mark.parametrize(
    "text",
    [
        MODULE,
        HEADER.replace("grader:", "other:"),
        "x = 1\n" + HEADER,
        HEADER.replace("manual_backprop", "../manual_backprop").replace("es", "e s"),
        "# ---\n" + "#\n" * 5_000 + HEADER,
    ],
)
def test_other_comments_say_nothing(folder, text):
    submission = only(folder({"ana.py": text}) / "ana.py")
    assert (submission.assignment, submission.language) == (None, None)


@pytest.mark.parametrize(
    ("data", "source"),
    [
        ("x = 'é'\n".encode(), "x = 'é'\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (b"x = 1\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
    ],
)
def test_a_module_is_decoded_as_python_does(folder, data, source):
    assert only(folder({"ana.py": data})).cells == (source,)


@pytest.mark.parametrize(
    ("name", "data", "problem", "hint"),
    [
        ("a.py", b"", "empty", "save your code"),
        ("a.py", b"\xef\xbb\xbf \n", "empty", "save your code"),
        ("a.ipynb", b"", "empty", "save the notebook"),
        ("a.py", b"x = '\xe9'\n", "unreadable", "save it as UTF-8"),
        ("a.py", b"# coding: no-such-thing\n", "unreadable", "save it as UTF-8"),
        ("a.py", b"# coding: rot13\nk = 1\n", "unreadable", "save it as UTF-8"),
        ("a.py", b"# coding: unicode_escape\nx\n", "unreadable", "save it as UTF-8"),
        ("a.py", "x = 1".encode("utf-16"), "unreadable", "saved as UTF-16"),
        ("a.py", NOTEBOOK, "unreadable", "ends in .ipynb"),
        ("a.ipynb", MODULE, "unreadable", "ends in .py"),
        ("a.ipynb", "{", "unreadable", "open it in Jupyter"),
        ("a.py", b" " * (MAX_BYTES + 1), "too_large", "remove data"),
        ("a.ipynb", b" " * (MAX_BYTES + 1), "too_large", "clear its outputs"),
        ("a.pdf", b"%PDF-1.7", "wrong_file_type", "a PDF"),
        ("a.docx", b"PK", "wrong_file_type", "a Word document"),
        ("a.ZIP", b"PK", "wrong_file_type", "an archive"),
        ("a.ipynb.txt", NOTEBOOK, "wrong_file_type", "ends in .ipynb"),
        ("a.ipynb.json", NOTEBOOK, "wrong_file_type", "ends in .ipynb"),
    ],
)
def test_a_problem_says_what_to_do_next(folder, name, data, problem, hint):
    submission = only(folder({name: data}))
    assert (submission.problem, submission.form, submission.cells) == (problem, None, ())
    said = render(submission.problem_message)
    assert hint in said
    assert said.endswith(".")
    assert "\n" not in said


def test_a_file_of_any_other_type_is_told_so_when_it_is_named(folder):
    file = folder({"ana.csv": "1,2"}) / "ana.csv"
    assert only(file).problem == "wrong_file_type"


def test_a_pipe_is_no_submission_and_nobody_waits_for_it(folder):
    place = folder({"ana.py": MODULE})
    os.mkfifo(place / "bob.py")
    assert ids(place) == ["ana"]
    assert only(place / "bob.py").problem == "unreadable"


def test_a_file_that_vanishes_costs_only_itself(folder):
    place = folder(modules("ana.py", "bob.py"))
    submissions = collect([place])
    (place / "ana.py").unlink()
    assert [one.problem for one in submissions] == ["unreadable", None]


def test_a_file_that_becomes_a_link_is_not_followed(folder, tmp_path):
    place = folder(modules("ana.py"))
    submissions = collect([place])
    (tmp_path / "secret.py").write_text("secret = 1")
    (place / "ana.py").unlink()
    (place / "ana.py").symlink_to(tmp_path / "secret.py")
    assert [one.problem for one in submissions] == ["unreadable"]


@given(st.binary(max_size=200))
def test_any_bytes_in_a_module_are_source_or_a_problem(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("any") / "a.py"
    file.write_bytes(data)
    submission = only(file)
    assert (submission.form is None) != (submission.problem is None)


# -- which files are submissions ----------------------------------------------------------------


def test_what_is_no_hand_in_is_passed_over(folder):
    place = folder(
        modules("ana.py", "_draft.py", ".hidden.py", "conftest.py", "setup.py")
        | modules("__pycache__/ana.py", ".ipynb_checkpoints/ana.py", ".git/hook.py")
        | modules("venv/lib/torch.py")
        | {"venv/pyvenv.cfg": "", "data.csv": "1", "README.md": "", "points.json": "{}"}
        | {"requirements.txt": "numpy"}
    )
    assert ids(place) == ["ana"]


def test_links_in_a_folder_are_passed_over(folder, tmp_path):
    place = folder(modules("ana.py"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "eve.py").write_text(MODULE)
    (place / "linked").symlink_to(elsewhere)
    (place / "mallory.py").symlink_to(elsewhere / "eve.py")
    assert ids(place) == ["ana"]


def test_a_document_beside_an_answer_accompanies_it(folder):
    place = folder(modules("ana.py", "bob/hw.py") | {"ana.pdf": "%PDF", "bob/report.pdf": "%PDF"})
    assert ids(place) == ["ana", "bob"]


def test_a_document_alone_is_a_hand_in_of_the_wrong_type(folder):
    place = folder(modules("ana.py") | {"bob.pdf": "%PDF", "carla/report.docx": "PK"})
    problems = {one.id: one.problem for one in collect([place])}
    assert problems == {"ana": None, "bob": "wrong_file_type", "carla": "wrong_file_type"}


def test_the_results_of_an_earlier_run_are_no_hand_ins(folder):
    names = ("index.html", "projector.html", "pages/students/0a1b.html", "pages/students/2c3d.html")
    reports = {f"results/{name}": "<html>" for name in names} | {"results/results.json": "{}"}
    assert ids(folder(modules("ana.py") | reports)) == ["ana"]


def test_beside_the_results_of_an_earlier_run_hand_ins_are_found(folder):
    reports = {"index.html": "<html>", "results.json": "{}"}
    assert ids(folder({**reports, "bob/answer.html": "<html>"})) == ["bob"]


def test_what_is_passed_over_where_no_answer_stands_is_told(folder):
    files = {"bob/homework": MODULE, "data.csv": "1", "ana/data.csv": "1", "Thumbs.db": "x"}
    (remark,) = collect([folder(modules("ana/hw.py") | files)]).remarks
    assert render(remark).endswith("passed over, since it is no answer: data.csv, bob/homework")


def test_of_a_file_that_waits_to_be_read_little_is_held(folder):
    place = folder(modules(*(f"student{number:06}.py" for number in range(500))))
    tracemalloc.start()
    try:
        submissions = collect([place])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(submissions) == 500
    assert held / 500 < 500


# -- under which ids ----------------------------------------------------------------------------


def test_submissions_come_sorted_by_id(folder):
    assert ids(folder(modules("carla.py", "ana.ipynb", "bob.py"))) == ["ana", "bob", "carla"]


def test_in_one_folder_a_student_the_folder_is_the_id(folder):
    assert ids(folder(modules("ana/hw1.py", "bob/hw1.py", "carla/ps1/hw1.py"))) == [
        "ana",
        "bob",
        "carla",
    ]


def test_sections_may_hold_the_students_folders(folder):
    place = folder(modules("monday/ana/hw.py", "monday/bob/hw.py", "friday/carla/hw.py"))
    place = folder(modules("friday/dora/hw.py"))
    assert ids(place) == ["ana", "bob", "carla", "dora"]


def test_a_folder_with_several_submissions_stands_before_their_names(folder):
    place = folder(modules("ana/hw1.py", "ana/hw2.py", "bob/hw1.py"))
    assert ids(place) == ["ana/hw1", "ana/hw2", "bob"]


@pytest.mark.parametrize(
    "others",
    [("ana/ana.ipynb", "ana/ana (1).ipynb"), ("ana/hw.py", "ana/hw - Copy.py", "bob/hw.py")],
)
def test_copies_in_a_students_folder_are_one_hand_in(folder, others):
    ana = next(one for one in collect([folder(modules(*others))]) if one.id == "ana")
    assert (ana.path, ana.others, ana.flags) == (others[1], (others[0],), ("several_files",))


@pytest.mark.parametrize(
    "names",
    [
        ("hw.py", "hw (1).py"),
        ("monday/hw.py", "monday/hw (1).py"),
        ("monday/hw.py", "monday/hw (1).py", "friday/hw.py", "friday/hw (1).py"),
    ],
)
def test_numbered_files_that_may_be_of_several_students_are_all_kept(folder, names):
    assert len(ids(folder(modules(*names)))) == len(names)


IMPORTS = "import numpy as np, helper as h\nfrom more.inner import g\n"


def with_helpers(*students):
    """A folder a student: a notebook that imports a module, which imports another."""
    files = {}
    for one in students:
        cells = [{"cell_type": "code", "source": f"{IMPORTS}{MODULE}"}]
        files[f"{one}/hw.ipynb"] = json.dumps({"nbformat": 4, "cells": cells})
        files[f"{one}/helper.py"] = "  from last import *\n"
        files[f"{one}/last.py"] = ""
    return files


def test_modules_that_a_file_of_a_folder_a_student_imports_are_part_of_it(folder):
    ana, bob, carla = collect([folder(with_helpers("ana", "bob") | modules("carla/hw.py"))])
    assert (ana.id, ana.path, ana.others, ana.flags) == ("ana", "ana/hw.ipynb", (), ())
    assert bob.modules == {"helper": "  from last import *\n", "last": ""}
    assert (carla.id, carla.modules) == ("carla", {})


def test_a_module_with_modules_of_its_own_is_one_answer_where_answers_have_one_name(folder):
    files = {"ana/hw.py": "import numpy, a\n", "ana/a.py": "import b\n", "ana/b.py": ""}
    ana, bob = collect([folder(files | modules("bob/hw.py"))])
    assert (ana.path, set(ana.modules), ana.flags) == ("ana/hw.py", {"a", "b"}, ())
    assert bob.id == "bob"


@pytest.mark.parametrize("line", ["%run -i helper.py", "exec(open('helper.py').read())"])
def test_a_file_that_is_run_is_part_of_what_runs_it(folder, line):
    place = folder({"hw.py": f"x = 1\n{line}\n", "helper.py": "y = 2\n"})
    assert set(own(place / "hw.py").modules) == {"helper"}


def test_a_changed_module_is_a_changed_submission(folder):
    place = folder(with_helpers("ana", "bob"))
    ana, bob = collect([place])
    assert ana.sha256 == bob.sha256
    folder({"ana/last.py": "x = 1"})
    changed, same = collect([place])
    assert changed.sha256 != ana.sha256
    assert same.sha256 == bob.sha256


@pytest.mark.parametrize(
    "files",
    [
        # one folder, which may be a group's
        with_helpers("group"),
        # one beside whole classes
        with_helpers("ana") | modules("monday/a.py", "monday/b.py"),
        # a module that nothing imports
        with_helpers("ana", "bob") | modules("ana/other.py", "bob/other.py"),
        # nobody takes another's answer by importing it
        {"ana.py": "import bob", "bob.py": MODULE},
        {"monday/ana.py": "import bob", "monday/bob.py": MODULE, "carla/hw.py": MODULE},
    ],
)
def test_nothing_is_taken_for_a_part_of_another_where_that_is_not_clear(folder, files):
    gradable = [name for name in files if name.endswith((".py", ".ipynb"))]
    assert len(ids(folder(files))) == len(gradable)


def test_what_cannot_be_a_module_is_left_out(folder):
    files = {"ana/helper.py": "x" * (2**20 + 1), "bob/helper.py": b"\xff\xfe"}
    cell = {"cell_type": "code", "source": "import helper"}
    answer = json.dumps({"nbformat": 4, "cells": [cell]})
    answers = dict.fromkeys(("ana/hw.ipynb", "bob/hw.ipynb"), answer)
    for one in collect([folder(files | answers)]):
        assert (one.problem, one.modules) == (None, {})


def test_modules_that_are_too_much_together_are_left_out(folder):
    half = "x" * (2**19 + 1)
    place = folder(
        {"hw.py": "import a\nimport b\nimport c\n", "a.py": half, "b.py": half, "c.py": ""}
    )
    assert set(own(place / "hw.py").modules) == {"a", "c"}


def own(path, **more):
    """A file as whoever wrote it gives it."""
    (submission,) = collect([path], with_modules=True, **more)
    return submission


def test_a_file_of_ones_own_is_run_with_the_modules_beside_it(folder):
    place = folder(with_helpers("ana")) / "ana"
    assert set(own(place / "hw.ipynb").modules) == {"helper", "last"}
    assert set(own(place / "hw.ipynb", leaving_out=[place / "last.py"]).modules) == {"helper"}


def test_a_file_of_somebodys_is_not_run_with_what_lies_beside_it(folder):
    assert only(folder(with_helpers("ana")) / "ana" / "hw.ipynb").modules == {}


def test_a_module_that_is_a_link_is_not_taken(folder, tmp_path):
    (tmp_path / "secret.py").write_text("x = 1")
    place = folder({"hw.py": "import helper\n"})
    (place / "helper.py").symlink_to(tmp_path / "secret.py")
    assert own(place / "hw.py").modules == {}


@pytest.mark.parametrize("name", ["../secret", "a" * 5_000, "hw", "os"])
def test_an_import_leads_nowhere_else(folder, name):
    place = folder(
        {"class/hw.py": f"import {name}\nimport other\n", "class/other.py": "", "secret.py": ""}
    )
    assert set(own(place / "class" / "hw.py").modules) == {"other"}


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("hw (2)", "hw"),
        ("hw(2)", "hw"),
        ("Cópia de hw", "hw"),
        ("Co\u0301pia de hw (1)", "hw"),
        ("hw-Copy1", "hw"),
        ("hw - Copia (3)", "hw"),
        ("photocopy", "photocopy"),
        ("(1)", "(1)"),
        ("week 2", "week 2"),
    ],
)
def test_the_name_of_a_copy_names_its_original(name, original):
    assert original_of(name) == original


def test_the_same_name_in_two_folders_gives_two_ids(folder):
    place = folder(modules("week1/ana.py", "week2/ana.py", "week2/bob.py"))
    assert ids(place / "week1", place / "week2") == ["bob", "week1/ana", "week2/ana"]


def test_a_notebook_and_a_module_of_one_name_give_two_ids(folder):
    assert ids(folder(modules("ana.py", "ana.ipynb"))) == ["class/ana.ipynb", "class/ana.py"]


def test_files_that_differ_only_in_their_folders_give_two_ids(folder):
    place = folder(modules("x/hw/ana.py", "y/hw/ana.py"))
    first, second = place / "x" / "hw" / "ana.py", place / "y" / "hw" / "ana.py"
    assert ids(first, second) == [str(first), str(second)]


def test_a_file_that_is_given_twice_is_one_submission(folder):
    place = folder(modules("ana.py", "bob.py"))
    assert ids(place, place / "ana.py", place / ".." / "class") == ["ana", "bob"]


names = st.lists(
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map("/".join),
    min_size=1,
    max_size=8,
    unique=True,
)


@given(names, st.randoms())
def test_ids_are_distinct_and_do_not_depend_on_the_order_given(tmp_path_factory, paths, random):
    place = tmp_path_factory.mktemp("class")
    files = []
    for name in paths:
        file = place / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(MODULE)
        files.append(file)
    given_ids = ids(*files)
    assert len(set(given_ids)) == len(files)
    random.shuffle(files)
    assert ids(*files) == given_ids


def test_a_name_that_is_no_utf_8_gives_an_id_that_can_be_written(folder):
    place = folder(modules("ana.py"))
    (place / os.fsdecode(b"b\xe9a.py")).write_text(MODULE)
    assert [(one.id, one.path) for one in collect([place])] == [
        ("ana", "ana.py"),
        ("b\\xe9a", "b\\xe9a.py"),
    ]


def test_an_id_is_the_same_however_a_system_writes_accents(folder):
    place = folder(modules("Jo\u0061\u0303o/hw.py", "ana/hw.py"))
    assert ids(place) == ["Jo\u00e3o", "ana"]


def test_names_that_differ_in_how_accents_are_written_alone_give_two_ids(folder):
    place = folder(modules("ana.py"))
    for name in ("e\u0301", "\u00e9"):
        (place / f"{name}.py").write_text(MODULE)
    if len(list(place.iterdir())) == 2:
        pytest.skip("this file system does not tell them apart")
    assert len(set(ids(place))) == 3


# -- mistakes of the person who grades ----------------------------------------------------------


def test_a_missing_path_is_named(folder):
    missing = folder(modules("ana.py")) / "nobody.py"
    with pytest.raises(IntakeError, match=r"nobody\.py does not exist"):
        collect([missing])


def test_a_folder_without_submissions_says_what_was_looked_for(folder):
    place = folder({"data.csv": "1,2", "_draft.py": MODULE})
    with pytest.raises(IntakeError, match=r"no submissions.*\.ipynb.*\.py") as raised:
        collect([place])
    assert "\n" not in str(raised.value)
