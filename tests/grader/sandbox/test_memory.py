"""What is allocated after a zygote's memory was arranged lies side by side."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from grader.sandbox.worker.memory import arrange
sizes = range(15, 480, 16)
many = [bytes(size) for size in sizes for _ in range(400)]
del many[::2]
if sys.argv[1] == "arranged":
    arrange()
together = 0
for size in sizes:
    first, second, third = [bytes(size) for _ in range(3)]
    together += id(second) - id(first) == id(third) - id(second) == size + 33
print(together / len(sizes))
"""


def part_side_by_side(word):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, word],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="zygotes are Linux's")
def test_gaps_are_used_up():
    assert part_side_by_side("as it is") < 0.5
    assert part_side_by_side("arranged") > 0.8


def most_in_a_row(pid):
    """The most MiB that a process holds in one piece of memory that is no file's nor the heap."""
    held, nameless = [0], False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if "-" in words[0]:
            nameless = len(words) == 5
        elif words[0] == "Rss:" and nameless:
            held.append(int(words[1]) // 1024)
    return max(held)


@pytest.mark.skipif(sys.platform != "linux", reason="zygotes are Linux's")
def test_small_objects_lie_in_a_row_in_the_worker_of_a_class(sandbox):
    assert sandbox.layers
    assert most_in_a_row(sandbox._zygotes["numpy"]._process.pid) >= 8
