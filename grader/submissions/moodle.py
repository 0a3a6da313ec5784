"""Moodle's "Download all submissions": `Full Name_<participant id>_assignsubmission_<plugin>`.

That is a folder's name with the files in it, or, in the flat layout and before Moodle 3.1, the
beginning of each file's name. The number is that of "Participant 1234" in the grading worksheet.
"""

import re
import unicodedata
from collections.abc import Iterator

from grader.submissions.files import File, Tree, text
from grader.submissions.handins import HandIn, from_system, is_gradable

# The first number is Moodle's; whatever follows it may be the name that a student gave a file.
_NAME = re.compile(
    r"(?P<name>[^/]+?)_(?P<participant>\d+)_assignsubmission_(?P<plugin>file|onlinetext)_?"
    r"(?:/.+|_?[^/]+)"
)

_NAMELESS = {"Participant", "Participante"}
"""What everybody is called where grading is blind, in the languages of this package."""


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
    """Every file under the id `Full Name_<participant id>`."""
    for file in tree.files:
        found = _parse(file)
        if found is None:
            continue
        # macOS parts accents from their letters; the same student is the same text.
        name = unicodedata.normalize("NFC", text(found["name"]))
        participant = found["participant"]
        yield from_system(
            "moodle",
            f"{name}_{participant}",
            file,
            name=None if name in _NAMELESS else name,
            # A file is the answer, a text typed beside it is not.
            age=(found["plugin"] == "file",),
            lms={"identifier": f"Participant {participant}"},
        )


def _parse(file: File) -> re.Match[str] | None:
    # Who unpacked the zip may have got a folder around its content.
    return _NAME.fullmatch(file.path) or _NAME.fullmatch(file.path.partition("/")[2])
