"""What a student is told: sentences named by id, and their text in the reader's language.

Other modules name a message and its parameters; the texts stand in the catalogues of `locale`, in
gettext's format, and nowhere else. Parameters may hold a student's own words: they go in as they
are, and whoever prints the sentence makes them safe.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "pt", "es"]
LANGUAGES: tuple[Language, ...] = Language.__args__  # type: ignore[attr-defined]
"""The languages that there are texts in; English is the source of the others."""

STEPS = ("idea", "place", "rule")
"""How a misconception is explained, one step at a time."""

_CODE = frozenset({"act", "argument", "count", "input", "op"})
"""The details of an explanation that are code, and are marked as such."""

_FOLDERS: dict[Language, str] = {"en": "en", "pt": "pt_BR", "es": "es"}

# An entry of a catalogue, its texts in one line each.
_ENTRY = re.compile(r'^msgid (".*")\nmsgstr (".*")$', re.MULTILINE)
_GOES_ON = '"\n"'
"""Where a text goes on in a line of its own."""


@dataclass(frozen=True, slots=True)
class Message:
    """The id of a sentence and what goes into it; a parameter may be a message itself."""

    id: str
    parameters: Mapping[str, "Parameter"] = field(default_factory=dict)


Parameter: TypeAlias = Message | str | bool | int | float | None
"""What goes into a sentence; None where it is not known."""

Told: TypeAlias = Message | str
"""A message, or a sentence that was made of one already."""


class UnknownMessageError(KeyError):
    """No catalogue has a message of this id: it is another version's, perhaps."""


def render(told: Told, language: Language = "en") -> str:
    """The sentence in a language. Raises UnknownMessageError for an id that is in no catalogue."""
    if isinstance(told, str):
        return told
    words = _Words(language)
    for name, value in told.parameters.items():
        if value is not None:
            words[name] = render(value, language) if isinstance(value, Message) else str(value)
    text = _catalogue(language).get(told.id)
    if text is None:
        raise UnknownMessageError(told.id)
    return text.format_map(words)


def say(identifier: str, language: Language, **known: Parameter) -> str:
    """The sentence with this id in a language; what is known goes into it."""
    return render(Message(identifier, known), language)


def name(kind: Literal["verdict", "problem", "misconception"], identifier: str) -> Told:
    """What is named by an id, in a word or two; an id of an instructor's own is its own name."""
    entry = f"{kind}.{identifier}" + (".name" if kind == "misconception" else "")
    return Message(entry) if entry in _catalogue("en") else identifier.replace("_", " ")


def explains(misconception: str) -> bool:
    """Whether there is a text for the misconception with this id."""
    return f"misconception.{misconception}.idea" in _catalogue("en")


def mentions(misconception: str, *details: str) -> bool:
    """Whether the explanation of a misconception names one of the details, such as "op"."""
    texts = [_catalogue("en").get(f"misconception.{misconception}.{step}", "") for step in STEPS]
    return any(f"{{{detail}}}" in text for detail in details for text in texts)


def explanation(misconception: str, parameters: Mapping[str, object]) -> tuple[Message, ...]:
    """The three steps (idea, place, rule) that explain a misconception."""
    known: dict[str, Parameter] = {
        name: value if isinstance(value, Message) else f"`{value}`" if name in _CODE else str(value)
        for name, value in parameters.items()
        if value is not None
    }
    return tuple(Message(f"misconception.{misconception}.{step}", known) for step in STEPS)


def choose_language(*wishes: str | None) -> Language:
    """The first wish that there are texts in, else English.

    A wish names a language as notebooks and systems do: "pt", "pt-BR", "es_MX.UTF-8".
    """
    for wish in wishes:
        wanted = re.split(r"[-_.@]", wish or "")[0].lower()
        for language in LANGUAGES:
            if language == wanted:
                return language
    return "en"


@dataclass(frozen=True, slots=True)
class Languages:
    """In which language a class is told of, and each of its students.

    They read their own, which is the one that their notebook names, unless one was asked for.
    """

    of_class: Language = "en"
    is_asked_for: bool = False

    def of(self, own: str | None) -> Language:
        """The language of a student whose notebook names this one, None where it names none."""
        return self.of_class if self.is_asked_for else choose_language(own, self.of_class)


THEIR_OWN = Languages()
"""Everyone's own, and English where a notebook names none."""


def tag(language: Language) -> str:
    """The language as pages name it: "pt-BR"."""
    return _FOLDERS[language].replace("_", "-")


class _Words(dict[str, str]):
    """What goes into a sentence; where a detail is not known, the sentence still reads well."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._texts = _catalogue(language)

    def __missing__(self, name: str) -> str:
        return self._texts.get(f"unknown.{name}", self._texts["unknown.anything"])


@cache
def _catalogue(language: Language) -> dict[str, str]:
    """The texts by id. Read as they are edited, so that there is no compiled copy to go stale."""
    folder = Path(__file__).parent / "locale" / _FOLDERS[language] / "LC_MESSAGES"
    lines = (folder / "grader.po").read_text(encoding="utf-8").replace(_GOES_ON, "")
    # The escapes of a catalogue are those of JSON, so that all of it is one list.
    texts = json.loads(f"[{','.join(chain.from_iterable(_ENTRY.findall(lines)))}]")
    found = dict(zip(texts[::2], texts[1::2], strict=True))
    del found[""]  # the header
    return found
