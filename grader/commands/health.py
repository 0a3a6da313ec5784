"""The command that shows what this machine offers to a grading run."""

import importlib.metadata
import platform
import sys
from collections.abc import Iterator
from typing import NamedTuple

import click

from grader.commands import common, steps


@click.command(epilog="Example:  grader doctor")
@common.plain
def doctor(plain: bool) -> None:
    """Show what this machine offers, and what would improve it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "what", "found", "what it is for"):
        table.add_column(column, overflow="fold")
    for one in findings():
        cells = ("ok" if one.available else "--", one.name, one.found, one.purpose)
        if plain:
            click.echo("\t".join(cells))
        else:
            table.add_row(*map(Text, cells))
    if not plain:
        steps.console().print(table)


class Finding(NamedTuple):
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
    yield from _sandbox()
    installed = _version("torch")
    yield Finding(
        "PyTorch",
        bool(installed),
        installed or "not installed: pip install 'autograd-grader[torch]'",
        "--torch real; without it, students' torch code runs on the bundled engine",
    )


def _sandbox() -> Iterator[Finding]:
    """Run one cell in a sandbox, as a grading run would, and tell what it was kept by."""
    from grader.outcomes import Answered
    from grader.sandbox.isolation import CONTAINER, LAYERS, isolation_of
    from grader.sandbox.pool import Sandbox, SandboxError

    purpose = "tried just now: one line of code in a sandbox"
    cell = "import torch\nx = float(torch.ones(2).sum())"
    try:
        with (
            Sandbox(few=True) as sandbox,
            sandbox.session("facade", [cell], form="notebook", seed=0) as session,
        ):
            outcome = session.read("x")
            layers = sandbox.layers
    except SandboxError as error:
        yield Finding("sandbox", False, str(error), purpose)
        return
    works = isinstance(outcome, Answered) and outcome.value == 2.0
    yield Finding("sandbox", works, "works" if works else f"gave {outcome!r}"[:60], purpose)
    lacking = {layer.name: layer.lacking for layer in layers}
    for layer in LAYERS:
        reason = lacking.get(layer.name, "")
        # What no level needs is nothing to look for.
        needs = f"; needs {layer.how}" if layer.level else ""
        found = f"{reason}{needs}" if reason else "held against a hostile program"
        yield Finding(layer.name, not reason, found, f"stops {layer.stops}")
    level = isolation_of(layers).level
    gain = "" if level != "limits" else f"; to grade what you do not trust:  {CONTAINER}"
    yield Finding(
        "isolation",
        level != "limits",
        f"level {level}{gain}",
        "full > kernel > limits; grade asks for kernel, check for limits",
    )


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
