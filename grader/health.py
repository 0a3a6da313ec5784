"""What this machine offers to a grading run; the text behind `grader doctor`."""

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for: whether it is there, what was found, what it is for."""

    name: str
    available: bool
    found: str
    purpose: str


def findings() -> Iterator[Finding]:
    """Everything that matters to a run here, most basic first."""
    yield Finding(
        "Python",
        sys.version_info >= (3, 11),
        f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "runs the grader and the students' code",
    )
    yield Finding("numpy", True, _version("numpy"), "the engine's arrays, and the students'")
    yield _processes()
    yield _runs_code()
    yield Finding(
        "kernel isolation",
        False,
        "not in this version",
        "keeps students' code from files and the network; until then, grade code that you do not "
        "trust inside a container or virtual machine",
    )
    installed = _version("torch")
    yield Finding(
        "PyTorch",
        bool(installed),
        installed or "not installed: pip install 'autograd-grader[torch]'",
        "--torch real; without it, students' torch code runs on the bundled engine",
    )


def _processes() -> Finding:
    forks = hasattr(os, "fork")
    return Finding(
        "process and resource limits",
        forks,
        "level limits" if forks else "no fork on this system: grading needs Linux or macOS",
        "a process of its own for each submission; stops endless loops and memory bombs",
    )


def _runs_code() -> Finding:
    """Run one cell in a sandbox, as a grading run would."""
    from grader.outcomes import Answered
    from grader.sandbox.pool import Sandbox, SandboxError

    purpose = "tried just now: one line of code in a sandbox"
    try:
        with (
            Sandbox() as sandbox,
            sandbox.session(
                "facade", ["import torch\nx = float(torch.ones(2).sum())"], form="notebook", seed=0
            ) as session,
        ):
            outcome = session.read("x")
    except SandboxError as error:
        return Finding("sandbox", False, str(error), purpose)
    works = isinstance(outcome, Answered) and outcome.value == 2.0
    return Finding("sandbox", works, "works" if works else f"gave {outcome!r}"[:60], purpose)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
