"""`grader check --watch`: a file is checked again when it was saved, and only then."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from grader.commands import watching
from grader.commands.watching import saves

from .running import ASSIGNMENT, PROGRAM, RIGHT, ROOT, WRONG

pty = pytest.importorskip("pty", reason="there are no terminals of this kind here")

COMMAND = [sys.executable, "-c", PROGRAM]
ESCAPE = "\x1b"


@pytest.fixture
def steps_of_time(monkeypatch):
    """What happens while nobody looks, one after another; after the last the watch is left."""

    def happen(*actions):
        waiting = iter(actions)

        def sleep(seconds):
            del seconds
            action = next(waiting, None)
            if action is None:
                raise TimeoutError
            action()

        monkeypatch.setattr(watching.time, "sleep", sleep)

    return happen


def times_checked(file):
    count = 0
    try:
        for _ in saves(file):
            count += 1
    except TimeoutError:
        return count


def nothing():
    pass


def test_it_is_checked_at_once_and_not_again_while_nothing_happens(tmp_path, steps_of_time):
    file = tmp_path / "work.py"
    file.write_text(RIGHT)
    steps_of_time(nothing, nothing, nothing)
    assert times_checked(file) == 1


def test_each_save_is_checked_once(tmp_path, steps_of_time):
    file = tmp_path / "work.py"
    file.write_text(RIGHT)
    steps_of_time(
        lambda: file.write_text(WRONG), nothing, nothing, lambda: file.write_text(RIGHT), nothing
    )
    assert times_checked(file) == 3


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path, steps_of_time):
    file = tmp_path / "work.py"
    file.write_text("")
    steps_of_time(*(lambda end=end: file.write_text(WRONG[:end]) for end in (5, 20, 30)), nothing)
    assert times_checked(file) == 2


def test_saving_the_same_again_is_no_change(tmp_path, steps_of_time):
    file = tmp_path / "work.py"
    file.write_text(RIGHT)
    steps_of_time(lambda: os.utime(file, (1, 1)), nothing, nothing)
    assert times_checked(file) == 1


def test_a_change_of_the_same_length_is_seen(tmp_path, steps_of_time):
    file = tmp_path / "work.py"
    file.write_text("x = 1")
    os.utime(file, (1, 1))
    steps_of_time(lambda: file.write_text("x = 2"), nothing)
    assert times_checked(file) == 2


def test_a_file_that_an_editor_replaces_is_waited_for(tmp_path, steps_of_time):
    file = tmp_path / "work.py"
    file.write_text(RIGHT)
    steps_of_time(file.unlink, nothing, nothing, lambda: file.write_text(WRONG), nothing)
    assert times_checked(file) == 2


# -- the command ----------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path):
    (tmp_path / "sums.py").write_text(textwrap.dedent(ASSIGNMENT))
    (tmp_path / "work.py").write_text(WRONG)
    return tmp_path


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    return kept | {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "TERM": "xterm-256color"} | more


class Terminal:
    """A program on a terminal of 80 columns, or with nothing but pipes."""

    def __init__(self, *words, cwd, on_terminal=True, **more):
        self._ours, theirs = pty.openpty() if on_terminal else os.pipe()
        if on_terminal:
            import termios

            termios.tcsetwinsize(theirs, (24, 80))
        self._process = subprocess.Popen(
            [*COMMAND, *words],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            cwd=cwd,
            env=environment(**more),
        )
        os.close(theirs)
        self.said = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def read(self, ends=lambda said: False):
        """What it says until that ends, or until it ends itself."""
        give_up = time.monotonic() + 60
        while not ends(self.said) and time.monotonic() < give_up:
            try:
                piece = os.read(self._ours, 4096)
            except OSError:  # a terminal that nobody writes to any more
                break
            if not piece:
                break
            self.said += piece.decode()
        return self.said

    def interrupt(self):
        self._process.send_signal(signal.SIGINT)
        self.read()
        return self._process.wait(60)


def checks(count):
    return lambda said: len(re.findall(r"Checked at \d\d:\d\d:\d\d\.", said)) >= count


@pytest.mark.parametrize("on_terminal", [True, False])
def test_work_is_checked_again_when_it_is_saved_until_ctrl_c(here, on_terminal):
    words = ("check", "work.py", "-a", "sums.py", "--watch")
    with Terminal(*words, cwd=here, on_terminal=on_terminal) as terminal:
        first = terminal.read(checks(1))
        assert "0.0/2.0" in first
        (here / "work.py").write_text(RIGHT)
        second = terminal.read(checks(2))[len(first) :]
        assert "2.0/2.0" in second
        assert ("\x1b[2J" in second) == on_terminal
        assert terminal.interrupt() == 130
        assert "Traceback" not in terminal.said


def test_plain_clears_nothing_on_a_terminal(here):
    words = ("check", "work.py", "-a", "sums.py", "--watch", "--plain")
    with Terminal(*words, cwd=here) as terminal:
        assert ESCAPE not in terminal.read(checks(1))
        assert terminal.interrupt() == 130


def test_a_file_that_cannot_be_read_is_told_and_waited_for(here):
    (here / "work.ipynb").write_text('{"cells": [')
    words = ("check", "work.ipynb", "-a", "sums.py", "--watch")
    with Terminal(*words, cwd=here, on_terminal=False) as terminal:
        first = terminal.read(checks(1))
        assert "grader: work.ipynb" in first
        assert terminal.interrupt() == 130


def test_it_waits_in_the_language_of_the_notebook(here):
    metadata = {"grader": {"assignment": "sums", "language": "pt"}}
    cells = [{"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": []}]
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    (here / "work.ipynb").write_text(json.dumps(notebook))
    words = ("check", "work.ipynb", "-a", "sums.py", "--watch")
    with Terminal(*words, cwd=here, on_terminal=False) as terminal:
        assert "Ctrl-C encerra" in terminal.read(lambda said: "Ctrl-C" in said)


def test_what_is_no_file_is_not_watched(here):
    with Terminal("check", ".", "-a", "sums.py", "--watch", cwd=here) as terminal:
        assert "--watch takes one file" in terminal.read()
        assert terminal.interrupt() == 2


# -- terminals ------------------------------------------------------------------------------------

SHOWN = [("list",), ("doctor",), ("check", "work.py", "-a", "sums.py")]
COLOUR = re.compile(r"\x1b\[[\d;]*m")
COLOURED = re.compile(r"\x1b\[(?:[\d;]*;)?(?:3[0-7]|9[0-7]|38|48)[\d;]*m")


@pytest.mark.parametrize("words", SHOWN, ids=lambda words: words[0])
def test_what_is_drawn_fits_80_columns(here, words):
    with Terminal(*words, cwd=here) as terminal:
        lines = COLOUR.sub("", terminal.read()).splitlines()
    assert lines
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("words", SHOWN, ids=lambda words: words[0])
def test_plain_has_no_escapes_on_a_terminal(here, words):
    with Terminal(*words, "--plain", cwd=here) as terminal:
        assert ESCAPE not in terminal.read()


def test_colours_are_a_terminals_and_no_color_takes_them_away(here):
    words = ("check", "work.py", "-a", "sums.py")
    with Terminal(*words, cwd=here) as terminal:
        assert COLOURED.search(terminal.read())
    with Terminal(*words, cwd=here, NO_COLOR="1") as terminal:
        said = terminal.read()
        assert not COLOURED.search(said)
    # The words say what the colours did.
    assert "wrong" in said


@pytest.mark.parametrize(("plain", "bar"), [((), True), (("--plain",), False)])
def test_grading_shows_how_far_it_is_on_a_terminal(here, plain, bar):
    words = ("grade", "work.py", "-a", "sums.py", "--isolation", "limits", *plain)
    with Terminal(*words, cwd=here) as terminal:
        assert ("0/1" in terminal.read()) == bar
