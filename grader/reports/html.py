"""The results as one page for the browser, index.html, with no script and nothing from elsewhere.

Nothing of a student's becomes HTML: jinja2 escapes every text, and `escaping.visible` frees it of
characters that are not seen.
"""

import base64
import hashlib
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from grader.messages import Language, Message, Parameter, Told, render, tag
from grader.reports import summary, write_atomically
from grader.reports.escaping import visible
from grader.results import Results

MAX_TEXT = 4_000


def write(results: Results, folder: Path, *, language: Language = "en") -> Path:
    """Write index.html into the folder and return its path; raises ReportError."""
    return write_atomically(folder / "index.html", page(results, language).encode())


def page(results: Results, language: Language = "en") -> str:
    """The page; the same results give the same page."""
    ordered = sorted(results.submissions, key=lambda one: one.id)
    levels = {one.isolation.level for one in ordered if one.isolation is not None}
    return template("html.jinja").render(
        **words_for(language),
        results=results,
        submissions=ordered,
        summary=summary.class_summary(results),
        questions=summary.question_summaries(results),
        distribution=summary.distribution(results, language),
        isolation=sorted(levels),
        anchor=_anchor,
        most_named=summary.MOST_NAMED,
        percent=summary.percent,
        reason=partial(summary.reason, language=language),
        tally=summary.tally,
    )


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
        "points": summary.points,
        "score": summary.score,
        "tone": summary.tone,
        "words": partial(summary.words, language=language),
    }


@cache
def template(name: str) -> Template:
    """The template of a page, under which every text is escaped and nothing loads or runs."""
    here = files("grader.reports")
    style = here.joinpath("html.css").read_text("utf-8")
    environment = Environment(
        loader=FunctionLoader(lambda part: here.joinpath(part).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"style": style, "policy": _policy(style)}
    return environment.get_template(name)


def _policy(style: str) -> str:
    """A content security policy under which nothing loads or runs but this style."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _shown(value: object) -> object:
    """What the template writes for a value: markup is the template's own, the rest is text."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value[:MAX_TEXT]) + ("…" if len(value) > MAX_TEXT else "")
    return value


def _anchor(submission_id: str) -> str:
    """The id of a submission's section: no character that an attribute or address must escape."""
    return f"submission-{quote(submission_id, safe='', errors='backslashreplace')}"
