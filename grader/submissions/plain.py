"""Files and folders that no learning system laid out: one file a student, or one folder."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

from grader.messages import Message
from grader.submissions.files import File, IntakeError, Tree, text
from grader.submissions.handins import HandIn, is_gradable
from grader.submissions.kinds import DOCUMENTS

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
    file; with one folder a student it is the student's folder. Raises IntakeError for none.
    """
    if tree.is_file:
        (file,) = tree.files
        path = tree.path
        ids = _texts(path.stem, f"{path.parent.resolve().name}/{path.stem}", path.as_posix())
        yield HandIn(file=file, shown=text(path), ids=ids)
        return
    answers = list(_answers(tree.files))
    if not answers:
        raise IntakeError(Message("intake.nothing_there", {"path": text(tree.path)}))
    top = tree.name
    held = Counter(parent for file in answers for parent in accumulate(file.path.parts[:-1], _join))
    for file in answers:
        *folders, name = file.path.parts
        stem = file.path.stem
        # From the folder that was given down to the file's own.
        paths = list(accumulate(folders, _join))
        students_own = next((one for one in paths if held[one] == 1), None)
        parent = folders[-1] if folders else top
        if students_own is not None:
            short = students_own.rpartition("/")[2]
        else:
            short = f"{parent}/{stem}" if folders else stem
        shown = _join(paths[-1], name) if folders else name
        ids = _texts(short, f"{parent}/{stem}", f"{parent}/{name}", f"{tree.path}/{shown}")
        yield HandIn(file=file, shown=text(shown), ids=ids)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}"


def _answers(files: Sequence[File]) -> Iterator[File]:
    beside: dict[tuple[str, ...], list[File]] = {}
    for file in files:
        if not any(part.startswith("_") for part in file.path.parts):
            beside.setdefault(file.path.parts[:-1], []).append(file)
    outs = {
        folder
        for folder, held in beside.items()
        if _REPORTS.issubset(file.path.name for file in held)
    }
    for folder, held in beside.items():
        is_out = any(
            folder[:end] in outs and folder[end : end + 1] in _OF_AN_OUT
            for end in range(len(folder) + 1)
        )
        yield from _answers_in(held, is_top=not folder, is_out=is_out)


def _answers_in(files: Sequence[File], *, is_top: bool, is_out: bool) -> Iterator[File]:
    files = [file for file in files if file.path.stem.lower() not in _NOT_ANSWERS]
    gradable = {file.path.stem for file in files if is_gradable(file.path)}
    for file in files:
        # A document beside a student's own answer accompanies it: it is no second answer.
        accompanies = file.path.stem in gradable if is_top else bool(gradable)
        is_document = file.path.suffix.lower() in DOCUMENTS and not accompanies and not is_out
        if is_gradable(file.path) or is_document:
            yield file


def _texts(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(text, names)))
