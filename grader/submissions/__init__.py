"""Intake: from files, folders and archives, as learning systems hand them out, to submissions.

Every file becomes code to run or a problem with a sentence for the student; none stops the rest.
It knows no assignment, and nothing in it runs what it reads. Each layout is a module with
`recognises(tree)` and `find(tree)`.
"""

import os
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from msgspec import Struct
from msgspec.structs import replace

from grader.messages import Message, Parameter
from grader.submissions import helpers, plain
from grader.submissions.files import (
    MODULE,
    MOST_NAMED,
    File,
    IntakeError,
    module_beside,
    text,
    tree_of,
)
from grader.submissions.handins import HandIn, one_a_student, with_ids
from grader.submissions.reading import Submission, content_of, contents, read

__all__ = ["LAYOUTS", "IntakeError", "Submission", "Submissions", "collect"]

LAYOUTS = ("gradescope", "canvas", "moodle", "nbgrader", "classroom", "plain")
"""The layouts in the order in which they are looked for; everything is `plain` in the end."""


class Submissions(Struct, frozen=True):
    """What was found, sorted by id: counted at once, each read anew when it is asked for.

    `layouts` names the layout of each path; `remarks` are lines for the person who gave them.
    """

    _found: tuple[HandIn, ...]
    layouts: tuple[str, ...] = ()
    remarks: tuple[Message, ...] = ()

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Submission]:
        return self.unless(lambda _id, _content: False)

    @property
    def ids(self) -> Iterator[str]:
        """The ids, sorted."""
        return (one.id for one in self._found)

    def only(self, ids: Container[str]) -> "Submissions":
        """Those with these ids."""
        return replace(self, _found=tuple(one for one in self._found if one.id in ids))

    def unless(self, done: Callable[[str, str], bool]) -> Iterator[Submission]:
        """The submissions of which `done(id, content)` is false; of the others no code is read."""
        for hand_in in self._found:
            data = contents(hand_in)
            if not done(hand_in.id, content_of(data)):
                yield read(hand_in, data)


def collect(
    paths: Sequence[Path],
    *,
    leaving_out: Collection[Path] = (),
    layout: str | None = None,
    refuse: Callable[[Path, IntakeError], None] | None = None,
    with_modules: bool = False,
) -> Submissions:
    """The submissions in these paths, sorted by id, each read when it is asked for.

    A path is a notebook, a module, a folder, or a zip or tar archive; its layout is one of
    `LAYOUTS`, found out where it is None. Hidden files and symbolic links are passed over, and
    in folders the files that are to be left out. Of several files of one student the newest by
    the system's own count is taken. Two students never share an id. With `with_modules`, what a
    file that is given by itself imports from its own folder is part of it: for whoever owns both.

    A path that does not exist, holds no submissions, or is not laid out as it should be is told
    to `refuse` and left out; without that IntakeError is raised, before any submission is read.
    """
    others = frozenset(map(os.path.realpath, leaving_out))
    found: dict[tuple[str, ...], HandIn] = {}
    names: list[str] = []
    remarks: list[Message] = []
    for path in paths:
        try:
            name, hand_ins, said = _found_in(path, others, layout, with_modules=with_modules)
        except IntakeError as error:
            if refuse is None:
                raise
            refuse(path, error)
            continue
        remarks += said
        names.append(name)
        for one in hand_ins:
            # A group's file is handed in by each of its members.
            found.setdefault((one.file.key, *(one.student or ())), one)
    chosen = with_ids(one_a_student(found.values()))
    return Submissions(tuple(chosen), tuple(names), tuple(remarks))


def _found_in(
    path: Path, leaving_out: frozenset[str], layout: str | None, *, with_modules: bool
) -> tuple[str, list[HandIn], list[Message]]:
    """The layout of a path, what that finds there, and what is to be said of it."""
    tree = tree_of(path, leaving_out=leaving_out)
    name = layout or next(one for one in LAYOUTS if _module_of(one).recognises(tree))
    hand_ins = list(_module_of(name).find(tree))
    if not hand_ins:
        known = {"path": text(path), "layout": name}
        raise IntakeError(Message("intake.other_layout", known))
    if tree.is_file and with_modules:
        modules = tuple(_modules_beside(path, tree.files[0], leaving_out).items())
        hand_ins = [replace(one, modules=modules) for one in hand_ins]
    remarks = list(tree.remarks)
    if name == "plain" and (others := plain.passed_over(tree, hand_ins)):
        remarks.append(_no_answers(text(path), others))
    return name, hand_ins, remarks


def _module_of(layout: str) -> ModuleType:
    return import_module(f"{__name__}.{layout}")


def _modules_beside(path: Path, file: File, leaving_out: Container[str]) -> dict[str, File]:
    """What a file imports from its own folder."""

    def find(name: str) -> File | None:
        module = module_beside(path, name)
        return None if module is None or module.key in leaving_out else module

    # Most have no module beside them, and need not be read for it.
    has_any = any(one != path for one in path.parent.glob(f"*{MODULE}"))
    return helpers.imported(file, find) if has_any else {}


def _no_answers(path: str, names: Sequence[str]) -> Message:
    known: dict[str, Parameter] = {"path": path, "names": ", ".join(names[:MOST_NAMED])}
    if len(names) <= MOST_NAMED:
        return Message("intake.no_answers", known)
    known["more"] = len(names) - MOST_NAMED
    return Message("intake.no_answers_more", known)
