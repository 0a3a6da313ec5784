"""What a small submission costs at each level of isolation, beside a bare fork, in one run.

    python -m tests.benchmarks.isolation

Milliseconds of wall clock, and of processor time in the grader, the zygote and the student's
process together. All rows take turns, and the last column compares with the bare fork, so that it
says the same on a busy machine. Levels that this machine does not offer are left out.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
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


class Row(NamedTuple):
    """What is measured: `run` does it some times, `clock` counts its processor seconds."""

    name: str
    run: Callable[[int], None]
    clock: Callable[[], float]


def processor_seconds(pid: int) -> float:
    """What a process and its children that were waited for have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


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

    return Row("bare fork, pipe, reap", run, lambda: processor_seconds(program.pid))


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

    def clock() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime + sum(map(processor_seconds, zygotes))

    return Row(name, run, clock)


def measure(rows: list[Row]) -> dict[str, tuple[float, float]]:
    """Milliseconds of wall clock and of processor time of each."""
    found: dict[str, list[tuple[float, float]]] = {row.name: [] for row in rows}
    for _ in range(ROUNDS):
        for row in rows:
            used, began = row.clock(), time.perf_counter()
            row.run(RUNS)
            wall = time.perf_counter() - began
            found[row.name].append((wall / RUNS * 1e3, (row.clock() - used) / RUNS * 1e3))
    return {
        name: (median(wall for wall, _ in pairs), sum(cpu for _, cpu in pairs) / ROUNDS)
        for name, pairs in found.items()
    }


def import_milliseconds() -> tuple[float, float]:
    """Wall clock and processor time of an interpreter that imports NumPy and ends."""
    command = [sys.executable, "-c", "import numpy"]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    walls, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(command, check=True, env=environment)
        walls.append((time.perf_counter() - began) * 1e3)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return median(walls), used / ROUNDS * 1e3


def main() -> None:
    with ExitStack() as held:
        bare = bare_fork(held)
        measured = measure([bare, *submissions(held)])
        measured["python -c 'import numpy'"] = import_milliseconds()
    base = measured[bare.name][1]
    print(f"{'a submission':28}{'wall':>10}{'processor':>12}{'bare forks':>12}")
    for name, (wall, cpu) in measured.items():
        print(f"{name:28}{wall:7.1f} ms{cpu:9.1f} ms{cpu / base:12.1f}")


if __name__ == "__main__":
    main()
