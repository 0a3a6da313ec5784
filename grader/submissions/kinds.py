"""The kinds of files that are handed in though they cannot be graded, and how to tell a link."""

import html
import re

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
_HIDDEN = re.compile(r"<(style|script|head)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def is_link(ending: str, data: bytes) -> bool:
    """Whether a file holds the address of the work in place of the work."""
    kind = DOCUMENTS.get(ending)
    if kind == "link":
        return True
    if kind not in ("web_page", "text_file") or len(data) > _MOST_OF_A_LINK:
        return False
    if not _ADDRESS.search(data):
        return False
    words = _TAG.sub(" ", _HIDDEN.sub(" ", data.decode("utf-8", "replace")))
    return len(html.unescape(words).split()) <= _WORDS_OF_A_LINK
