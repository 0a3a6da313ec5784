"""A page for each student alone, under a name that nobody else can guess, and the list of them.

A page holds nothing of other students, of the class or for the instructor only.
"""

import hashlib
import hmac
from pathlib import Path

from grader.messages import Language
from grader.reports import write_atomically
from grader.reports.html import template, words_for
from grader.reports.tables import inert, to_bytes
from grader.results import Results, SubmissionResult

LIST = "list.csv"


def write(results: Results, folder: Path, *, secret: bytes, language: Language = "en") -> Path:
    """Write a page a student into the folder's `pages/students`, and the list beside that.

    With the same secret everyone's page keeps its name. The folder `students` may be put where
    students can open a page; the list, which says whose page is which, may not.
    """
    top = folder / "pages"
    rows = [("id", "name", "page")]
    for one in sorted(results.submissions, key=lambda each: each.id):
        name = page_name(one.id, secret)
        write_atomically(top / "students" / name, page(one, results.title, language).encode())
        rows.append((inert(one.id), inert(one.name or ""), f"students/{name}"))
    write_atomically(top / LIST, to_bytes(rows, has_mark=True))
    return top


def page_name(student: str, secret: bytes) -> str:
    """The name of a student's page."""
    data = student.encode("utf-8", "surrogatepass")
    return f"{hmac.new(secret, data, hashlib.sha256).hexdigest()[:32]}.html"


def page(result: SubmissionResult, title: str, language: Language = "en") -> str:
    """The page of one student."""
    return template("student.jinja").render(**words_for(language), title=title, submission=result)
