"""What runs in Gradescope's container: grades its one submission, and leaves results.json.

It gives the grader's command line what the container has, in a process of its own: whatever ends
that leaves the results.json that was written before.
"""

import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

import msgspec

from grader.autograder import Settings, ungraded
from grader.reports import write_atomically
from grader.submissions.handins import is_gradable

MIB = 2**20
RESERVED = 320
"""The MiB of a container that are the grader's own."""
MOST, LEAST = 1024, 256
"""The most and the least MiB for a student's process."""
SECONDS = 10.0
"""The time of a call on a processor of its own."""

_GRADER = "from grader.cli import main; main(prog_name='grader')"
_NOBODYS = b'{"id": 0, "users": [], "assignment": {}}'


def grade(root: Path, *, cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Grade what is in a tree like /autograder; returns the grader's exit status.

    Where the grader does not end well, results/results.json stays as it is.
    """
    source = root / "source"
    settings = msgspec.json.decode((source / "settings.json").read_bytes(), type=Settings)
    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        taken, out = Path(folder, "autograder"), Path(folder, "out")
        # Alone: beside it are the solutions, which are no submission.
        shutil.copytree(root / "submission", taken / "submission", symlinks=True)
        shutil.copy(root / "submission_metadata.json", taken)
        arguments = [
            *("grade", str(taken), "--layout", "gradescope", "-o", str(out)),
            *("-a", str(source / "assignment" / settings.assignment), "--seed", settings.seed),
            *("--isolation", settings.isolation, *limits(cgroup), "-j", "1"),
            *("--format", "gradescope", "--plain"),
        ]
        ended = subprocess.run([sys.executable, "-P", "-c", _GRADER, *arguments], check=False)
        # Each member of a group has the same.
        found = [one.read_bytes() for one in out.glob("gradescope/*/results.json")]
        files = [one for one in taken.rglob("*") if one.is_file() and not one.is_symlink()]
    if not found and not any(is_gradable(PurePosixPath(one)) for one in files):
        found = [ungraded("autograder.nothing")]
    if found:
        path = write_atomically(root / "results" / "results.json", found[0])
        path.chmod(0o644)  # whoever Gradescope reads it as
    return ended.returncode


def limits(cgroup: Path) -> list[str]:
    """The options for the memory and the processors that a container has; none where it is free."""
    options = []
    memory = _told(cgroup / "memory.max") or _told(cgroup / "memory" / "memory.limit_in_bytes")
    if memory and memory[0] < (MOST + RESERVED) * MIB:
        options += ["--memory", str(max(LEAST, int(memory[0] // MIB) - RESERVED))]
    old = cgroup / "cpu"
    time = _told(cgroup / "cpu.max") or _told(old / "cpu.cfs_quota_us", old / "cpu.cfs_period_us")
    if len(time) == 2 and 0 < time[0] < time[1]:
        options += ["--timeout", str(math.ceil(SECONDS * time[1] / time[0]))]
    return options


def _told(*files: Path) -> list[float]:
    """The numbers in the files; none where there is no such file, or no limit."""
    try:
        return [float(word) for file in files for word in file.read_text().split()]
    except (OSError, ValueError):
        return []


def works(root: Path) -> bool:
    """Whether the bundle grades here: an answer in which everything is missing."""
    with tempfile.TemporaryDirectory(prefix="grader-") as folder:
        top = Path(folder)
        (top / "source").symlink_to((root / "source").resolve())
        (top / "submission").mkdir()
        (top / "submission" / "answers.py").write_text("nothing = None\n", "utf-8")
        (top / "submission_metadata.json").write_bytes(_NOBODYS)
        return grade(top) == 0 and (top / "results" / "results.json").is_file()


def main() -> None:
    """Grade in the folder that the command line names; with --try, find out whether that works."""
    *flags, folder = sys.argv[1:]
    if flags == ["--try"]:
        if not works(Path(folder)):
            sys.exit("the autograder does not work in this image: the lines above say why")
        return
    grade(Path(folder))


if __name__ == "__main__":
    main()
