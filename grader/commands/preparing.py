"""Before anything runs: the assignment, the submissions, and something to run them in.

Heavy modules are imported by the functions that need them, so that `grader --help` is instant.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.messages import Language, Message

if TYPE_CHECKING:
    from grader.assignment import Assignment
    from grader.distributed import Workers
    from grader.grading import Grader
    from grader.sandbox.limits import Limits
    from grader.sandbox.pool import Sandbox
    from grader.sandbox.protocol.control import Kind, Level
    from grader.sandbox.starting import Starting
    from grader.submissions import Submission, Submissions
from grader.commands.steps import FAULT, ISOLATION, USAGE, fail, language, say

LAYOUTS = ("gradescope", "canvas", "moodle", "nbgrader", "classroom", "plain")
"""Those of `grader.submissions`, named here so that help need not load it."""


def load(name: str) -> "Assignment":
    """The assignment with a bundled id, or that of a path."""
    from grader.catalogue import load

    return load(name)


def told_of(assignment: "Assignment") -> dict[str, Any]:
    """What a gradebook keeps of an assignment, so that no report has to run its file."""
    points = {item.id: item.points for item in assignment.items}
    return {"titles": dict(assignment.titles), "points": points}


def load_to_check(name: str, file: Path) -> "Assignment":
    """What a students' bundle says of an assignment, or the assignment with an id or of a path.

    The name is an id whose bundle lies beside the file, a path, or a bundled id.
    """
    from grader.bundle import beside, find
    from grader.catalogue import bundled

    there = beside(file, name)
    if Path(name).name == name and there.is_file():
        return _read_bundle(there)
    bundle = None if name in bundled() else find(name)
    return load(name) if bundle is None else _read_bundle(bundle)


def _read_bundle(path: Path) -> "Assignment":
    from grader.bundle.reader import read

    return read(path)


def recognise(submission: "Submission", file: Path, *, language: Language) -> "Assignment":
    """The assignment that a file names or whose names it defines; a bundle beside it first."""
    from grader.bundle import beside
    from grader.catalogue import bundled, load, recognise

    if submission.assignment is not None:
        there = beside(file, submission.assignment)
        if there.is_file():
            return _read_bundle(there)
    names = bundled()
    if submission.assignment in names:
        return load(submission.assignment)
    candidates = recognise(submission.cells)
    if len(candidates) == 1:
        return candidates[0]
    if submission.assignment is not None and not candidates:
        absent = Message("check.not_here", {"path": str(file), "assignment": submission.assignment})
        fail(absent, USAGE, language=language)
    found = ", ".join(one.id for one in candidates) or ", ".join(names)
    told = Message("check.which_assignment", {"path": str(file), "names": found})
    fail(told, USAGE, language=language)


def take(
    paths: Sequence[Path],
    assignment: "Assignment",
    name: str,
    *,
    layout: str | None = None,
    language: Language = "en",
) -> tuple["Submissions", list[Path]]:
    """The submissions of the paths that can be taken in, and those paths.

    What is refused is said in the language.
    """
    from grader.catalogue import FILE_NAME
    from grader.submissions import IntakeError, collect

    # Where the assignment lies among the submissions it is none of them.
    own = [Path(name), *([assignment.path / FILE_NAME] if assignment.path else [])]
    refused: set[Path] = set()

    def refuse(path: Path, error: IntakeError) -> None:
        refused.add(path)
        say(error.told, language=language)

    found = collect(paths, leaving_out=own, layout=layout, refuse=refuse)
    good = [path for path in paths if path not in refused]
    if not good:
        fail(Message("grade.nothing"), USAGE, language=language)
    return found, good


def source(name: str) -> str:
    """What names the assignment from any folder: a bundled id, or the absolute path of its file."""
    from grader.catalogue import bundled

    return name if name in bundled() else str(Path(name).absolute())


def limits(options: Mapping[str, Any]) -> "Limits":
    """The limits that --timeout and --memory ask for."""
    from msgspec.structs import replace

    from grader.sandbox.limits import MIB, Limits

    call = options["timeout"]
    times = Limits(call=call, cell=3 * call, submission=6 * call)
    if options["memory"] is None:
        return times
    size = options["memory"] * MIB
    return replace(times, memory=size, torch_memory=size)


@contextmanager
def beforehand() -> Iterator["Starting | None"]:
    """A worker for students' code that loads while everything else is made ready.

    It is abandoned at the end unless a sandbox has taken it over; None where there is no fork.
    """
    from grader.sandbox.starting import SandboxError, can_fork, started

    try:
        starting = started() if can_fork() else None
    except (SandboxError, OSError):  # told where a sandbox needs one
        starting = None
    try:
        yield starting
    finally:
        if starting is not None:
            starting.abandon()


def settings(assignment: "Assignment", seed: str, options: Mapping[str, Any]) -> str:
    """The fingerprint of what decides a class's marks beside the submissions."""
    from grader import batch

    return batch.settings(
        assignment,
        seed=seed,
        torch=options["torch"],
        executor=options.get("executor", "fast"),
        limits=limits(options),
    )


@contextmanager
def run(
    assignment: "Assignment", seed: str, options: dict[str, Any], *, least: "Level"
) -> Iterator["Grader"]:
    """A grader in a sandbox with the limits and the isolation that were asked for.

    `least` is the least isolation where none was asked for; without it nothing is run.
    """
    with sandbox(assignment, options, least=least) as place:
        yield grader(assignment, place, seed, options)


@contextmanager
def sandbox(
    assignment: "Assignment",
    options: dict[str, Any],
    *,
    least: "Level",
    starting: "Starting | None" = None,
    meanwhile: Iterator[object] | None = None,
) -> Iterator["Sandbox"]:
    """The sandbox of `run`, in which the workers of an assignment begin to load.

    `starting` is a worker that was started beforehand, for a few submissions; of `meanwhile` one
    thing after another is done while there is nothing but to wait. What fails there for want of
    the machine's means ends the command.
    """
    from grader.sandbox.pool import Sandbox, SandboxError

    _check_installed(options)
    torch: Kind = "real" if options["torch"] == "real" else "facade"
    try:
        with Sandbox(
            limits=limits(options),
            least=least if options["isolation"] == "auto" else options["isolation"],
            executor=options.get("executor", "fast"),
            few=starting is not None,
            starting=starting,
            meanwhile=meanwhile,
        ) as made:
            for kind in {assignment.kind_of(item, torch) for item in assignment.items}:
                made.prepare(kind)
            yield made
    except SandboxError as error:
        told_in = language(options.get("lang"), None)
        fail(Message("check.cannot_run", {"reason": str(error)}), FAULT, language=told_in)


def grader(
    assignment: "Assignment", sandbox: "Sandbox", seed: str, options: Mapping[str, Any]
) -> "Grader":
    """The grader of `run`; ends the command where there is not the isolation asked for."""
    from grader.grading import Grader

    made = Grader(assignment, sandbox, seed=seed, torch=options["torch"])
    _demand(sandbox, language=language(options.get("lang"), None))
    return made


@contextmanager
def run_elsewhere(
    scheduler: str, assignment: "Assignment", name: str, seed: str, options: dict[str, Any]
) -> Iterator["Workers"]:
    """The workers of a cluster that grade as `run` would here; without any nothing is run.

    `name` is what names the assignment. The least isolation is that of `grade`.
    """
    import logging

    from grader.batch import WorkersError

    _check_installed(options)
    if find_spec("distributed") is None:
        fail(
            "--scheduler needs dask.distributed, which is not installed; nothing was run: "
            "pip install 'autograd-grader[distributed]'",
            USAGE,
        )
    from grader.distributed import connected
    from grader.distributed.parcels import order_of

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a line of ours says what matters
    try:
        order = order_of(
            assignment,
            source(name),
            seed=seed,
            torch=options["torch"],
            executor=options["executor"],
            least="kernel" if options["isolation"] == "auto" else options["isolation"],
            limits=limits(options),
        )
        with connected(scheduler, assignment, order, tell=say) as workers:
            yield workers
    except WorkersError as error:
        fail(str(error), ISOLATION if error.lacks_isolation else USAGE)


def _check_installed(options: Mapping[str, Any]) -> None:
    """End here where what the options ask for is not installed."""
    if options["torch"] == "real":
        from grader.grading import has_real_torch

        if not has_real_torch():
            fail(Message("check.no_torch"), USAGE, language=language(options.get("lang"), None))
    if options.get("executor") == "jupyter" and find_spec("ipykernel") is None:
        fail(
            "--executor jupyter needs a kernel, which is not installed; nothing was run: "
            "pip install 'autograd-grader[jupyter]'",
            USAGE,
        )


def _demand(sandbox: "Sandbox", *, language: Language) -> None:
    """Fail closed where this machine does not offer the isolation that is asked for."""
    from grader.sandbox.isolation import CONTAINER, reaches

    least, found = sandbox.least, sandbox.isolation.level
    if reaches(found, least):
        return
    lacking = ", ".join(one.name for one in sandbox.layers if one.lacking)
    known = {"least": least, "found": found, "lacking": lacking, "container": CONTAINER}
    fail(Message("check.no_isolation", known), ISOLATION, language=language)
