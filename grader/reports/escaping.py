"""Makes text of a student's harmless, one function for each place where it is shown.

It is applied when a report is made; results keep what was really said.
"""

import re

MAX_LINE = 300

# Colours, titles, links: whole sequences, so that no rest of one is left in the text.
_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: ESC [ parameters, then a letter
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and its kin: up to BEL or ESC \
    r"|\x1b[ -/]*[0-~]"
)
# "::error::" and "##[error]" are commands to a GitHub workflow, wherever a line is broken.
_WORKFLOW = re.compile(r"(?<=:)(?=:[A-Za-z])|(?<=##)(?=\[)")


def visible(text: str) -> str:
    """The text with every character that is not seen replaced by its escape, as in Python.

    Line feeds and tabs stay; other kinds of space become a space; ANSI sequences go. What is left
    cannot move a cursor, reverse the reading direction or hide anything, and is valid UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _ANSI.sub("", text.replace("\r\n", "\n"))
    return "".join(_visible_character(character) for character in text)


def _visible_character(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    if character.isspace() and ord(character) >= 0xA0:
        return " "
    return character.encode("unicode_escape").decode("ascii")


def terminal(text: str, limit: int = MAX_LINE) -> str:
    """The text as one line of at most `limit` characters that a terminal or a build log can take.

    Rich's own markup is not markup in a `rich.text.Text`: hand the line to rich as one.
    """
    line = _WORKFLOW.sub(" ", " ".join(visible(text[: 4 * limit]).split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
