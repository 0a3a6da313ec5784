"""What a student handed in, as a layout finds it: which files, under which id, how new.

It decides which file counts where there are several, and that no two students share an id.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import PurePath
from types import MappingProxyType

import msgspec

from grader.submissions import helpers
from grader.submissions.files import MODULE, NOTEBOOK, File, ending, text

_COPIES = re.compile(
    r"^(?:c[oó]pia de |copy of )|[ _-]*\((\d+)\)$|[ _-]+(?:copy|c[oó]pia) ?(\d*)$", re.IGNORECASE
)
"""How systems and browsers name a second file: "Cópia de X", "X (1)", "X-Copy1", "X - Copy"."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


class HandIn(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file that one student handed in.

    `id` is the best id for the student; where it is another's too, the first of `further_ids` that
    is not is taken, of which the last is this file's alone. `student` is the same for all files of
    one student, None where files stand for themselves. `age` orders a student's files by what the
    system knows, the newest last; of two with different `piece` it does not know whether one is in
    the other's place. `modules` are what it imports of the student's, by their names. `lms` holds
    what the system needs on the way back; `others` the student's other files.
    """

    file: File
    shown: str
    id: str
    further_ids: Callable[["HandIn"], tuple[str, ...]]
    student: tuple[str, ...] | None = None
    age: tuple[int | str, ...] = ()
    piece: str = ""
    modules: tuple[tuple[str, File], ...] = ()
    name: str | None = None
    submitted_at: str | None = None
    late: bool | None = None
    lms: Mapping[str, str] = _NOTHING
    others: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def is_gradable(self) -> bool:
        """Whether its name is that of a notebook or a module."""
        return is_gradable(self.file.path)


def is_gradable(path: str | PurePath) -> bool:
    """Whether a file's name is that of a notebook or a module."""
    return ending(str(path)) in (NOTEBOOK, MODULE)


def from_system(  # noqa: PLR0913 - one parameter a fact
    system: str,
    student: str,
    file: File,
    *,
    name: str | None = None,
    age: tuple[int | str, ...] = (),
    piece: str = "",
    submitted_at: str | None = None,
    late: bool | None = None,
    lms: Mapping[str, str],
) -> HandIn:
    """A file whose student a system names: the id is theirs, and the same in every run."""
    return HandIn(
        file=file,
        shown=text(file.path),
        id=student,
        further_ids=_by_system,
        student=(system, student),
        age=age,
        piece=piece,
        name=name,
        submitted_at=submitted_at,
        late=late,
        lms={"system": system, **lms},
    )


def _by_system(hand_in: HandIn) -> tuple[str, ...]:
    system = hand_in.lms["system"]
    return f"{system}/{hand_in.id}", f"{system}/{hand_in.id}/{hand_in.shown}"


def one_a_student(found: Iterable[HandIn]) -> Iterator[HandIn]:
    """The file of each student that counts; their others are listed in it.

    A notebook or module before what cannot be run, then the newest by the system. Where that
    does not decide, the latest copy by its name, notebooks first: flagged `several_files`, as is
    what was perhaps handed in together. A module that another of their files imports is part of
    that one, and no answer.
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
        modules, imported = _imported_by(files)
        answers = (one for one in files if one.is_gradable and _module(one) not in imported)
        best = next(answers, files[0])
        used = modules.get(best.file.key, {})
        others = [one for one in files if one is not best and one.file not in used.values()]
        is_guess = any(
            one.is_gradable
            and _module(one) not in imported
            and (_standing(one) == _standing(best) or one.piece != best.piece)
            for one in others
        )
        yield msgspec.structs.replace(
            best,
            modules=tuple(sorted(used.items(), key=lambda pair: pair[0])),
            others=tuple(sorted(one.shown for one in others)),
            flags=("several_files",) if is_guess else (),
        )


def _imported_by(files: Sequence[HandIn]) -> tuple[dict[str, dict[str, File]], set[str]]:
    """What each file imports of the others, by its key, and the names of all that are imported.

    The newest are first, so that of two modules of one name that is meant.
    """
    gradable = [one for one in files if one.is_gradable]
    if not 2 <= len(gradable) <= helpers.MAX_FILES:
        return {}, set()
    places: dict[str, dict[str, File]] = {}
    for one in reversed(gradable):
        if name := _module(one):
            places.setdefault(one.file.folder, {})[name] = one.file
    mentioned = cache(helpers.names_in)
    found = {
        one.file.key: helpers.imported(
            one.file, places.get(one.file.folder, {}).get, mentioned=mentioned
        )
        for one in gradable
    }
    return found, {name for modules in found.values() for name in modules}


def _module(hand_in: HandIn) -> str | None:
    """The name under which a file can be imported; None where it is no module."""
    file = hand_in.file
    return (hand_in.piece or file.stem) if file.suffix == MODULE else None


def _standing(hand_in: HandIn) -> tuple[bool, tuple[int | str, ...]]:
    return hand_in.is_gradable, hand_in.age


def _by_name(hand_in: HandIn) -> tuple[bool, int, str]:
    file = hand_in.file
    return file.suffix == NOTEBOOK, _copy_number(file.stem), file.path


def _copy_number(stem: str) -> int:
    """0 for what is no copy by its name, 1 for a copy, the number of a numbered one."""
    marks = _COPIES.finditer(unicodedata.normalize("NFC", stem))
    return max((int(one[1] or one[2] or 1) for one in marks), default=0)


def original_of(stem: str) -> str:
    """The name of what a file is a copy of by its own name; that name where it is none."""
    stem = unicodedata.normalize("NFC", stem)
    while (shorter := _COPIES.sub("", stem)) not in ("", stem):
        stem = shorter
    return stem


def with_ids(found: Iterable[HandIn]) -> list[HandIn]:
    """Every file under the first of its ids that no other file has, sorted by them."""
    chosen = list(found)
    left: dict[int, list[str]] = {}
    while True:
        uses = Counter(one.id for one in chosen)
        clashing = [place for place, one in enumerate(chosen) if uses[one.id] > 1]
        for place in clashing:
            one = chosen[place]
            if place not in left:
                known = dict.fromkeys((one.id, *one.further_ids(one)))
                left[place] = list(known)[:0:-1]
        movable = [place for place in clashing if left[place]]
        if not movable:
            distinct = _numbered(chosen) if clashing else chosen
            return sorted(distinct, key=lambda one: one.id)
        for place in movable:
            chosen[place] = msgspec.structs.replace(chosen[place], id=left[place].pop())


def _numbered(found: Iterable[HandIn]) -> Iterator[HandIn]:
    """The files with numbers behind the ids that are still alike.

    Names can differ in how their accents are written alone, which ids do not tell apart.
    """
    taken: set[str] = set()
    for one in sorted(found, key=lambda each: each.file.key):
        name = next(name for name in _names_of(one.id) if name not in taken)
        taken.add(name)
        yield one if name == one.id else msgspec.structs.replace(one, id=name)


def _names_of(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name} ({number})" for number in count(2))
