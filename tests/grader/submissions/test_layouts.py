"""What learning systems hand out, built by following their specifications, and read back."""

import json
import os
import tarfile
import zipfile

import pytest

from grader.messages import render
from grader.submissions import LAYOUTS, IntakeError, collect

MODULE = "def f(x):\n    return x\n"
NOTEBOOK = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "a = 1"}]})

CANVAS = {
    "doejane_1042_77001_hw1.ipynb": NOTEBOOK,
    "silvajoao_LATE_1043_77002_hw1-1.py": MODULE,
    "kimmin_1044_link.html": '<html><body><a href="https://colab.example/x">x</a></body></html>',
    "roeann_LATE_1045_text.html": "<p>I could not do it.</p>",
}
MOODLE_FOLDERS = {
    "João Álvares_1042_assignsubmission_file_/hw1.ipynb": NOTEBOOK,
    "Ana da Silva_1043_assignsubmission_file/hw1 (1).py": MODULE,
    "Kim Min_1044_assignsubmission_onlinetext/onlinetext.html": "<p>Sorry.</p>",
}
MOODLE_FLAT = {
    "João Álvares_1042_assignsubmission_file_hw1.ipynb": NOTEBOOK,
    "Ana da Silva_1043_assignsubmission_file_hw1.py": MODULE,
}
GRADESCOPE = {
    "assignment_9_export/submission_metadata.yml": """
submission_501:
  :submitters:
  - :name: Jane Doe
    :sid: '1042'
    :email: jane@uni.example
  :created_at: 2026-03-01 12:00:00.000000000 Z
  :score: 0.0
  :history: []
submission_502:
  :submitters:
  - :name: Ana Silva
    :sid: '1043'
    :email: ana@uni.example
  - :name: Kim Min
    :sid: '1044'
    :email: kim@uni.example
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-03-02 09:30:00.000000000 Z
    time: 2026-03-02 01:30:00.000000000 Z
  :score:
""",
    "assignment_9_export/submission_501/hw1.ipynb": NOTEBOOK,
    "assignment_9_export/submission_502/hw1.py": MODULE,
    "assignment_9_export/submission_502/notes.txt": "notes",
}
AUTOGRADER = {
    "submission_metadata.json": json.dumps(
        {
            "id": 123,
            "created_at": "2026-03-03T10:00:00.000000-08:00",
            "assignment": {"due_date": "2026-03-03T17:00:00.000000+00:00", "total_points": "20.0"},
            "users": [{"email": "jane@uni.example", "id": 1, "name": "Jane Doe"}],
            "previous_submissions": [],
        }
    ),
    "submission/hw1.py": MODULE,
    "results/stdout": "",
    "source/run.py": MODULE,
}
NBGRADER = {
    "submitted/jane/ps1/problem.ipynb": NOTEBOOK,
    "submitted/jane/ps1/timestamp.txt": "2026-03-01 12:00:00.123456 UTC",
    "submitted/kim/ps1/problem.ipynb": NOTEBOOK,
}
CLASSROOM = {
    "hw1-submissions/hw1-jane/answer.py": MODULE,
    "hw1-submissions/hw1-jane/tests/test_answer.py": MODULE,
    "hw1-submissions/hw1-jane/.github/check.py": MODULE,
    "hw1-submissions/hw1-kim-min/answer.ipynb": NOTEBOOK,
    "hw1-submissions/hw1-kim-min/test_answer.py": MODULE,
}


@pytest.fixture
def build(tmp_path):
    """Builds the files given by their paths in a folder, or in an archive of a kind."""

    def make(files, *, form="folder", name="export"):
        if form == "folder":
            for path, content in files.items():
                place = tmp_path / name / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(content, encoding="utf-8")
            return tmp_path / name
        archive = tmp_path / f"{name}.{form}"
        if form == "zip":
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
                for path, content in files.items():
                    file.writestr(path, content)
            return archive
        folder = make(files, name=f"{name} unpacked")
        with tarfile.open(archive, "w" if form == "tar" else f"w:{form[4:]}") as file:
            file.add(folder, arcname=".")
        return archive

    return make


def found(*paths, **options):
    return {one.id: one for one in collect(paths, **options)}


FORMS = ["folder", "zip", "tar", "tar.gz"]


# -- Canvas ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_canvas_names_hold_student_lateness_and_user(build, form):
    students = found(build(CANVAS, form=form))
    assert list(students) == ["doejane_1042", "kimmin_1044", "roeann_1045", "silvajoao_1043"]
    jane, joao = students["doejane_1042"], students["silvajoao_1043"]
    assert (jane.form, jane.late, jane.problem) == ("notebook", False, None)
    assert (joao.form, joao.late) == ("module", True)
    assert jane.lms == {"system": "canvas", "user_id": "1042", "attachment_id": "77001"}


def test_a_canvas_link_and_a_typed_text_are_no_files(build):
    students = found(build(CANVAS))
    assert students["kimmin_1044"].problem == "link_only"
    assert "download the notebook" in render(students["kimmin_1044"].problem_message)
    assert students["roeann_1045"].problem == "wrong_file_type"
    assert students["roeann_1045"].late


def test_on_canvas_the_largest_attachment_id_is_the_newest(build):
    files = {
        "doejane_1042_9_hw1.ipynb": NOTEBOOK,
        "doejane_1042_10_hw1-1.py": MODULE,
        "doejane_1042_11_report.pdf": "%PDF",
    }
    place = build(files)
    os.utime(place / "doejane_1042_9_hw1.ipynb")  # the time of unpacking says nothing
    (jane,) = collect([place])
    assert jane.path == "doejane_1042_10_hw1-1.py"
    assert jane.others == ("doejane_1042_11_report.pdf", "doejane_1042_9_hw1.ipynb")
    assert jane.flags == ()


def test_canvas_does_not_say_whether_two_files_were_handed_in_together(build):
    (jane,) = collect([build(dict.fromkeys(("x_1_8_hw.py", "x_1_9_helper.py"), MODULE))])
    assert (jane.path, jane.flags) == ("x_1_9_helper.py", ("several_files",))


def test_on_canvas_a_module_that_is_imported_is_part_of_what_imports_it(build):
    imports = "from helper import f\n"
    files = {"x_1_8_hw.py": imports, "x_1_9_helper.py": "old = 1", "x_1_10_helper-1.py": "new = 1"}
    (jane,) = collect([build(files)])
    assert (jane.path, jane.flags) == ("x_1_8_hw.py", ())
    assert jane.modules == {"helper": "new = 1"}
    assert jane.others == ("x_1_9_helper.py",)


def test_of_two_downloads_a_file_is_run_with_what_it_imports_itself(build):
    first = build({"x_1_8_hw.py": "import old", "x_1_9_old.py": "1"}, form="zip", name="monday")
    second = build({"x_1_8_hw.py": "import new", "x_1_7_new.py": "2"}, form="zip", name="tuesday")
    (jane,) = collect([first, second])
    assert jane.modules == {"old": "1"}


def test_a_repository_is_run_with_the_modules_in_it(build):
    files = {"hw.py": "import helper", "helper.py": MODULE, "tests/helper.py": "no = 1"}
    place = build({f"hw1-ana/{name}": text for name, text in files.items()}, name="hw1-submissions")
    (ana,) = collect([place])
    assert (ana.id, ana.modules, ana.flags) == ("ana", {"helper": MODULE}, ())


def test_files_that_import_each_other_are_one_of_them(build):
    files = {"x_1_8_one.py": "import two", "x_1_9_two.py": "import one"}
    (jane,) = collect([build(files | {"x_1_10_report.pdf": "%PDF"})])
    assert (jane.path, set(jane.modules)) == ("x_1_9_two.py", {"one"})


def test_two_canvas_students_of_one_name_are_two(build):
    files = {"kimmin_7_1_hw.py": MODULE, "kimmin_8_2_hw.py": MODULE}
    assert list(found(build(files))) == ["kimmin_7", "kimmin_8"]


def test_a_canvas_id_does_not_depend_on_who_else_is_there(build):
    alone = found(build({"kimmin_7_1_hw.py": MODULE}, name="one"))
    both = found(build({"kimmin_7_1_hw.py": MODULE, "kimmin_8_2_hw.py": MODULE}, name="two"))
    assert set(alone) <= set(both)


def test_two_downloads_of_canvas_are_one_class(build):
    first = build({"kimmin_7_1_hw.py": MODULE}, form="zip", name="monday")
    second = build({"kimmin_7_5_hw-1.py": MODULE}, form="zip", name="tuesday")
    (kim,) = collect([second, first])
    assert kim.lms["attachment_id"] == "5"
    assert kim.others == ("kimmin_7_1_hw.py",)


def test_anonymous_canvas_grading_keeps_its_codes(build):
    students = found(build({"anon_aB3dE_77_hw.py": MODULE, "anon_LATE_Zz9_78_hw.py": MODULE}))
    assert students["anon_aB3dE"].lms["anonymous_id"] == "aB3dE"
    assert students["anon_Zz9"].late


# -- Moodle ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_moodle_folders_hold_name_and_participant(build, form):
    students = found(build(MOODLE_FOLDERS, form=form))
    assert list(students) == ["Ana da Silva_1043", "João Álvares_1042", "Kim Min_1044"]
    joao = students["João Álvares_1042"]
    assert (joao.name, joao.form) == ("João Álvares", "notebook")
    assert joao.lms == {"system": "moodle", "identifier": "Participant 1042"}
    assert students["Kim Min_1044"].problem == "wrong_file_type"


@pytest.mark.parametrize("word", ["Participant", "Participante"])
def test_blind_grading_on_moodle_gives_no_name(build, word):
    (one,) = collect([build({f"{word}_1042_assignsubmission_file/hw1.py": MODULE})])
    assert (one.name, one.lms["identifier"]) == (None, "Participant 1042")


def test_moodles_flat_layout_gives_the_same_ids(build):
    assert list(found(build(MOODLE_FLAT))) == ["Ana da Silva_1043", "João Álvares_1042"]


def test_no_name_of_a_file_makes_it_another_participants(build):
    hostile = "Ana da Silva_1043_assignsubmission_file_x_1042_assignsubmission_file_hw.py"
    files = {hostile: MODULE, "João Álvares_1042_assignsubmission_file_hw1.ipynb": NOTEBOOK}
    students = found(build(files))
    assert list(students) == ["Ana da Silva_1043", "João Álvares_1042"]
    assert students["Ana da Silva_1043"].lms["identifier"] == "Participant 1043"


def test_a_folder_around_an_unpacked_zip_does_no_harm(build):
    files = {f"hw1-77/{name}": content for name, content in MOODLE_FOLDERS.items()}
    assert "João Álvares_1042" in found(build(files))


def test_accents_parted_from_their_letters_give_the_same_id(build):
    import unicodedata

    parted = {unicodedata.normalize("NFD", name): text for name, text in MOODLE_FLAT.items()}
    assert parted.keys() != MOODLE_FLAT.keys()
    assert list(found(build(parted))) == ["Ana da Silva_1043", "João Álvares_1042"]


def test_a_copy_by_its_name_is_newer_where_the_system_knows_no_order(build):
    folder = "Ana_7_assignsubmission_file"
    files = {f"{folder}/{name}.ipynb": NOTEBOOK for name in ("hw", "hw (2)", "hw (1)")}
    (ana,) = collect([build(files)])
    assert ana.path == f"{folder}/hw (2).ipynb"
    assert ana.flags == ("several_files",)
    assert len(ana.others) == 2


@pytest.mark.parametrize("name", ["Cópia de hw.ipynb", "hw (1).ipynb", "Copy of hw.ipynb"])
def test_a_copy_alone_is_an_answer(build, name):
    (ana,) = collect([build({f"Ana_7_assignsubmission_file/{name}": NOTEBOOK})])
    assert (ana.id, ana.problem, ana.flags) == ("Ana_7", None, ())


@pytest.mark.parametrize(
    ("name", "problem", "hint"),
    [
        ("hw.pdf", "wrong_file_type", "a PDF"),
        ("hw.html", "wrong_file_type", "a web page"),
        ("hw.zip", "wrong_file_type", "an archive"),
        ("hw.csv", "wrong_file_type", "another type"),
        ("hw.url", "link_only", "a link"),
    ],
)
def test_what_is_no_answer_is_a_problem_of_its_own(build, name, problem, hint):
    (ana,) = collect([build({f"Ana_7_assignsubmission_file/{name}": "content"}, form="zip")])
    assert ana.problem == problem
    assert hint in render(ana.problem_message)


# -- Gradescope -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_gradescope_export_credits_every_member_of_a_group(build, form):
    students = found(build(GRADESCOPE, form=form))
    assert list(students) == ["ana@uni.example", "jane@uni.example", "kim@uni.example"]
    ana, kim = students["ana@uni.example"], students["kim@uni.example"]
    assert ana.cells == kim.cells
    assert ana.sha256 == kim.sha256
    assert ana.lms["group"] == kim.lms["group"] == "ana@uni.example, kim@uni.example"
    assert (kim.lms["submission_id"], kim.lms["sid"], kim.name) == ("502", "1044", "Kim Min")


def test_a_gradescope_export_says_when(build):
    students = found(build(GRADESCOPE))
    assert students["jane@uni.example"].submitted_at == "2026-03-01T12:00:00+00:00"
    assert students["ana@uni.example"].submitted_at == "2026-03-02T09:30:00+00:00"


def test_the_autograders_tree_holds_one_submission_and_its_lateness(build):
    (jane,) = collect([build(AUTOGRADER, name="autograder")])
    assert (jane.id, jane.name, jane.late) == ("jane@uni.example", "Jane Doe", True)
    assert jane.path == "submission/hw1.py"
    assert jane.submitted_at == "2026-03-03T10:00:00-08:00"


MEANT_TO_HARM = {
    "a list": "- a list",
    "an open list": "a: [",
    "an object of Python's": "!!python/object/apply:os.getcwd []",
    "lists in lists": "[" * 100_000,
    "lists in lists, by dashes": "- " * 100_000,
    # Eight lines that say nine tables nine times each, and so on: 43 million.
    "tables that mean tables": "a0: &a0 {x: 1}\n" + "".join(
        f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 9)
    ),
}  # fmt: skip


@pytest.mark.parametrize("metadata", MEANT_TO_HARM.values(), ids=MEANT_TO_HARM)
def test_metadata_that_gradescope_did_not_write_is_told(build, metadata):
    place = build({"submission_metadata.yml": metadata, "submission_1/hw.py": MODULE})
    with pytest.raises(IntakeError, match="not what Gradescope writes") as raised:
        collect([place])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "entry",
    [
        "  :submitters: 5",
        "  :submitters: 2026-03-01",
        "  :submitters:\n  - :sid: 0x" + "f" * 6000,
        "  :created_at: 0001-01-01 00:00:00 +14:00",
        "  :created_at: 9999-12-31 23:59:59 -14:00",
    ],
)
def test_what_gradescope_would_not_say_of_a_submission_is_not_believed(build, entry):
    metadata = f"submission_1:\n{entry}\n? 0x{'f' * 6000}\n: {{}}\n"
    place = build({"submission_metadata.yml": metadata, "submission_1/hw.py": MODULE})
    (submission,) = collect([place])
    assert (submission.id, submission.submitted_at) == ("submission_1", None)


def test_a_number_of_thousands_of_digits_is_a_submissions_name(build):
    metadata = json.dumps({"id": "9" * 5000, "users": [{"sid": "ana"}]})
    place = build({"submission_metadata.json": metadata, "submission/hw.py": MODULE})
    assert [one.id for one in collect([place])] == ["ana"]


# -- nbgrader and GitHub Classroom ----------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_nbgraders_tree_names_student_and_assignment(build, form):
    students = found(build(NBGRADER, form=form))
    assert list(students) == ["jane", "kim"]
    assert students["jane"].submitted_at == "2026-03-01T12:00:00+00:00"
    assert students["kim"].submitted_at is None
    assert students["jane"].lms == {
        "system": "nbgrader", "student_id": "jane", "assignment_id": "ps1",
    }  # fmt: skip


def test_nbgraders_folder_may_be_given_itself_or_by_assignment(build):
    place = build(NBGRADER)
    assert list(found(place / "submitted")) == ["jane", "kim"]
    each = [place / "submitted" / student / "ps1" for student in ("jane", "kim")]
    assert list(found(*each)) == ["jane", "kim"]


def test_of_a_whole_nbgrader_course_what_was_handed_in_is_graded(build):
    others = ("source/ps1", "release/ps1", "autograded/jane/ps1", "feedback/jane/ps1")
    course = NBGRADER | {f"{folder}/problem.ipynb": NOTEBOOK for folder in others}
    del course["submitted/jane/ps1/timestamp.txt"]
    found_there = collect([build(course)])
    assert (list(found_there.ids), found_there.layouts) == (["jane", "kim"], ("nbgrader",))


def test_a_script_above_the_students_of_nbgrader_hides_none_of_them(build):
    place = build({**NBGRADER, "submitted/collect.py": MODULE}) / "submitted"
    students = found(place)
    assert students["jane"].submitted_at == "2026-03-01T12:00:00+00:00"
    assert students["kim"].lms["system"] == "nbgrader"


def test_several_assignments_of_nbgrader_are_not_mixed(build):
    place = build({**NBGRADER, "submitted/jane/ps2/problem.ipynb": NOTEBOOK})
    with pytest.raises(IntakeError, match=r"holds 2 assignments \(ps1, ps2\).*\*/ps1"):
        collect([place / "submitted"])


def test_cloned_repositories_give_user_names(build):
    students = found(build(CLASSROOM) / "hw1-submissions")
    assert {one.id: one.path for one in students.values()} == {
        "jane": "hw1-jane/answer.py",
        "kim-min": "hw1-kim-min/answer.ipynb",
    }
    assert students["jane"].lms["student_repository_name"] == "hw1-jane"


def test_a_repository_with_a_document_alone_is_a_hand_in_of_the_wrong_type(build):
    documents = {"hw1-zoe/report.pdf": "%PDF", "hw1-jane/report.pdf": "%PDF"}
    students = found(build({"hw1-jane/answer.py": MODULE} | documents, name="hw1-submissions"))
    assert {one.id: one.problem for one in students.values()} == {
        "jane": None,
        "zoe": "wrong_file_type",
    }


# -- recognition ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "below", "layout"),
    [
        (CANVAS, ".", "canvas"),
        (MOODLE_FOLDERS, ".", "moodle"),
        (MOODLE_FLAT, ".", "moodle"),
        (GRADESCOPE, ".", "gradescope"),
        (AUTOGRADER, ".", "gradescope"),
        (NBGRADER, "submitted", "nbgrader"),
        (CLASSROOM, "hw1-submissions", "classroom"),
        ({"jane.py": MODULE, "kim.ipynb": NOTEBOOK}, ".", "plain"),
        ({"jane/ps1/hw.py": MODULE, "kim/ps1/hw.py": MODULE}, ".", "plain"),
        ({"hw_1_2.py": MODULE, "week_3_notes.py": MODULE}, ".", "plain"),
    ],
)
def test_a_layout_is_recognised(build, files, below, layout):
    assert collect([build(files) / below]).layouts == (layout,)


def test_a_layout_can_be_forced(build):
    assert len(found(build(CANVAS), layout="plain")) == 4
    assert "doejane_1042" not in found(build(CANVAS, name="again"), layout="plain")


@pytest.mark.parametrize("layout", [one for one in LAYOUTS if one != "plain"])
def test_a_layout_that_is_not_there_is_told(build, layout):
    with pytest.raises(IntakeError, match=r"export"):
        collect([build({"jane.py": MODULE})], layout=layout)


def test_two_systems_that_name_a_student_alike_give_two_ids(build):
    nbgrader = build({"submitted/jane/ps1/a.py": MODULE}, name="one")
    classroom = build({"hw1-jane/answer.py": MODULE}, name="hw1-submissions")
    assert list(found(nbgrader, classroom)) == ["github_classroom/jane", "nbgrader/jane"]


# -- a student who would lay out the class --------------------------------------------------------

CREDITED = """
submission_1:
  :submitters:
  - :name: Ana
    :email: ana
"""
AS_ANA = json.dumps({"id": 1, "users": [{"email": "ana"}]})
TIMESTAMP = "2026-03-01 12:00:00 UTC"


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize(
    "own",
    [
        {"bob/submission_metadata.yml": CREDITED, "bob/submission_1/x.py": MODULE},
        {"bob/submission_metadata.yml": "!!damaged {"},
        {"bob/submission_metadata.json": AS_ANA, "bob/submission/x.py": MODULE},
        {"bob/week/timestamp.txt": TIMESTAMP, "bob/week/x.py": MODULE},
    ],
    ids=["export", "damaged export", "autograder", "nbgrader"],
)
def test_no_file_handed_in_says_how_the_class_is_laid_out(build, own, form):
    files = {"ana/hw.py": MODULE, "bob/hw.py": MODULE, "eve/hw.py": MODULE}
    students = found(build(files | own, form=form))
    assert {"ana", "eve"} < set(students)
    assert students["ana"].path == "ana/hw.py"


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_metadata_in_an_answer_credits_nobody(build, form):
    top = "assignment_9_export/"
    export = {name.removeprefix(top): content for name, content in GRADESCOPE.items()}
    own = {
        "submission_501/submission_metadata.yml": CREDITED.replace("ana", "ana@uni.example"),
        "submission_501/submission_1/hw1.py": MODULE,
    }
    students = found(build(export | own, form=form))
    assert set(students) == {"jane@uni.example", "ana@uni.example", "kim@uni.example"}
    assert students["ana@uni.example"].path == "submission_502/hw1.py"


def test_files_that_all_import_each_other_are_looked_through_once_each(tmp_path, monkeypatch):
    from grader.submissions import helpers

    looked_at = []
    monkeypatch.setattr(
        helpers, "names_in", lambda file, own=helpers.names_in: looked_at.append(file) or own(file)
    )
    for student in ("ana", "bob"):
        folder = tmp_path / "class" / student
        folder.mkdir(parents=True)
        for number in range(helpers.MAX_FILES):
            others = ", ".join(f"m{other}" for other in range(helpers.MAX_FILES) if other != number)
            (folder / f"m{number}.py").write_text(f"import {others}\n")
    collect([tmp_path / "class"])
    assert looked_at
    assert len(looked_at) <= 2 * 2 * helpers.MAX_FILES
