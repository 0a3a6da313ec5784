"""A page for each student alone, under a name that nobody else can guess, and the list of them.

A page holds nothing of other students, of the class or for the instructor only.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from grader.messages import THEIR_OWN, Language, Languages
from grader.reports import ReportError, drawings, write_atomically
from grader.reports.escaping import visible
from grader.reports.export import is_full
from grader.reports.own_code import excerpts
from grader.reports.tables import inert, to_bytes
from grader.reports.templates import template, words_for
from grader.results import SubmissionResult, for_student

FOLDER = "pages"
LIST = "list.csv"
_PAGE = re.compile(r"[0-9a-f]{32}\.html")


def write(  # noqa: PLR0913 - as many facts
    results: Iterable[SubmissionResult],
    folder: Path,
    *,
    title_in: Callable[[Language], str],
    secret: bytes,
    cells_of: Callable[[str], Sequence[str]] = lambda _: (),
    languages: Languages = THEIR_OWN,
) -> Path:
    """Write a page a student into the folder's `pages/students`, and the list beside that.

    The results are read once, one at a time. `cells_of` gives the code that a student handed in,
    `title_in` the assignment's title in a language.
    With the same secret everyone's page keeps its name; pages of those who are in the results no
    longer are removed. The folder `students` may be put where students can open a page; the list,
    which says whose page is which, may not.
    """
    top = folder / FOLDER
    rows = [("id", "name", "page")]
    for one in results:
        address = page_address(one.id, secret)
        language = languages.of(one.language)
        text = page(one, title_in(language), language, cells=cells_of(one.id))
        write_atomically(top / address, text.encode())
        rows.append((inert(visible(one.id)), inert(visible(one.name or "")), address))
    _remove_others(top, {address for _, _, address in rows[1:]})
    write_atomically(top / LIST, to_bytes(rows, has_mark=True))
    return top


def page_address(student: str, secret: bytes) -> str:
    """Where a student's page is, from the folder of pages."""
    data = student.encode("utf-8", "surrogatepass")
    return f"students/{hmac.new(secret, data, hashlib.sha256).hexdigest()[:32]}.html"


def page(
    result: SubmissionResult, title: str, language: Language = "en", *, cells: Sequence[str] = ()
) -> str:
    """The page of one student; `cells` is their code, cell by cell."""
    result = replace(result, questions=tuple(map(for_student, result.questions)))
    return template("student.jinja").render(
        **words_for(language),
        title=title,
        submission=result,
        code={one.id: excerpts(one, cells) for one in result.questions},
        drawings={one.id: drawings.of(one, language) for one in result.questions},
        cell_count=len(cells),
        is_full=is_full,
    )


def _remove_others(top: Path, kept: set[str]) -> None:
    # Only what has a page's name: the folder may be a link to one with others' files.
    for path in (top / "students").glob("*.html"):
        if _PAGE.fullmatch(path.name) and f"students/{path.name}" not in kept:
            try:
                path.unlink()
            except OSError as error:
                raise ReportError(
                    f"{path} could not be removed ({error.strerror or error}): remove it by hand, "
                    "it is the page of somebody who is not in the results"
                ) from None
