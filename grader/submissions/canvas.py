"""Canvas's "Download Submissions": flat names that hold student, lateness, user and attachment.

`name[_LATE]_<user id>_<attachment id>_<file>`; the user id is the gradebook's ID column. A text or
an address in place of a file is `name[_LATE]_<user id>_text.html` or `..._link.html`; where
grading is anonymous, `anon` and a short code stand for name and user id.
"""

import re
from collections.abc import Iterator

from grader.submissions.files import File, Tree
from grader.submissions.handins import HandIn, from_system, is_gradable

_NAME = re.compile(
    r"(?P<name>.+?)(?:_(?P<late>LATE))?_(?P<user>\d+)"
    r"_(?:(?P<attachment>\d+)_(?P<file>.+)|(?:text|link)\.html)"
)
_ANONYMOUS = re.compile(
    r"(?P<name>anon)(?:_(?P<late>LATE))?_(?P<user>[A-Za-z0-9]+)"
    r"_(?:(?P<attachment>\d+)_(?P<file>.+)|(?:text|link)\.html)"
)

_NUMBERED = re.compile(r"-\d+$")


def recognises(tree: Tree) -> bool:
    """Whether there are files with such names, and no notebook or module without."""
    found = False
    for file in tree.files:
        if _parse(file) is not None:
            found = True
        elif is_gradable(file.path):
            return False
    return found


def find(tree: Tree) -> Iterator[HandIn]:
    """Every file under the id `name_<user id>`, the largest attachment id the newest.

    Canvas tells no attempts apart; it numbers what is handed in anew under the same name.
    """
    for file in tree.files:
        found = _parse(file)
        if found is None:
            continue
        name, user = found["name"], found["user"]
        key = "anonymous_id" if name == "anon" else "user_id"
        attachment = found["attachment"]
        yield from_system(
            "canvas",
            f"{name}_{user}",
            file,
            age=(int(attachment or 0),),
            piece=_NUMBERED.sub("", file.stem[found.start("file") :] if attachment else ""),
            late=found["late"] is not None,
            lms={key: user} | ({"attachment_id": attachment} if attachment else {}),
        )


def _parse(file: File) -> re.Match[str] | None:
    # A zip's files stand at its top; who unpacked it may have got a folder around them.
    if file.path.count("/") > 1:
        return None
    return _ANONYMOUS.fullmatch(file.name) or _NAME.fullmatch(file.name)
