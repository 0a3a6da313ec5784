"""The catalogues are complete and say the same in every language; Babel reads them beside us."""

import ast
import gettext
import io
import re
import string
import typing
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import grader
from grader import messages
from grader.messages import LANGUAGES, STEPS, Message, explanation, render
from grader.outcomes import Stopped
from grader.results import VERDICTS, Problem
from grader.submissions.kinds import DOCUMENTS

PACKAGE = Path(grader.__file__).parent
TEXTS = {language: messages._catalogue(language) for language in LANGUAGES}
ENGLISH = TEXTS["en"]
MISCONCEPTIONS = sorted({one.split(".")[1] for one in ENGLISH if one.startswith("misconception.")})
CODE = re.compile(r"`[^`]+`")

by_language = pytest.mark.parametrize("language", LANGUAGES)


def source(language):
    return PACKAGE / "locale" / messages._FOLDERS[language] / "LC_MESSAGES" / "grader.po"


def catalogue(language):
    with source(language).open("rb") as file:
        return read_po(file)


def placeholders(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@by_language
def test_no_entry_is_missing_or_extra(language):
    assert TEXTS[language].keys() == ENGLISH.keys()


@by_language
def test_no_entry_is_empty(language):
    assert [one for one, text in TEXTS[language].items() if not text.strip()] == []


@by_language
def test_no_entry_is_fuzzy_or_obsolete(language):
    found = catalogue(language)
    assert [one.id for one in found if one.id and one.fuzzy] == []
    assert list(found.obsolete) == []


@by_language
def test_no_entry_stands_twice(language):
    ids = re.findall(r"^msgid .*$", source(language).read_text("utf-8"), re.MULTILINE)
    assert len(ids) == len(set(ids))


@by_language
def test_babel_reads_the_same_catalogue(language):
    assert {one.id: one.string for one in catalogue(language) if one.id} == TEXTS[language]


@by_language
def test_babel_finds_no_fault_in_an_entry(language):
    assert [fault for one in catalogue(language) for fault in one.check()] == []


@by_language
def test_gettext_reads_what_babel_compiles(language):
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    read = gettext.GNUTranslations(compiled)
    assert {one: read.gettext(one) for one in TEXTS[language]} == TEXTS[language]


def test_every_message_that_babel_extracts_from_the_code_has_a_text():
    found = {one[2] for one in extract_from_dir(PACKAGE, keywords={"Message": None})}
    assert len(found) > 40
    assert found - ENGLISH.keys() == set()


def test_babel_can_extract_every_id_that_the_code_names():
    # Of a choice between two within the parentheses it would make one id.
    calls = [
        (path.name, ast.unparse(node))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Message"
        if node.args and isinstance(node.args[0], ast.IfExp)
    ]
    assert calls == []


@by_language
def test_an_entry_has_the_same_placeholders_in_every_language(language):
    unlike = [
        one
        for one, text in TEXTS[language].items()
        if placeholders(text) != placeholders(ENGLISH[one])
    ]
    assert unlike == []


@by_language
def test_code_is_not_translated(language):
    unlike = [
        one
        for one, text in TEXTS[language].items()
        if sorted(CODE.findall(text)) != sorted(CODE.findall(ENGLISH[one]))
    ]
    assert unlike == []


@pytest.mark.parametrize("language", ["pt", "es"])
def test_sentences_are_translated(language):
    same = [
        one
        for one, text in TEXTS[language].items()
        if text == ENGLISH[one] and re.search(r"[a-z]{2} [a-z]{2}", CODE.sub("", text))
    ]
    assert same == []


@by_language
def test_an_explanation_ends_as_a_sentence_does(language):
    for misconception in MISCONCEPTIONS:
        for step in explanation(misconception, {}):
            assert render(step, language).endswith((".", "?")), step.id


def test_every_detail_of_an_explanation_has_a_word_where_it_is_unknown():
    used = {
        name
        for one, text in ENGLISH.items()
        if one.startswith("misconception.")
        for name in placeholders(text)
    }
    assert {f"unknown.{name}" for name in used} <= ENGLISH.keys()


def test_no_preposition_of_portuguese_stands_before_an_article():
    # "de" and "a resposta" would have to become "da resposta".
    articles = {
        one.removeprefix("unknown.")
        for one, text in TEXTS["pt"].items()
        if one.startswith("unknown.") and re.match(r"(?:a|o|esta|um|uma) ", text)
    }
    before = re.compile(r"\b(?:de|em|por|a) \{(\w+)\}", re.IGNORECASE)
    wrong = [
        one
        for one, text in TEXTS["pt"].items()
        if one.startswith("misconception.") and articles & {*before.findall(text)}
    ]
    assert wrong == []


def test_every_misconception_has_a_name_and_all_steps():
    parts = {f"misconception.{one}.{part}" for one in MISCONCEPTIONS for part in ("name", *STEPS)}
    assert parts == {one for one in ENGLISH if one.startswith("misconception.")}


def test_everything_that_a_result_can_be_has_a_name():
    names = [f"verdict.{one}" for one in VERDICTS]
    names += [f"problem.{one}" for one in Problem.__args__]
    names += [f"kind.{one}" for one in set(DOCUMENTS.values()) - {"link"}]
    assert [one for one in names if one not in ENGLISH] == []


def test_every_text_of_the_page_is_there():
    page = (PACKAGE / "reports" / "html.jinja").read_text("utf-8")
    named = {f"report.{one}" for one in re.findall(r'say\("(\w+)"', page)}
    assert named - ENGLISH.keys() == set()


def test_no_text_is_left_that_nothing_tells():
    sources = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.jinja")]
    written = "".join(path.read_text("utf-8") for path in sources)
    made = (
        "misconception.",
        "unknown.",
        "verdict.",
        "problem.",
        "kind.",
        "explain.kind.",
        "failed.",
    )
    idle = [
        one
        for one in ENGLISH
        if not one.startswith(made)
        and one not in typing.get_args(typing.get_type_hints(Stopped)["reason"])
        and f'"{one.removeprefix("report.")}"' not in written
        and f'"{one}"' not in written
    ]
    assert idle == []


@by_language
def test_a_sentence_in_a_sentence_is_in_its_language(language):
    inner = Message("returned_none")
    told = render(Message("name_missing_because", {"name": "dw", "inner": inner}), language)
    assert told.endswith(TEXTS[language]["returned_none"])
