"""The command line: thin commands over the library, one clear line for every mistake of a user.

Heavy modules are imported by the commands that need them, so that `grader --help` is instant.
"""

import errno
import io
import os
import sys
from importlib import import_module
from typing import Any

import click

from grader import __version__
from grader.commands import steps

_COMMANDS = {
    "list": "course", "start": "course",
    "check": "checking",
    "grade": "grading",
    "new": "course", "release": "course", "validate": "course",
    "report": "handover", "status": "upkeep", "regrade": "upkeep", "explain": "upkeep",
    "marks": "handover", "forget": "upkeep",
    "doctor": "health",
}  # fmt: skip
"""In which module of `grader.commands` each command is, in the order of their use."""


class _Commands(click.Group):
    """The commands, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name in _COMMANDS:
            return _load(cmd_name)
        self.commands = {name: _load(name) for name in _COMMANDS}  # to say which may be meant
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a fault of the grader's own ends in its status, not in a student's."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever reads this may report it
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                _give_up_unwritable_output()
                told = f"{error.strerror}: make room, and give the same command again"
                steps.fail(told, steps.UNWRITTEN)
            sys.excepthook(type(error), error, error.__traceback__)
            ctx.exit(steps.FAULT)


def _load(name: str) -> click.Command:
    module = import_module(f"grader.commands.{_COMMANDS[name]}")
    commands = (one for one in vars(module).values() if isinstance(one, click.Command))
    return next(one for one in commands if one.name == name)


def _give_up_unwritable_output() -> None:
    """Let what cannot be written go: Python would try again at the end, with its own status."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with:  grader list",
)
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade autograd coursework against computed gradients, and say why an answer is wrong."""
    # Where the terminal's encoding lacks a character it shows a question mark, not a traceback.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
