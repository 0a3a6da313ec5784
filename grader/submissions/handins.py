"""What a student handed in, as a layout finds it: which files, under which id, how new.

It decides which file counts where there are several, and that no two students share an id.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from grader.submissions.files import File, text

NOTEBOOK = ".ipynb"
MODULE = ".py"

_COPIES = re.compile(
    r"^(?:c[oó]pia de |copia de |copy of )|[ _-]\((\d+)\)$|[ _-](?:copy|copia|c[oó]pia)(\d*)$",
    re.IGNORECASE,
)
"""How systems and browsers name a second file: "Cópia de X", "X (1)", "X-Copy1"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """A file that one student handed in.

    `ids` are possible ids of the student, the best first; the last is this file's alone.
    `student` is the same for all files of one student, None where files stand for themselves.
    `age` orders a student's files by what the system knows, the newest last. `lms` holds what the
    system needs on the way back; `others` the student's other files.
    """

    file: File
    shown: str
    ids: tuple[str, ...]
    student: tuple[str, ...] | None = None
    age: tuple[int | str, ...] = ()
    name: str | None = None
    submitted_at: str | None = None
    late: bool | None = None
    lms: Mapping[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def is_gradable(self) -> bool:
        """Whether its name is that of a notebook or a module."""
        return is_gradable(self.file.path)


def is_gradable(path: PurePosixPath) -> bool:
    """Whether a file's name is that of a notebook or a module."""
    return path.suffix.lower() in (NOTEBOOK, MODULE)


def from_system(  # noqa: PLR0913 - one parameter a fact
    system: str,
    student: str,
    file: File,
    *,
    name: str | None = None,
    age: tuple[int | str, ...] = (),
    submitted_at: str | None = None,
    late: bool | None = None,
    lms: Mapping[str, str],
) -> HandIn:
    """A file whose student a system names: the id is theirs, and the same in every run."""
    shown = text(file.path)
    return HandIn(
        file=file,
        shown=shown,
        ids=tuple(dict.fromkeys((student, f"{system}/{student}", f"{system}/{student}/{shown}"))),
        student=(system, student),
        age=age,
        name=name,
        submitted_at=submitted_at,
        late=late,
        lms={"system": system, **lms},
    )


def one_a_student(found: Iterable[HandIn]) -> Iterator[HandIn]:
    """The file of each student that counts; their others are listed in it.

    A notebook or module before what cannot be run, then the newest by the system. Where that
    does not decide, the latest copy by its name, notebooks first: flagged `several_files`.
    """
    alone: list[HandIn] = []
    together: dict[tuple[str, ...], list[HandIn]] = {}
    for one in found:
        if one.student is None:
            alone.append(one)
        else:
            together.setdefault(one.student, []).append(one)
    yield from alone
    for files in together.values():
        files.sort(key=lambda one: (_standing(one), _by_name(one)), reverse=True)
        best, *others = files
        is_guess = any(_standing(one) == _standing(best) and one.is_gradable for one in others)
        yield replace(
            best,
            others=tuple(sorted(one.shown for one in others)),
            flags=("several_files",) if is_guess else (),
        )


def _standing(hand_in: HandIn) -> tuple[bool, tuple[int | str, ...]]:
    return hand_in.is_gradable, hand_in.age


def _by_name(hand_in: HandIn) -> tuple[bool, int, str]:
    path = hand_in.file.path
    return path.suffix.lower() == NOTEBOOK, _copy_number(path.stem), str(path)


def _copy_number(stem: str) -> int:
    """0 for what is no copy by its name, 1 for a copy, the number of a numbered one."""
    found = _COPIES.search(stem)
    if found is None:
        return 0
    return int(found[1] or found[2] or 1)


def with_ids(found: list[HandIn]) -> Iterator[tuple[HandIn, str]]:
    """Every file with the first of its ids that no other file has."""
    choice = [0] * len(found)
    while True:
        ids = [one.ids[number] for one, number in zip(found, choice, strict=True)]
        uses = Counter(ids)
        clashing = [
            place
            for place, one in enumerate(found)
            if uses[ids[place]] > 1 and choice[place] < len(one.ids) - 1
        ]
        if not clashing:
            return zip(found, ids, strict=True)
        for place in clashing:
            choice[place] += 1
