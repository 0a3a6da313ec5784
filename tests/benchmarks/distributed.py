"""The cost of grading on a cluster: a task, a submission, and what follows for large classes.

    python -m tests.benchmarks.distributed [SIZE] [WORKERS]

A scheduler and workers of one thread (by default 2) are started on this machine and grade a class
of SIZE (by default 2,000) small notebooks, which is graded once more without them. What each
process takes is read from the system, so that the parts stand for themselves although they share
the machine's cores; the last table puts them together for clusters that have more.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from distributed import Client

from grader import batch
from grader.catalogue import load
from grader.distributed import LARGEST_CHUNK, connected
from grader.distributed.parcels import chunks, order_of
from grader.distributed.worker import grade_chunk
from grader.gradebook import Command, opened
from grader.grading import Grader
from grader.sandbox.limits import Limits
from grader.sandbox.pool import Sandbox
from grader.submissions import collect
from tests.benchmarks.grading import ASSIGNMENT, ROOT, write_class

TASKS = 300
CLUSTERS = (2, 16, 64, 256)
CLASSES = (100_000, 1_000_000)
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cluster:
    address: str
    scheduler: subprocess.Popen
    workers: list


def start(folder, *words):
    command = [sys.executable, "-c", "from dask.__main__ import main; main()", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet)


@contextmanager
def cluster(folder, size):
    """A scheduler and so many workers."""
    file = folder / "scheduler.json"
    listen = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", file)
    processes = [start(folder, "scheduler", *listen)]
    try:
        while not (file.is_file() and file.read_text().endswith("}")):
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        alone = ("--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", folder)
        processes += [start(folder, "worker", address, *alone) for _ in range(size)]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(size)
        yield Cluster(address, processes[0], processes[1:])
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def seconds_of(process):
    """Seconds of processor time of a process and of all that it started."""
    own = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    taken = sum(map(int, own[11:15])) / TICK
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        taken += sum(map(seconds_of, children.read_text().split()))
    return taken


def tasks(address, submissions, size):
    """What a chunk of so many costs that nobody grades: wall seconds and the client's."""
    (chunk,) = chunks(submissions[:size], size)
    with Client(address, set_as_default=False) as client:
        client.submit(grade_chunk, "warm", [], pure=False).result()
        began, before = time.monotonic(), time.process_time()
        sent = [
            client.submit(grade_chunk, "nobody's", list(chunk.encoded), pure=False)
            for _ in range(TASKS)
        ]
        for one in sent:
            one.result()
        return (time.monotonic() - began) / TASKS, (time.process_time() - before) / TASKS


def there(place, assignment, running):
    """Grade the class on the cluster; the seconds of wall clock and of each kind of process."""
    limits = Limits()
    order = order_of(
        assignment, str(place / "slopes.py"), seed="s", torch="auto", executor="fast",
        least="limits", limits=limits,
    )  # fmt: skip
    taken = collect([place / "class"])
    with (
        opened(place / "there") as book,
        connected(running.address, assignment, order, tell=print) as workers,
    ):
        begin(book, assignment, limits)
        parties = {"scheduler": [running.scheduler], "workers": running.workers}
        before = {name: sum(seconds_of(one.pid) for one in all_) for name, all_ in parties.items()}
        began, own = time.monotonic(), time.process_time()
        graded = batch.grade_elsewhere(book, workers, taken, expected=len(taken))
        sizes = [len(msgspec.msgpack.encode(one)) for one in graded]
        wall = time.monotonic() - began
        seconds = {"client": time.process_time() - own}
        for name, all_ in parties.items():
            seconds[name] = sum(seconds_of(one.pid) for one in all_) - before[name]
    return wall, seconds, sum(sizes) / len(sizes)


def here(place, assignment, jobs):
    """Grade the class on this machine; the seconds of wall clock and of all processes."""
    limits = Limits()
    with opened(place / "here") as book, Sandbox(limits=limits) as sandbox:
        grader = Grader(assignment, sandbox, seed="s")
        _ = sandbox.layers
        begin(book, assignment, limits)
        began, before = time.monotonic(), seconds_of(os.getpid())
        with closing(
            batch.grade_into(book, grader, collect([place / "class"]), jobs=jobs)
        ) as graded:
            for _ in graded:
                pass
        return time.monotonic() - began, seconds_of(os.getpid()) - before


def begin(book, assignment, limits):
    settings = batch.settings(assignment, seed="s", torch="auto", executor="fast", limits=limits)
    book.start(
        batch.frame(assignment, "s"), settings, Command(paths=(), layout=None, assignment="slopes")
    )


def main(arguments):
    size, workers = [*map(int, arguments), *(2_000, 2)[len(arguments) :]]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "slopes.py").write_text(ASSIGNMENT, encoding="utf-8")
        write_class(place / "class", size, hostile=False)
        for name in ("here", "there"):
            (place / name).mkdir()
        assignment = load(place / "slopes.py")
        submissions = list(collect([place / "class"]).only([f"student{n:06}" for n in range(200)]))
        with cluster(place, workers) as running:
            for one in (1, len(submissions)):
                wall, own = tasks(running.address, submissions, one)
                print(f"a task with {one:>3} submissions, none graded: {1000 * wall:5.1f} ms of "
                      f"wall, {1000 * own:5.1f} ms of the client's")  # fmt: skip
            wall, seconds, answer = there(place, assignment, running)
        wall_here, seconds["all here"] = here(place, assignment, workers)
    (chunk,) = chunks(submissions, len(submissions))
    bytes_there = sum(map(len, chunk.encoded)) / len(submissions)
    print(f"a submission is {bytes_there:,.0f} bytes there and {answer:,.0f} bytes back")
    print(f"\n{size:,} submissions, {workers} workers: {1000 * wall / size:.1f} ms of wall each, "
          f"{1000 * wall_here / size:.1f} without a cluster; and of processors")  # fmt: skip
    each = {name: 1000 * one / size for name, one in seconds.items()}
    for name, one in each.items():
        print(f"{name:>12}{one:>8.2f} ms")
    print(f"\nminutes with processors enough, chunks of {LARGEST_CHUNK}")
    print(f"{'workers':>10}" + "".join(f"{one:>12,}" for one in CLASSES))
    for count in CLUSTERS:
        slowest = max(each["client"], each["workers"] / count)
        print(f"{count:>10}" + "".join(f"{one * slowest / 60_000:>12.1f}" for one in CLASSES))


if __name__ == "__main__":
    main(sys.argv[1:])
