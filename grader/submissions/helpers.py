"""Modules that are part of an answer, since it imports them. Files are read, and nothing is run."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache

from grader.notebooks import MAX_BYTES, NotebookError, read_notebook
from grader.submissions.files import MODULE, NOTEBOOK, File

MAX_FILES = 20
"""A folder with more answers is no one student's."""

_MOST_READ = 2**18
"""Characters of a file that are looked through: what it imports stands near its beginning."""

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([^#;\n]+))", re.MULTILINE)
_RUN = re.compile(
    r"""(?:^[ \t]*%run[ \t]+(?:-\w+[ \t]+)*["']?|["'])(?:\./)?(\w+)\.py\b""", re.MULTILINE
)
"""A file that is run by its name, as `%run` and `exec(open(...).read())` do."""


def imported(
    file: File,
    find: Callable[[str], File | None],
    *,
    mentioned: Callable[[File], Collection[str]] | None = None,
) -> dict[str, File]:
    """The modules that a file imports, or that one of these does, by their names.

    `find` gives the file of a module by its name, None where there is none. Whoever asks for
    several files of a folder gives `mentioned`, a cached `names_in`: each may import all others.
    """
    mentioned = mentioned or names_in
    found: dict[str, File] = {}
    pending = [file]
    while pending and len(found) < MAX_FILES:
        for name in mentioned(pending.pop()):
            module = None if name in found else find(name)
            if module is not None and module.key != file.key:
                found[name] = module
                pending.append(module)
    return found


def answer_among(files: Sequence[File]) -> File | None:
    """The notebook or module of a folder that imports all the others, None where there is none.

    Where there is a notebook, only that can be the answer.
    """
    if not 2 <= len(files) <= MAX_FILES:
        return None
    modules = {file.stem: file for file in files if file.suffix == MODULE}
    notebooks = [file for file in files if file.suffix == NOTEBOOK]
    if len(notebooks) > 1 or len(modules) + len(notebooks) < len(files):
        return None
    others = len(files) - 1
    mentioned = cache(names_in)
    for one in notebooks or modules.values():
        if len(imported(one, modules.get, mentioned=mentioned)) == others:
            return one
    return None


def names_in(file: File) -> Collection[str]:
    """The names of the modules that stand in a file's imports, or are run as files, once each."""
    return dict.fromkeys(_names(_source(file)[:_MOST_READ]))


def _names(source: str) -> Iterator[str]:
    yield from _RUN.findall(source)
    for one, several in _IMPORT.findall(source):
        for name in [one] if one else several.split(","):
            module = name.strip().partition(" ")[0].partition(".")[0]
            if module.isidentifier():
                yield module


def _source(file: File) -> str:
    try:
        if file.suffix != NOTEBOOK:
            return file.read(_MOST_READ).decode("utf-8", "replace")
        return "\n".join(cell.source for cell in read_notebook(file.read(MAX_BYTES)).cells)
    except (OSError, NotebookError):
        return ""
