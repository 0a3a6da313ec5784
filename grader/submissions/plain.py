"""Files and folders that no learning system laid out: one file a student, or one folder."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import accumulate

from grader.messages import Message
from grader.submissions.files import MODULE, File, IntakeError, Tree, text
from grader.submissions.handins import HandIn, is_gradable, original_of
from grader.submissions.helpers import answer_among
from grader.submissions.kinds import is_document

_NOT_ANSWERS = {"conftest", "license", "readme", "requirements", "setup"}
"""Stems of files that lie beside answers in many folders."""

_REPORTS = {"results.json", "index.html"}
"""A folder with these is an earlier run's OUT: its pages are no hand-ins."""
_OF_AN_OUT = ((), ("pages",))
"""Where in an OUT there are pages."""


def recognises(tree: Tree) -> bool:  # noqa: ARG001 - every layout is asked
    """Every folder, archive and file can be taken as it is."""
    return True


def find(tree: Tree) -> Iterator[HandIn]:
    """The notebooks and modules, and documents that stand where an answer should.

    Names that begin with an underscore and data files are passed over. The id is the name of the
    file; with one folder a student it is the student's folder, and what is a copy by its name is
    the same student's. Raises IntakeError for none.
    """
    further = _further(tree)
    if tree.is_file:
        (file,) = tree.files
        yield HandIn(file=file, shown=text(file.path), id=text(file.stem), further_ids=further)
        return
    answers = list(_answers(tree.files))
    if not answers:
        raise IntakeError(Message("intake.nothing_there", {"path": text(tree.path)}))
    own = _own_folders(answers)
    for file in answers:
        folder = next((one for one in _above(file) if one in own), None)
        if folder is None:
            name = f"{_last(file.folder)}/{file.stem}" if file.folder else file.stem
        else:
            name = _last(folder)
        yield HandIn(
            file=file,
            shown=text(file.path),
            id=text(name),
            further_ids=further,
            student=None if folder is None else ("plain", file.source.key(folder)),
        )


def passed_over(tree: Tree, found: Collection[HandIn]) -> list[str]:
    """The files that are no hand-in, and in whose folder below what was given there is none."""
    if len(found) == len(tree.files):
        return []
    kept = {one.file.path for one in found}
    answered = {one.file.parts[0] for one in found if one.file.folder}
    return [
        text(file.path)
        for file in tree.files
        if file.path not in kept
        and file.parts[0] not in answered
        and file.stem.lower() not in _NOT_ANSWERS
        and not file.path.startswith("_")
    ]


def _further(tree: Tree) -> Callable[[HandIn], tuple[str, ...]]:
    def of_a_file(one: HandIn) -> tuple[str, ...]:
        return text(f"{tree.path.parent.resolve().name}/{one.file.stem}"), one.shown

    def of_a_tree(one: HandIn) -> tuple[str, ...]:
        file = one.file
        parent = _last(file.folder) or tree.name
        names = (f"{parent}/{file.stem}", f"{parent}/{file.name}", f"{tree.path}/{file.path}")
        return tuple(map(text, names))

    return of_a_file if tree.is_file else of_a_tree


def _own_folders(answers: Sequence[File]) -> set[str]:
    """The folders that are one student's: with one answer, or with one and its copies.

    Files that a browser numbered may also be of several students. They are taken for one's where
    the folder is named like them, or stands among others that hold one answer each. So are a
    notebook and modules that it imports; and a module and those that it imports, where another
    student's answer has its name.
    """
    placed = [file for file in answers if file.folder]
    held = Counter(folder for file in placed for folder in _above(file))
    own = {folder for folder, count in held.items() if count == 1}
    students = {_around(folder) for folder in own}
    together: dict[str, list[File]] = {}
    for file in placed:
        if held[file.folder] > 1:
            together.setdefault(file.folder, []).append(file)
    with_helpers: dict[str, File] = {}
    for folder, files in together.items():
        if len(files) != held[folder]:
            continue
        originals = {original_of(file.stem).casefold() for file in files}
        if len(originals) == 1:
            if _last(folder).casefold() in originals or _around(folder) in students:
                own.add(folder)
        elif answer := answer_among(files):
            with_helpers[folder] = answer
    alone = {file.folder: file for file in placed if held[file.folder] == 1}
    return own.union(_own_with_helpers(with_helpers, alone, students))


def _own_with_helpers(
    with_helpers: Mapping[str, File], alone: Mapping[str, File], students: Collection[str]
) -> Iterator[str]:
    """Of the folders whose one answer imports the rest those that are one student's."""
    # Where only one folder is like that, its files may be of several students.
    around = Counter(map(_around, with_helpers))
    named = Counter((_around(one), file.name) for one, file in {**alone, **with_helpers}.items())
    for one, answer in with_helpers.items():
        if answer.suffix == MODULE:
            if named[_around(one), answer.name] > 1:
                yield one
        elif _around(one) in students or around[_around(one)] > 1:
            yield one


def _above(file: File) -> Iterator[str]:
    """The folders around a file, from the one below what was given down to its own."""
    return accumulate(file.parts[:-1], "{}/{}".format)


def _around(path: str) -> str:
    return path.rpartition("/")[0]


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _answers(files: Sequence[File]) -> Iterator[File]:
    beside: dict[str, list[File]] = {}
    for file in files:
        if not file.path.startswith("_") and "/_" not in file.path:
            beside.setdefault(file.folder, []).append(file)
    outs = {
        folder for folder, held in beside.items() if _REPORTS.issubset(file.name for file in held)
    }
    for folder, held in beside.items():
        parts = tuple(folder.split("/")) if folder else ()
        is_out = any(
            "/".join(parts[:end]) in outs and parts[end : end + 1] in _OF_AN_OUT
            for end in range(len(parts) + 1)
        )
        yield from _answers_in(held, is_top=not folder, is_out=is_out)


def _answers_in(files: Sequence[File], *, is_top: bool, is_out: bool) -> Iterator[File]:
    gradable: dict[str, str] = {}
    for file in files:
        stem = file.stem
        if is_gradable(file.path) and stem.lower() not in _NOT_ANSWERS:
            gradable[file.path] = stem
    stems = set(gradable.values())
    for file in files:
        if file.path in gradable:
            yield file
        elif is_document(file) and file.stem.lower() not in _NOT_ANSWERS and not is_out:
            # A document beside a student's own answer accompanies it: it is no second answer.
            accompanies = file.stem in stems if is_top else bool(stems)
            if not accompanies:
                yield file
