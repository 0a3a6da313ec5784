"""Tables as spreadsheets and learning systems write them, read with care and written in kind.

Comma or semicolon, with or without a byte order mark, UTF-8 or the encoding of older spreadsheets.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

BOM = b"\xef\xbb\xbf"
_FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
"""What a spreadsheet takes for the beginning of a formula, in both widths."""


class TableError(Exception):
    """A table cannot be read; the text is one line that says what was expected."""


class Table(Struct, frozen=True):
    """A table's rows with the header first, all as long as it, and how the file was written."""

    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ","
    has_mark: bool = False

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.rows[0]


_SPREADSHEET = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls


def read(path: Path) -> Table:
    """The table in a file; raises TableError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}") from None
    return parse(data, str(path))


def parse(data: bytes, name: str) -> Table:
    """The table in these bytes, called `name` where that fails. Raises TableError."""
    if data.startswith(_SPREADSHEET):
        raise TableError(f"{name} is a spreadsheet, not text: save it as CSV (UTF-8) and give that")
    text = _decoded(data.removeprefix(BOM), name)
    first = text.lstrip().partition("\n")[0]
    try:
        delimiter = max(",;", key=lambda one: len(next(csv.reader([first], delimiter=one), ())))
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise TableError(f"{name} is not a table with commas or semicolons: {error}") from None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        raise TableError(f"{name} is empty: a table with a header was expected")
    width = len(rows[0])
    if longer := [row for row in rows if len(row) > width and any(row[width:])]:
        raise TableError(
            f"{name} has {len(longer[0])} cells in the row of {longer[0][0]!r} and {width} in its "
            "header: put quotes around cells that hold the separator"
        )
    even = tuple(tuple([*row, *[""] * (width - len(row))][:width]) for row in rows)
    return Table(even, delimiter, data.startswith(BOM))


def _decoded(data: bytes, name: str) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableError(f"{name} is no text: save it as CSV, in UTF-8")


def to_bytes(
    rows: Iterable[Sequence[str]], *, delimiter: str = ",", has_mark: bool = False
) -> bytes:
    """The rows as a file in UTF-8; cells are written as they are."""
    return b"".join(to_pieces(rows, delimiter=delimiter, has_mark=has_mark))


def to_pieces(
    rows: Iterable[Sequence[str]], *, delimiter: str = ",", has_mark: bool = False
) -> Iterator[bytes]:
    """The same, row by row."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    if has_mark:
        yield BOM
    for row in rows:
        writer.writerow(row)
        yield text.getvalue().encode("utf-8", "replace")
        text.seek(0)
        text.truncate()


def inert(cell: str) -> str:
    """The cell, with an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.lstrip(" \n").startswith(tuple(_FORMULA)) else cell
