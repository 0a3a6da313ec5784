"""What every page for the browser is made with: escaping, words, and a strict security policy.

Nothing of a student's becomes HTML: jinja2 escapes every text, and `escaping.visible` frees it of
characters that are not seen. It knows no page.
"""

import base64
import hashlib
import re
from functools import cache, partial
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from grader.messages import Language, Message, Parameter, Told, render, tag
from grader.reports import summary
from grader.reports.escaping import visible

MAX_TEXT = 4_000
"""The most characters of one text on a page."""


def words_for(language: Language) -> dict[str, object]:
    """What every page says its results with."""

    def say(identifier: str, **parameters: Parameter) -> str:
        return render(Message(f"report.{identifier}", parameters), language)

    def told(message: Told) -> str:
        return render(message, language)

    return {
        "language": tag(language),
        "say": say,
        "told": told,
        "told_all": lambda messages: list(map(told, messages)),
        "by_follow_through": summary.by_follow_through,
        "icon": summary.icon,
        "percent": summary.percent,
        "points": summary.points,
        "score": summary.score,
        "tone": summary.tone,
        "words": partial(summary.words, language=language),
    }


@cache
def template(name: str, *, script: str | None = None) -> Template:
    """The template of a page, under which every text is escaped and nothing loads.

    Nothing runs but the script of that name, which stands in the page.
    """
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = _read("html.css")
    policy = f"default-src 'none'; style-src '{_digest(style)}'; "
    if script is not None:
        text = _read(script)
        policy += f"script-src '{_digest(text)}'; "
        environment.globals["script"] = Markup(text)  # noqa: S704 - a file of ours
    policy += "base-uri 'none'; form-action 'none'"
    environment.filters["prose"] = _prose
    environment.globals |= {"style": Markup(style), "policy": policy}  # noqa: S704 - as above
    return environment.get_template(name)


def _read(name: str) -> str:
    return files("grader.reports").joinpath(name).read_text("utf-8")


def _digest(text: str) -> str:
    """What names an inline style or script in a content security policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _prose(text: str) -> Markup:
    """A sentence in which code, between backquotes, is shown as code."""
    shown = str(escape(_shown(text)))
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", shown))  # noqa: S704 - escaped


def _shown(value: object) -> object:
    """What the template writes for a value: markup is the template's own, the rest is text."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value[:MAX_TEXT]) + ("…" if len(value) > MAX_TEXT else "")
    return value
