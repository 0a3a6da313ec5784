"""Modules that are part of an answer, since it imports them. Files are read, and nothing is run."""

import re
from collections.abc import Callable, Iterator, Sequence

from grader.notebooks import MAX_BYTES, NotebookError, read_notebook
from grader.submissions.files import MODULE, NOTEBOOK, File

MAX_FILES = 20
"""A folder with more answers is no one student's."""

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([^#;\n]+))", re.MULTILINE)


def imported(file: File, find: Callable[[str], File | None]) -> dict[str, File]:
    """The modules that a file imports, or that one of these does, by their names.

    `find` gives the file of a module by its name, None where there is none.
    """
    found: dict[str, File] = {}
    pending = [file]
    while pending and len(found) < MAX_FILES:
        for name in _names(pending.pop()):
            module = None if name in found else find(name)
            if module is not None and module.key != file.key:
                found[name] = module
                pending.append(module)
    return found


def is_one_answer(files: Sequence[File]) -> bool:
    """Whether the files of a folder are a notebook and modules, all of which it imports."""
    if not 2 <= len(files) <= MAX_FILES:
        return False
    notebooks = [file for file in files if file.suffix == NOTEBOOK]
    modules = {file.stem: file for file in files if file.suffix == MODULE}
    return (
        len(notebooks) == 1
        and len(modules) == len(files) - 1
        and len(imported(notebooks[0], modules.get)) == len(modules)
    )


def _names(file: File) -> Iterator[str]:
    """The names of the modules that stand in a file's imports."""
    for one, several in _IMPORT.findall(_source(file)):
        for name in [one] if one else several.split(","):
            module = name.strip().partition(" ")[0].partition(".")[0]
            if module.isidentifier():
                yield module


def _source(file: File) -> str:
    try:
        data = file.read(MAX_BYTES)
        if file.suffix != NOTEBOOK:
            return data.decode("utf-8", "replace")
        return "\n".join(cell.source for cell in read_notebook(data).cells)
    except (OSError, NotebookError):
        return ""
