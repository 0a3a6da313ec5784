"""What a small submission costs at each level of isolation, beside a bare fork, in one run.

    python -m tests.benchmarks.isolation

Milliseconds of wall clock, and of processor time in the grader, the zygote and the student's
process together. All rows take turns, and one column compares with the bare fork, so that it says
the same on a busy machine; so does the last one, which counts page faults of the zygote and the
student's process. Levels that this machine does not offer are left out.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

import numpy as np

from grader.outcomes import Answered
from grader.sandbox.isolation import LEVELS
from grader.sandbox.pool import Sandbox

ROUNDS = 15
RUNS = 10
"""In each round; the medians of the rounds are shown."""

BARE = """
import os, sys
import numpy
import gc
gc.freeze()
for line in sys.stdin:
    for _ in range(int(line)):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, b"x")
            os._exit(0)
        os.close(writer)
        os.read(reader, 1)
        os.close(reader)
        os.wait()
    print("done", flush=True)
"""

NUMPY = (
    "import numpy as np",
    "def gradient(x, w, y):\n    e = x * w - y\n    return {'de': 2 * e, 'dw': (2 * e * x).sum()}",
)
TORCH = (
    "import torch",
    """def gradient(x, w, y):
    x, y = torch.tensor(x), torch.tensor(y)
    w = torch.tensor(w, requires_grad=True)
    e = x * w - y
    e.retain_grad()
    (e ** 2).sum().backward()
    return {"de": e.grad, "dw": w.grad}""",
)
ARGUMENTS = {"x": np.arange(1.0, 6.0), "w": np.ones(1), "y": np.full(5, 0.5)}


class Used(NamedTuple):
    """Processor seconds and page faults."""

    seconds: float
    faults: int


class Row(NamedTuple):
    """What is measured: `run` does it some times, `meter` tells what was used until now."""

    name: str
    run: Callable[[int], None]
    meter: Callable[[], Used]


def used_by(pid: int) -> Used:
    """What a process and its children that were waited for have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks, faults = sum(map(int, fields[11:15])), sum(map(int, fields[7:9]))
    return Used(ticks / os.sysconf("SC_CLK_TCK"), faults)


def bare_fork(held: ExitStack) -> Row:
    program: subprocess.Popen[str] = held.enter_context(
        subprocess.Popen(
            [sys.executable, "-c", BARE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )
    )

    def run(times: int) -> None:
        assert program.stdin is not None
        assert program.stdout is not None
        print(times, file=program.stdin, flush=True)
        assert program.stdout.readline() == "done\n"

    return Row("bare fork, pipe, reap", run, lambda: used_by(program.pid))


def submissions(held: ExitStack) -> Iterator[Row]:
    """A submission with cells and five calls, at each level, in NumPy and in torch."""
    kinds: list[tuple[Any, tuple[str, ...]]] = [("numpy", NUMPY), ("facade", TORCH)]
    for level in LEVELS:
        sandbox = held.enter_context(Sandbox(most=level))
        if sandbox.isolation.level != level:
            continue
        for kind, cells in kinds:
            yield submission(sandbox, f"{kind}, {level}", kind, cells)


def submission(sandbox: Sandbox, name: str, kind: Any, cells: tuple[str, ...]) -> Row:
    def run(times: int) -> None:
        for number in range(times):
            with sandbox.session(kind, cells, form="notebook", seed=number) as session:
                for _ in range(5):
                    assert isinstance(session.call("gradient", ARGUMENTS), Answered)

    run(1)
    started = sandbox._zygotes[kind]._process.pid  # type: ignore[union-attr]
    # In namespaces of its own the zygote is the child of the process that was started.
    inside = Path(f"/proc/{started}/task/{started}/children").read_text().split()
    zygotes = [started, *map(int, inside)]

    def meter() -> Used:
        own = resource.getrusage(resource.RUSAGE_SELF)
        used = [used_by(pid) for pid in zygotes]
        seconds = own.ru_utime + own.ru_stime + sum(one.seconds for one in used)
        return Used(seconds, sum(one.faults for one in used))

    return Row(name, run, meter)


class Cost(NamedTuple):
    """Milliseconds of wall clock and of processor time, and page faults."""

    wall: float
    cpu: float
    faults: float


def measure(rows: list[Row]) -> dict[str, Cost]:
    """What each costs once."""
    found: dict[str, list[Cost]] = {row.name: [] for row in rows}
    for _ in range(ROUNDS):
        for row in rows:
            before, began = row.meter(), time.perf_counter()
            row.run(RUNS)
            wall = time.perf_counter() - began
            seconds, faults = (now - then for now, then in zip(row.meter(), before, strict=True))
            found[row.name].append(Cost(wall / RUNS * 1e3, seconds / RUNS * 1e3, faults / RUNS))
    return {name: cost_of(costs) for name, costs in found.items()}


def cost_of(costs: list[Cost]) -> Cost:
    """The median of the wall clock, and the means of what is counted in steps."""
    walls, cpus, faults = zip(*costs, strict=True)
    return Cost(median(walls), mean(cpus), mean(faults))


def numpy_import() -> Cost:
    """What an interpreter costs that imports NumPy and ends."""
    command = [sys.executable, "-c", "import numpy"]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    walls, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(command, check=True, env=environment)
        walls.append((time.perf_counter() - began) * 1e3)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    faults = after.ru_minflt - before.ru_minflt
    return Cost(median(walls), used / ROUNDS * 1e3, faults / ROUNDS)


def main() -> None:
    with ExitStack() as held:
        bare = bare_fork(held)
        measured = measure([bare, *submissions(held)])
        measured["python -c 'import numpy'"] = numpy_import()
    base = measured[bare.name].cpu
    print(f"{'a submission':28}{'wall':>10}{'processor':>12}{'bare forks':>12}{'page faults':>13}")
    for name, (wall, cpu, faults) in measured.items():
        print(f"{name:28}{wall:7.1f} ms{cpu:9.1f} ms{cpu / base:12.1f}{faults:13.0f}")


if __name__ == "__main__":
    main()
