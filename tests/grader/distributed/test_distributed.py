"""Grading on a real cluster gives what grading here gives, whatever dies meanwhile."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

pytest.importorskip("distributed")

from grader import batch, distributed
from grader.catalogue import load
from grader.cli import main
from grader.commands import steps
from grader.distributed import parcels
from grader.distributed import worker as remote
from grader.gradebook import existing
from grader.grading import set_aside
from grader.messages import Message
from grader.results import Isolation, QuestionResult, from_json
from grader.sandbox.limits import Limits
from grader.submissions import Submission, collect

ROOT = Path(__file__).parents[3]
SECONDS = 60.0
"""How long anything may take to begin or end on a busy machine."""

ASSIGNMENT = """
    from pathlib import Path
    from grader import Assignment, array

    hw = Assignment("sums", title="Sums")
    factor = float((Path(__file__).parent / "factor.txt").read_text())

    @hw.question(points=2, inputs={"x": array("n")})
    def total(x):
        return factor * x.sum()

    @hw.question(points=1, inputs={"x": array("n")})
    def both(x):
        return {"up": x + 1, "down": x - 1}
"""
RIGHT = """
    def total(x):
        return 3 * x.sum()

    def both(x):
        return {"up": x + 1, "down": x - 1}
"""
SLOW = RIGHT.replace("def total(x):", "def total(x):\n        __import__('time').sleep(0.01)")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder with the assignment `sums` in it, which reads a file beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    write(tmp_path / "sums" / "assignment.py", ASSIGNMENT)
    write(tmp_path / "sums" / "factor.txt", "3")
    return tmp_path


def a_class(here, size, source=RIGHT):
    for number in range(size):
        write(here / "class" / f"student{number:02}.py", source)


# -- a cluster ------------------------------------------------------------------------------------


def start(folder, name, *command, **environment):
    log = (folder / f"{name}.log").open("w")
    with log:
        return subprocess.Popen(
            [sys.executable, "-c", "from dask.__main__ import main; main()", *map(str, command)],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )


def wait_for(condition):
    give_up = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@contextlib.contextmanager
def scheduler_in(folder):
    """The address of a scheduler without workers."""
    address = folder / "address.json"
    command = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", address)
    process = start(folder, "scheduler", "scheduler", *command)
    try:
        wait_for(lambda: address.is_file() and address.read_text().endswith("}"))
        yield json.loads(address.read_text())["address"]
    finally:
        process.terminate()
        process.wait(SECONDS)


class Cluster:
    """A scheduler and the worker processes that a test has started."""

    def __init__(self, folder, scheduler):
        self.folder = folder
        self.scheduler = scheduler
        self.workers = []

    def add(self, count=1, *, preload=None, **environment):
        """Start workers of one thread each, without a nanny, and wait until they are there."""
        options = ["--nthreads", 1, "--no-nanny", "--no-dashboard"]
        if preload is not None:
            options += ["--preload", write(self.folder / f"preload{len(self.workers)}.py", preload)]
        names = [f"worker{len(self.workers) + number}" for number in range(count)]
        for name in names:
            command = ("worker", self.scheduler, *options, "--local-directory", self.folder)
            self.workers.append(start(self.folder, name, *command, **environment))
        for name in names:
            wait_for(lambda name=name: "Registered to" in (self.folder / f"{name}.log").read_text())
        return self

    def end(self):
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(SECONDS)


@contextlib.contextmanager
def cluster_in(folder, scheduler):
    made = Cluster(folder, scheduler)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    with scheduler_in(tmp_path_factory.mktemp("scheduler")) as address:
        yield address


@pytest.fixture
def cluster(scheduler, tmp_path_factory):
    """A cluster without workers; those that a test adds end with it."""
    with cluster_in(tmp_path_factory.mktemp("cluster"), scheduler) as made:
        yield made


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A cluster of two workers, for those who harm neither."""
    folder = tmp_path_factory.mktemp("pair")
    with scheduler_in(folder) as address, cluster_in(folder, address) as made:
        yield made.add(2, ONLY_THE_WORKERS="x")


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def grade(*more, out="out"):
    return run("grade", "class", "-a", "sums", "-o", out, "--seed", "seed", "--lang", "en", *more)


def results(out="out"):
    return from_json(Path(out, "results.json").read_bytes())


def without_times(out):
    return re.sub(r'"seconds": [\d.]+', "", Path(out, "results.json").read_text())


def zygotes(*workers):
    """The processes that workers have started for students' code."""
    found = set()
    for worker in workers:
        for children in Path(f"/proc/{worker.pid}/task").glob("*/children"):
            found.update(map(int, children.read_text().split()))
    return {number for number in found if is_zygote(number)}


def is_zygote(number):
    with contextlib.suppress(OSError):
        return b"grader.sandbox.worker" in Path(f"/proc/{number}/cmdline").read_bytes()
    return False


# -- the same marks -------------------------------------------------------------------------------


def test_a_cluster_gives_what_this_machine_gives(here, pair):
    a_class(here, 40)
    write(here / "class" / "wrong.py", RIGHT.replace("x + 1", "x + 2"))
    write(here / "class" / "raises.py", RIGHT.replace("return 3", "return None"))
    write(here / "class" / "random.py", RIGHT.replace("3 *", "__import__('random').random() *"))
    write(here / "class" / "empty.py", "")
    write(here / "class" / "broken.ipynb", "no notebook")
    write(
        here / "class" / "surrogate.py", "# coding: utf-7\nx = '+2AA-'\n" + textwrap.dedent(RIGHT)
    )
    assert grade("--isolation", "limits", out="local").exit_code == steps.DONE
    assert grade("--isolation", "limits", "--scheduler", pair.scheduler).exit_code == steps.DONE
    assert without_times("out") == without_times("local")


@pytest.mark.slow
def test_a_small_class_is_spread_over_all_workers(here, pair, monkeypatch):
    a_class(here, 4)
    asked = []
    with workers_of(pair, []) as workers:
        submit = workers._submit
        monkeypatch.setattr(
            workers,
            "_submit",
            lambda address, *rest: asked.append(address) or submit(address, *rest),
        )
        taken = collect([here / "class"])
        assert len(list(workers.grade_all(taken, expected=4, begin=lambda _: True))) == 4
    assert len(asked) == 4
    assert len(set(asked)) == 2


def test_the_code_is_kept_for_the_students_pages(here, pair):
    a_class(here, 1)
    grade("--isolation", "limits", "--scheduler", pair.scheduler)
    with existing(here / "out") as book:
        assert book.cells("student00") == (textwrap.dedent(RIGHT),)


# -- what dies ------------------------------------------------------------------------------------


@contextlib.contextmanager
def workers_of(cluster, told):
    assignment = load("sums")
    order = parcels.order_of(
        assignment, "sums", seed="seed", torch="auto", executor="fast", least="limits",
        limits=Limits(),
    )  # fmt: skip
    with distributed.connected(cluster.scheduler, assignment, order, tell=told.append) as workers:
        yield workers


def test_a_worker_that_is_killed_costs_nobody_their_mark(here, cluster):
    a_class(here, 40, SLOW)
    cluster.add(2)
    begun, graded = [], []

    def begin(submission):
        begun.append(submission.id)
        return True

    with workers_of(cluster, []) as workers:
        for _, result in workers.grade_all(collect([here / "class"]), expected=40, begin=begin):
            graded.append(result)
            if len(graded) == 1:
                left_behind = zygotes(cluster.workers[0])
                cluster.workers[0].kill()
    assert sorted(one.id for one in graded) == [f"student{number:02}" for number in range(40)]
    assert {one.score for one in graded} == {3.0}
    assert begun, "the worker was killed when it had finished"
    assert left_behind
    wait_for(lambda: not any(map(is_zygote, left_behind)))


@pytest.mark.slow
def test_a_submission_that_kills_two_workers_is_set_aside(here, cluster):
    a_class(here, 12)
    write(here / "class" / "killer.py", RIGHT)
    cluster.add(3, preload=KILLED)
    ended = grade("--isolation", "limits", "--scheduler", cluster.scheduler)
    assert ended.exit_code == steps.FAULT
    found = {one.id: one for one in results().submissions}
    assert found.pop("killer").problem == "grader_fault"
    assert {one.score for one in found.values()} == {3.0}
    assert len(found) == 12
    assert [worker.poll() for worker in cluster.workers].count(None) == 1
    with existing(here / "out") as book:
        assert "killer" in dict(book.settled())


KILLED = """
    import os
    from grader.grading import Grader

    def grade(self, submission, real=Grader.grade):
        if submission.id == "killer":
            os._exit(9)
        return real(self, submission)

    Grader.grade = grade
"""


@pytest.mark.slow
def test_a_machine_that_fails_everybody_is_left_out(here, cluster):
    a_class(here, 40, SLOW)
    cluster.add(preload=FAILING)
    cluster.add()
    ended = grade("--isolation", "limits", "--scheduler", cluster.scheduler)
    assert ended.exit_code == steps.DONE
    assert {one.score for one in results().submissions} == {3.0}
    assert "is left out: its machine cannot run students' code" in ended.stderr


FAILING = """
    from grader.sandbox.pool import Sandbox, SandboxError

    def session(self, *rest, **more):
        raise SandboxError("no room on the disk")

    Sandbox.session = session
"""


@pytest.mark.slow
def test_an_interrupt_keeps_what_was_finished_and_ends_everything_there(here, pair):
    a_class(here, 40, SLOW)
    command = ["grade", "class", "-a", "sums", "--isolation", "limits"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from grader.cli import main; main()", *command,
         "--scheduler", pair.scheduler, "-o", "out"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip

    def begun():
        return (here / "out" / "gradebook.sqlite").is_file() and graded_until_now(here / "out")

    wait_for(begun)
    assert zygotes(*pair.workers)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == steps.INTERRUPTED, told
    assert 0 < len(results().submissions) < 40
    wait_for(lambda: not zygotes(*pair.workers))


def graded_until_now(out):
    import sqlite3

    database = sqlite3.connect(f"file:{out}/gradebook.sqlite?mode=ro", uri=True)
    with contextlib.closing(database), contextlib.suppress(sqlite3.OperationalError):
        return database.execute("SELECT count(*) FROM mark").fetchone()[0]
    return 0


# -- trust ----------------------------------------------------------------------------------------


def test_students_code_reaches_neither_the_reference_nor_the_cluster(here, pair):
    host, port = pair.scheduler.removeprefix("tcp://").split(":")
    write(
        here / "class" / "hostile.py",
        f"""
        import os
        import socket

        leaks = len(os.environ.get("ONLY_THE_WORKERS", ""))
        for folder, _, names in os.walk({str(pair.folder)!r}):
            leaks += len(names)
        try:
            socket.create_connection(({host!r}, {port}), timeout=1)
            leaks += 1
        except OSError:
            pass

        def total(x):
            return (3 + leaks) * x.sum()

        def both(x):
            return {{"up": x + 1, "down": x - 1}}
        """,
    )
    ended = grade("--scheduler", pair.scheduler)
    if ended.exit_code == steps.ISOLATION:
        pytest.skip("no isolation is to be had here")
    (result,) = results().submissions
    assert result.score == 3.0
    assert result.isolation.level in {"kernel", "full"}
    assert "landlock" in result.isolation.layers


def test_a_worker_without_the_demanded_isolation_grades_nothing(here, cluster):
    a_class(here, 2)
    cluster.add(GRADER_NO_FORK="1")
    ended = grade("--scheduler", cluster.scheduler)
    assert ended.exit_code == steps.ISOLATION
    assert "isolation 'kernel' is not to be had there, only 'limits'" in ended.stderr
    assert not (here / "out").exists()


def test_a_worker_of_another_version_grades_nothing(here, cluster):
    a_class(here, 2)
    cluster.add(preload="import grader\ngrader.__version__ = '0.0.0'")
    ended = grade("--isolation", "limits", "--scheduler", cluster.scheduler)
    assert ended.exit_code == steps.USAGE
    assert "is left out: autograd-grader is 0.0.0 there" in ended.stderr
    assert not (here / "out").exists()


def test_an_unreachable_scheduler_is_told_in_one_line(here):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        a_class(here, 1)
        ended = grade("--scheduler", address)
    assert ended.exit_code == steps.USAGE
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"grader: the scheduler {address} cannot be reached")
    assert not (here / "out").exists()


def test_something_else_that_listens_is_told_from_a_scheduler(here, monkeypatch):
    monkeypatch.setattr(distributed, "_CONNECT_SECONDS", 0.5)
    a_class(here, 1)
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = grade("--scheduler", f"tcp://127.0.0.1:{other.getsockname()[1]}")
    assert ended.exit_code == steps.USAGE
    assert "cannot be reached (timed out)" in ended.stderr


def test_a_cluster_without_workers_is_told(here, scheduler, monkeypatch):
    monkeypatch.setattr(distributed, "_PATIENCE", 1.0)
    a_class(here, 1)
    ended = grade("--scheduler", scheduler)
    assert ended.exit_code == steps.USAGE
    assert "no worker has been there" in ended.stderr


# -- what travels ---------------------------------------------------------------------------------


def order(source="sums", **more):
    facts = {"seed": "s", "torch": "auto", "executor": "fast", "least": "limits"}
    return parcels.order_of(load(source), source, limits=Limits(), **(facts | more))


def submission(number=0, size=0):
    return Submission(
        id=f"s{number}",
        path=f"s{number}.py",
        sha256=f"{number}",
        form="module",
        cells=("x" * size,),
    )


def test_an_assignment_travels_with_the_files_beside_it(here):
    write(here / "sums" / "samples" / "right.py", RIGHT)
    write(here / "sums" / ".hidden", "")
    write(here / "sums" / "data" / "more.txt", "more")
    assert set(order().files) == {"assignment.py", "factor.txt", "data/more.txt"}


def test_an_assignment_that_is_no_assignment_py_travels_alone(here):
    write(here / "alone.py", re.sub("factor = .*", "factor = 3", ASSIGNMENT))
    assert set(order("alone.py").files) == {"alone.py"}


def test_a_folder_of_everything_is_not_sent(here):
    (here / "sums" / "film").write_bytes(bytes(33 * 2**20))
    with pytest.raises(batch.WorkersError, match="in a folder of its own"):
        order()


def test_files_that_were_changed_on_the_way_are_refused(here):
    changed = msgspec.structs.replace(order(), files={"assignment.py": b""})
    answer = remote.open_room({}, msgspec.msgpack.encode(changed))
    offer = msgspec.msgpack.decode(answer, type=parcels.Offer)
    assert offer.refusal == "the assignment's files did not arrive whole"


def test_chunks_hold_so_many_submissions_or_so_many_bytes():
    small = list(parcels.chunks(map(submission, range(5)), 2))
    large = list(parcels.chunks((submission(number, 3 * 2**20) for number in range(4)), 200))
    assert [len(one.submissions) for one in small] == [2, 2, 1]
    assert [len(one.submissions) for one in large] == [2, 2]


def test_submissions_are_read_as_workers_need_them(here):
    read = []

    def endless():
        while True:
            read.append(submission(len(read)))
            yield read[-1]

    next(parcels.chunks(endless(), 10))
    assert len(read) == 10


def test_what_a_worker_did_not_come_to_is_sent_again_in_smaller_pieces():
    (chunk,) = parcels.chunks(map(submission, range(7)), 7)
    pieces = list(parcels.rest(chunk, 3))
    assert [[one.id for one in piece.submissions] for piece in pieces] == [
        ["s3", "s4", "s5"],
        ["s6"],
    ]


@pytest.fixture
def answered(here):
    """A chunk of one submission, and a result for it as an honest worker would give it."""
    (chunk,) = parcels.chunks([submission()], 1)
    blank = set_aside(load("sums"), chunk.submissions[0])
    return chunk, msgspec.structs.replace(blank, problem=None, problem_message=None, score=3.0)


def read_answer(chunk, *found):
    encoded = [msgspec.msgpack.encode(one) for one in found]
    return parcels.read_answer(chunk, encoded, load("sums"), least="kernel")


def test_an_honest_answer_is_taken(answered):
    chunk, result = answered
    assert read_answer(chunk, result) == [result]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "somebody"},
        {"sha256": "other bytes"},
        {"path": "/etc/passwd"},
        {"max_score": 100.0},
        {"score": 3.1},
        {"score": -1.0},
        {"score": float("nan")},
        {"isolation": Isolation(level="limits", layers=())},
    ],
    ids=str,
)
def test_a_result_that_cannot_be_is_refused(answered, change):
    chunk, result = answered
    if "isolation" in change:  # that matters only where something was run
        asked = [
            QuestionResult(id=one.id, score=1.0, max_score=1.0, verdict="correct", message="")
            for one in load("sums")
        ]
        result = msgspec.structs.replace(result, questions=tuple(asked))
    with pytest.raises(ValueError, match="cannot be"):
        read_answer(chunk, msgspec.structs.replace(result, **change))


NESTED = b"\x81\xafproblem_message" + b"\x82\xa2id\xa1x\xaaparameters\x81\xa1a" * 100_000


def test_an_answer_that_is_nested_without_end_is_refused(answered):
    chunk, _ = answered
    with pytest.raises(ValueError, match="no result"):
        parcels.read_answer(chunk, [NESTED], load("sums"), least="kernel")


def test_a_message_that_nobody_knows_is_refused(answered):
    chunk, result = answered
    unknown = msgspec.structs.replace(result, problem_message=Message("no.such.message", {}))
    with pytest.raises(ValueError, match="cannot be"):
        read_answer(chunk, unknown)


@pytest.mark.parametrize("answer", [None, b"", b"\x81\xa7refusal\xa2\xff\xfe", b"\x81" * 10_000])
def test_an_offer_that_is_none_is_a_refusal(answer):
    assert parcels.read_offer(answer).refusal is not None


@pytest.mark.parametrize("answer", [None, {}, [], [b"", b""], [b"no result"], ["text"]], ids=str)
def test_an_answer_that_is_none_is_refused(answered, answer):
    chunk, _ = answered
    with pytest.raises(ValueError, match=r"answer|text"):
        parcels.read_answer(chunk, answer, load("sums"), least="kernel")
