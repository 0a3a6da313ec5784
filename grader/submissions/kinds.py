"""The kinds of files that are handed in though they cannot be graded, and how to tell a link."""

import re

from grader.submissions.files import File
from grader.submissions.handins import is_gradable

DOCUMENTS = {
    ".pdf": "pdf",
    ".html": "web_page",
    ".htm": "web_page",
    ".docx": "word",
    ".doc": "word",
    ".odt": "text_document",
    ".txt": "text_file",
    ".zip": "archive",
    ".tar": "archive",
    ".gz": "archive",
    ".rar": "archive",
    ".7z": "archive",
    ".url": "link",
    ".webloc": "link",
    ".gdoc": "link",
}
"""What is plainly handed in as an answer, by its ending, and what it is called in a sentence."""

_MOST_OF_A_LINK = 64 * 2**10
_WORDS_OF_A_LINK = 40
_ADDRESS = re.compile(rb"https?://|href=", re.IGNORECASE)
_TAG = re.compile(r"<(/?\w*)[^<>]*>")
_HIDDEN = frozenset({"style", "script", "head"})


def is_document(file: File) -> bool:
    """Whether a file stands where an answer should: a document, or one with a second ending."""
    return file.suffix in DOCUMENTS or is_gradable(file.stem)


def is_link(ending: str, data: bytes) -> bool:
    """Whether a file holds the address of the work in place of the work."""
    kind = DOCUMENTS.get(ending)
    if kind == "link":
        return True
    if kind not in ("web_page", "text_file") or len(data) > _MOST_OF_A_LINK:
        return False
    if not _ADDRESS.search(data):
        return False
    from html import unescape  # noqa: PLC0415 - the names of all its characters are many

    return len(unescape(_shown(data.decode("utf-8", "replace"))).split()) <= _WORDS_OF_A_LINK


def _shown(page: str) -> str:
    """What a reader sees of a page, in one pass, however its tags are nested or left open."""
    pieces = []
    end, hidden = 0, ""
    for tag in _TAG.finditer(page):
        name = tag[1].lower()
        if not hidden:
            pieces.append(page[end : tag.start()])
            hidden = name if name in _HIDDEN else ""
        elif name == f"/{hidden}":
            hidden = ""
        end = tag.end()
    return " ".join([*pieces, "" if hidden else page[end:]])
