"""Grading a class on the command line: layouts, going on, looking after what was graded."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader import submissions
from grader.cli import main
from grader.commands import preparing, steps
from grader.gradebook import FILE_NAME
from grader.results import from_json

ROOT = Path(__file__).parents[3]
ASSIGNMENT = """
    from grader import Assignment, array

    hw = Assignment("sums", title="Sums"{options})

    @hw.question(points=2, inputs={{"x": array("n")}})
    def total(x):
        return x.sum()
"""
RIGHT = "def total(x):\n    return x.sum()\n"
WRONG = "def total(x):\n    return 2 * x.sum()\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder with the assignment `sums.py` in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    write(tmp_path / "sums.py", ASSIGNMENT.format(options=""))
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def grade(*arguments):
    """Grade at whatever isolation there is."""
    return run("grade", *arguments, "-a", "sums.py", "-o", "out", "--isolation", "limits")


def results(out="out"):
    return from_json(Path(out, "results.json").read_bytes())


def scores(out="out"):
    return {one.id: one.score for one in results(out).submissions}


def without_times(out):
    return re.sub(r'"seconds": [\d.]+', "", Path(out, "results.json").read_text())


def a_class(here, size):
    for number in range(size):
        write(here / "class" / f"student{number:02}.py", RIGHT if number % 3 else WRONG)


# -- layouts --------------------------------------------------------------------------------------


def test_the_zip_of_a_learning_system_is_graded_as_it_is(here):
    with zipfile.ZipFile(here / "hw1_submissions.zip", "w") as archive:
        archive.writestr("doejane_1042_77001_hw1.py", RIGHT)
        archive.writestr("silvajoao_LATE_1043_77002_hw1.py", WRONG)
        archive.writestr("kimmin_1044_77003_hw1.pdf", "%PDF")
    result = grade("hw1_submissions.zip")
    assert result.exit_code == steps.DONE, result.stderr
    assert scores() == {"doejane_1042": 2.0, "silvajoao_1043": 0.0, "kimmin_1044": None}
    jane, kim, joao = results().submissions
    assert (jane.late, joao.late) == (False, True)
    assert jane.lms == {"system": "canvas", "user_id": "1042", "attachment_id": "77001"}
    assert (kim.problem, kim.pending) == ("wrong_file_type", 2.0)


def test_a_layout_that_does_not_fit_is_told(here):
    write(here / "class" / "ana.py", RIGHT)
    result = grade("class", "--layout", "moodle")
    assert result.exit_code == steps.USAGE
    assert "holds no submissions in the layout moodle" in result.stderr


def test_the_layouts_of_the_command_are_those_of_the_intake():
    assert preparing.LAYOUTS == submissions.LAYOUTS


@pytest.mark.parametrize(("options", "score"), [("", 2.0), (", late=0.25", 1.5)])
def test_lateness_costs_what_the_assignment_says_and_nothing_else(here, options, score):
    write(here / "sums.py", ASSIGNMENT.format(options=options))
    write(here / "class" / "doejane_LATE_1042_77001_hw1.py", RIGHT)
    write(here / "class" / "kimmin_1043_77002_hw1.py", RIGHT)
    grade("class")
    assert scores() == {"doejane_1042": score, "kimmin_1043": 2.0}


def test_last_weeks_work_is_the_wrong_assignment_and_no_zero(here):
    write(here / "class" / "ana.py", "def manual_backprop(x, w, y):\n    return {}\n")
    write(here / "class" / "bob.py", "x = 1\n")
    result = grade("class")
    problems = {one.id: (one.problem, one.score) for one in results().submissions}
    assert problems == {"ana": ("wrong_assignment", None), "bob": (None, 0.0)}
    assert "answers manual_backprop, not sums" in result.stderr


# -- going on -------------------------------------------------------------------------------------


def test_grading_again_grades_what_is_new_or_changed(here):
    a_class(here, 4)
    grade("class")
    before = results()
    write(here / "class" / "student00.py", RIGHT)
    write(here / "class" / "zoe.py", WRONG)
    grade("class")
    after = results()
    assert after.seed == before.seed
    assert scores() == {
        "student00": 2.0, "student01": 2.0, "student02": 2.0, "student03": 0.0, "zoe": 0.0,
    }  # fmt: skip
    assert [one.seconds for one in after.submissions[1:4]] == [
        one.seconds for one in before.submissions[1:4]
    ]


def test_where_nothing_is_new_nothing_is_run_or_written(here, monkeypatch):
    a_class(here, 3)
    grade("class")
    written = Path("out/results.json").stat()
    monkeypatch.setattr(sys, "executable", "/nowhere")
    result = grade("class")
    assert result.exit_code == steps.DONE
    assert Path("out/results.json").stat() == written


def test_a_report_that_was_removed_is_written_again(here):
    a_class(here, 3)
    grade("class")
    before = Path("out/results.json").read_bytes()
    Path("out/results.json").unlink()
    grade("class")
    assert Path("out/results.json").read_bytes() == before


def test_a_changed_assignment_marks_nobody_silently(here):
    a_class(here, 2)
    grade("class")
    write(here / "sums.py", ASSIGNMENT.format(options="").replace("x.sum()", "2 * x.sum()"))
    result = grade("class")
    assert scores() == {"student00": 0.0, "student01": 2.0}
    assert "2 marks were given under another assignment" in result.stderr
    assert "grader regrade out" in result.stderr


@pytest.mark.parametrize(
    ("more", "said"), [(["--seed", "another"], "leave --seed out"), ([], "choose another folder")]
)
def test_another_run_does_not_get_into_a_folder(here, more, said):
    a_class(here, 1)
    grade("class")
    before = Path("out/results.json").read_bytes()
    if not more:
        other = ASSIGNMENT.format(options="").replace('"sums"', '"other"')
        write(here / "sums.py", other)
    result = grade("class", *more)
    assert result.exit_code == steps.USAGE
    assert said in result.stderr
    assert Path("out/results.json").read_bytes() == before


# -- looking after it -----------------------------------------------------------------------------


def test_status_counts(here):
    a_class(here, 3)
    write(here / "class" / "bad.ipynb", "no notebook")
    grade("class", "--seed", "spring")
    told = run("status", "out").stdout
    assert re.search(r"^seed +spring$", told, re.MULTILINE)
    assert re.search(r"^graded +4,", told, re.MULTILINE)
    assert re.search(r"^problem +1 unreadable$", told, re.MULTILINE)


def test_regrade_shows_old_and_new(here):
    a_class(here, 3)
    grade("class")
    write(here / "sums.py", ASSIGNMENT.format(options="").replace("x.sum()", "2 * x.sum()"))
    result = run("regrade", "out")
    assert result.exit_code == steps.DONE, result.stderr
    assert result.stdout.splitlines() == [
        "student00\t0.0\t2.0\tchanged", "student01\t2.0\t0.0\tchanged",
        "student02\t2.0\t0.0\tchanged",
    ]  # fmt: skip
    assert scores() == {"student00": 2.0, "student01": 0.0, "student02": 0.0}
    assert "graded again: 3, with another mark: 3" in result.stderr


def test_regrade_can_raise_only_and_some_only(here):
    a_class(here, 3)
    grade("class")
    write(here / "sums.py", ASSIGNMENT.format(options="").replace("x.sum()", "2 * x.sum()"))
    arguments = "--raise-only", "--only", "student00", "--only", "student01"
    result = run("regrade", "out", *arguments)
    assert result.stdout.splitlines() == [
        "student00\t0.0\t2.0\tchanged",
        "student01\t2.0\t0.0\tkept the old one",
    ]
    assert scores() == {"student00": 2.0, "student01": 2.0, "student02": 2.0}


def test_regrade_takes_the_file_that_was_given_last(here):
    a_class(here, 2)
    grade("class")
    write(here / "later" / "student00.py", (here / "class" / "student01.py").read_text())
    grade("later")
    result = run("regrade", "out")
    assert result.stdout.splitlines() == [
        "student00\t2.0\t2.0\tunchanged",
        "student01\t2.0\t2.0\tunchanged",
    ]
    assert "graded again: 2, with another mark: 0" in result.stderr


def test_regrade_works_from_any_folder(here, monkeypatch):
    a_class(here, 1)
    grade("class")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert run("regrade", here / "out").stdout == "student00\t0.0\t0.0\tunchanged\n"


def test_regrade_says_whose_file_is_gone(here):
    a_class(here, 2)
    grade("class")
    (here / "class" / "student00.py").unlink()
    result = run("regrade", "out")
    assert "student00: the file is no longer where it was; the mark stands" in result.stderr
    assert scores() == {"student00": 0.0, "student01": 2.0}


def test_forget_leaves_nothing_of_a_student(here):
    a_class(here, 2)
    grade("class")
    assert run("forget", "out", "student00").exit_code == steps.DONE
    assert scores() == {"student01": 2.0}
    files = (path for path in Path("out").rglob("*") if path.is_file())
    assert b"student00" not in b"".join(path.read_bytes() for path in files)


def test_forget_says_what_it_removed_of_the_others(here):
    a_class(here, 2)
    grade("class", "--format", "csv", "--format", "junit")
    result = run("forget", "out", "student00")
    assert "ask for them again: junit, csv\n" in result.stderr
    assert (here / "out" / "pages").is_dir() == (here / "out" / "index.html").is_file()
    assert "grading them again would store them anew" in result.stderr


@pytest.mark.parametrize("arguments", [["status"], ["regrade"], ["forget"]])
def test_a_folder_without_a_gradebook_is_told(here, arguments):
    more = ["ana"] if arguments == ["forget"] else []
    result = run(*arguments, here, *more)
    assert result.exit_code == steps.USAGE
    assert "holds no gradebook" in result.stderr


@pytest.mark.parametrize("arguments", [["regrade", "out", "--only"], ["forget", "out"]])
def test_an_unknown_id_is_told(here, arguments):
    a_class(here, 1)
    grade("class")
    result = run(*arguments, "nobody")
    assert result.exit_code == steps.USAGE
    assert "nobody" in result.stderr


# -- faults, with the real sandbox ----------------------------------------------------------------

KILLED = """
import os, signal, sys
from itertools import count
from grader import gradebook
from grader.cli import main

at, numbers = int(sys.argv.pop(1)), count(1)
transaction = gradebook.Database.transaction

def counting(book):
    context = transaction(book)
    if next(numbers) == at:
        context.__enter__()
        os.kill(os.getpid(), signal.SIGKILL)
    return context

gradebook.Database.transaction = counting
main(prog_name="grader")
"""
CRAMPED = """
import resource, sys
from grader.cli import main

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
main(prog_name="grader")
"""
SEED = "--seed", "spring"


def start(program, number, *arguments):
    words = [str(one) for one in ("grade", *arguments, "-a", "sums.py", "--isolation", "limits")]
    return subprocess.Popen(
        [sys.executable, "-c", program, str(number), *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def zygotes_of(parent):
    """The workers that name this process' scratch folder, or have it as their parent."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int((place / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(place.name))
        except (OSError, ValueError):
            continue
    return found


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition):
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.05)


def begun(here):
    """A grader at work on a submission that never ends."""
    write(here / "class" / "zoe.py", "while True: pass\n")
    process = start(KILLED, 10**9, "class", "-o", "out")

    def is_begun():
        with contextlib.suppress(sqlite3.Error):
            database = sqlite3.connect(f"file:{here / 'out' / FILE_NAME}?mode=ro", uri=True)
            with contextlib.closing(database):
                return bool(database.execute("SELECT 1 FROM grading WHERE starts").fetchall())
        return False

    try:
        wait_until(is_begun)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return process


def test_killed_in_the_middle_and_gone_on_it_is_as_if_nothing_had_happened(here):
    a_class(here, 50)
    grade("class", *SEED)
    shutil.move("out", "unbroken")
    runs = 0
    while True:
        process = start(KILLED, 31, "class", "-o", "out", *SEED)
        process.communicate(timeout=120)
        if process.returncode != -signal.SIGKILL:
            break
        runs += 1
    assert process.returncode == 0
    assert runs >= 3
    assert without_times("out") == without_times("unbroken")


def test_a_killed_grader_leaves_no_process_behind(here):
    process = begun(here)
    workers = zygotes_of(process.pid)
    assert workers
    process.kill()
    process.communicate(timeout=30)
    wait_until(lambda: not any(map(is_alive, workers)))


def test_4_on_a_full_disk_and_the_same_command_goes_on(here):
    a_class(here, 30)
    grade("class", *SEED)
    shutil.move("out", "unbroken")
    process = start(CRAMPED, 100_000, "class", "-o", "out", *SEED)
    _, error = process.communicate(timeout=120)
    assert process.returncode == steps.UNWRITTEN, error
    assert b"Traceback" not in error
    assert not Path("out/results.json").exists()
    assert grade("class", *SEED).exit_code == steps.DONE
    assert without_times("out") == without_times("unbroken")


def test_a_report_on_a_full_disk_is_the_previous_one(here):
    a_class(here, 4)
    grade("class", *SEED)
    before = Path("out/results.json").read_bytes()
    write(here / "class" / "zoe.py", RIGHT)
    size = max(resource.getpagesize(), len(before) + 100)
    process = start(CRAMPED, size, "class", "-o", "out", *SEED)
    process.communicate(timeout=120)
    assert process.returncode == steps.UNWRITTEN
    assert Path("out/results.json").read_bytes() == before


def test_two_graders_on_one_folder_are_told(here):
    process = begun(here)
    result = grade("class")
    process.kill()
    process.communicate(timeout=30)
    assert result.exit_code == steps.UNWRITTEN
    assert "another grader is at work on out" in result.stderr


def test_marks_do_not_depend_on_order_or_workers(here):
    a_class(here, 12)
    grade("class", *SEED, "-j", "1")
    shutil.move("out", "one")
    for number in reversed(range(12)):
        grade(f"class/student{number:02}.py", *SEED, "-j", "3")
    theirs = {one.id: (one.score, one.questions) for one in results("out").submissions}
    assert theirs == {one.id: (one.score, one.questions) for one in results("one").submissions}


def test_results_json_is_schema_1(here):
    a_class(here, 2)
    grade("class")
    assert json.loads(Path("out/results.json").read_bytes())["schema"] == 1
