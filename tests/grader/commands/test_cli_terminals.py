"""What the command line writes to terminals, pipes and logs, and what an interrupt leaves."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.commands import steps
from grader.results import from_json

from .running import (
    ENDLESS,
    RIGHT,
    ROOT,
    WRONG,
    errors,
    finish,
    results_in,
    run,
    scores_in,
    start,
    write,
)

# -- hostile names --------------------------------------------------------------------------------

NAMES = [
    b"new\nline",
    b"\x1b[31mred\x1b[0m",
    b"\x1b]0;title\x07",
    b"[red]markup",
    b"::error::boo",
    b"\xff\xfe",
    "עברית\u202e".encode(),
    b" ",
    b"-a",
    b"x" * 200,
    b"%s{0}",
    b"<script>alert(1)<script>",
]


@pytest.mark.parametrize("options", [[], ["--plain"]])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [WRONG, ""])
def test_a_file_name_can_hold_anything(here, name, content, options):
    folder = here / "class"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name + b".py")).write_text(content)
    result = run("grade", "class", "-a", "sums.py", *options)
    assert result.exit_code == steps.DONE
    told = result.stdout + result.stderr
    assert [one for one in told if one != "\n" and not one.isprintable()] == []
    assert not re.search(r"^\s*::error::", told, re.MULTILINE)
    assert len(results_in(here / "results").submissions) == 1


def test_an_error_names_a_strange_path_on_one_line(here):
    result = run("grade", "no\n\x1b[31mbody", "-a", "sums.py")
    assert result.exit_code == steps.USAGE
    assert errors(result)[0].startswith("grader: no body does not exist")


# -- terminals and pipes --------------------------------------------------------------------------


def grading(here, *options, **more):
    write(here / "class" / f"{'long' * 20}.py", WRONG)
    write(here / "class" / "ana.py", RIGHT)
    return finish(start("grade", "class", "-a", "sums.py", *options, cwd=here, **more))


def test_nothing_is_coloured_where_there_is_no_terminal(here):
    assert "\x1b" not in "".join(grading(here)[1:])


def test_no_color_is_honoured(here):
    forced = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    colour = re.compile(r"\x1b\[[\d;]*3\dm")
    assert colour.search(grading(here, environment=forced)[1])
    assert not colour.search(grading(here, environment=forced | {"NO_COLOR": "1"})[1])


def test_plain_has_no_drawing_and_no_colours(here):
    _, out, error = grading(here, "--plain", environment={"FORCE_COLOR": "1"})
    assert not re.search("[\x1b\u2500-\u259f\u2713\u2717]", out + error)
    assert out.endswith("\n")


def test_a_table_fits_80_columns(here):
    _, out, _ = grading(here, environment={"COLUMNS": "80"})
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_lacks_characters_shows_question_marks(here, encoding):
    status, out, error = grading(here, environment={"PYTHONIOENCODING": encoding})
    assert status == steps.DONE
    assert "correct" in out
    assert "Traceback" not in error


def patience(here, monkeypatch, *, is_watched):
    monkeypatch.setattr(steps, "PATIENCE", 0.05)
    monkeypatch.setattr(steps, "_is_watched", lambda: is_watched)
    write(here / "ana.py", "import time\ntime.sleep(0.5)\n" + RIGHT)
    return run("check", "ana.py", "-a", "sums.py", "--lang", "en", "--timeout", "7").stderr


def test_who_sits_before_a_terminal_is_told_that_a_check_takes_long(here, monkeypatch):
    told = patience(here, monkeypatch, is_watched=True)
    assert told.count("still running: a call is stopped after 7 s, a cell after 21 s") == 1


def test_a_log_is_told_nothing_while_it_waits(here, monkeypatch):
    assert "still running" not in patience(here, monkeypatch, is_watched=False)


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["list", "--plain"], ["doctor"], ["grade", "class", "-a", "sums.py"]],
)
def test_a_reader_that_stops_reading_is_no_error(here, arguments):
    write(here / "class" / "ana.py", RIGHT)
    process = start(*arguments, cwd=here)
    process.stdout.close()
    _, error = process.communicate(timeout=60)
    assert b"Traceback" not in error
    assert b"Exception" not in error


def as_module(words, redirections):
    """`python -m grader` as a shell starts it, with its streams led elsewhere."""
    command = f"{sys.executable} -m grader {words} {redirections}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["/bin/sh", "-c", command], env=environment, capture_output=True, timeout=60, check=False
    )


def test_a_full_disk_behind_the_output_is_told(here):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    done = as_module("list --plain", "> /dev/full")
    assert done.returncode == steps.UNWRITTEN
    assert done.stderr.decode().count("\n") == 1


@pytest.mark.parametrize(("answer", "status"), [(RIGHT, steps.DONE), (WRONG, steps.BELOW)])
def test_what_a_check_says_is_all_there_when_it_has_ended(here, answer, status):
    write(here / "ana.py", answer)
    done = as_module("check ana.py -a sums.py --min-score 100 --format json", "")
    assert done.returncode == status
    assert from_json(done.stdout).submissions[0].id == "ana"


def test_a_check_whose_words_cannot_be_written_is_no_success(here):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    write(here / "ana.py", RIGHT)
    done = as_module("check ana.py -a sums.py", "> /dev/full")
    assert done.returncode != steps.DONE
    assert b"No space left" in done.stderr


def test_streams_that_are_closed_are_taken_for_nobodys(here):
    write(here / "ana.py", RIGHT)
    done = as_module("check ana.py -a sums.py", "<&- >&- 2>&-")
    assert done.returncode == steps.DONE


def test_the_results_are_there_though_nobody_reads_the_table(here):
    write(here / "class" / "ana.py", RIGHT)
    process = start("grade", "class", "-a", "sums.py", cwd=here)
    process.stdout.close()
    process.communicate(timeout=60)
    assert scores_in(here / "results") == {"ana": 2.0}


# -- interrupted ----------------------------------------------------------------------------------


def parent_and_state(pid):
    """The parent's id and the state's letter; None where the process is gone."""
    try:
        state, parent, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(parent), state


def descendants(pid):
    """The ids of all processes below one."""
    everyone = [int(one.name) for one in Path("/proc").glob("[0-9]*")]
    direct = [one for one in everyone if (parent_and_state(one) or (0, ""))[0] == pid]
    return direct + [below for one in direct for below in descendants(one)]


def is_alive(pid):
    found = parent_and_state(pid)
    return found is not None and found[1] != "Z"


def is_busy_for_a_student(pid):
    """Whether it was forked, and has been busy for longer than any program here but an endless one.

    What runs in isolation cannot leave a sign of its own.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        parent = Path(f"/proc/{fields[1]}/cmdline").read_text()
    except OSError:
        return False
    return "sandbox.worker" in parent and int(fields[11]) > 0.5 * os.sysconf("SC_CLK_TCK")


def wait_until(condition, seconds=30):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def interrupted(here):
    """A batch that was interrupted: status, stdout, stderr, and the processes it had."""

    def interrupt(*, times=1, by=signal.SIGINT):
        for name in ("ana", "bob", "carl"):
            write(here / "class" / f"{name}.py", RIGHT)
        write(here / "class" / "zoe.py", ENDLESS)
        process = start(
            "grade", "class", "-a", "sums.py", "-o", "out", "--timeout", 60, "-j", 1, cwd=here
        )
        wait_until(lambda: any(map(is_busy_for_a_student, descendants(process.pid))))
        below = descendants(process.pid)
        began = time.monotonic()
        for _ in range(times):
            process.send_signal(by)
            time.sleep(0.05)
        status, out, error = finish(process)
        assert time.monotonic() - began < 30
        return status, out, error, below

    return interrupt


@pytest.mark.parametrize("times", [1, 3])
def test_130_with_the_finished_results_written(here, interrupted, times):
    status, _, error, _ = interrupted(times=times)
    assert status == 130
    assert "Traceback" not in error
    assert "interrupted; 3 of 4 are graded" in error
    assert scores_in(here / "out") == {"ana": 2.0, "bob": 2.0, "carl": 2.0}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGHUP])
def test_being_stopped_is_an_interrupt(here, interrupted, by):
    assert interrupted(by=by)[0] == 130
    assert len(scores_in(here / "out")) == 3


def test_an_interrupt_leaves_no_process_behind(interrupted):
    *_, below = interrupted()
    assert len(below) >= 2
    wait_until(lambda: not any(map(is_alive, below)))
