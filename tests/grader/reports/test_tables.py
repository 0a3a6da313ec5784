"""Tables read as people and systems save them, and written so that nothing in them runs."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.reports import tables
from grader.reports.tables import TableError


@pytest.mark.parametrize(
    "data",
    [
        "id,points\nJoão,3\n".encode(),
        "id;points\r\nJoão;3\r\n".encode(),
        b"\xef\xbb\xbf" + "id,points\nJoão,3".encode(),
        "id,points\nJoão,3\n".encode("cp1252"),
        '"id","points"\n"João","3"\n\n,\n'.encode(),
    ],
    ids=["comma", "semicolon", "mark", "cp1252", "quoted"],
)
def test_a_table_is_read_however_it_was_saved(data):
    assert tables.parse(data, "t.csv").rows == (("id", "points"), ("João", "3"))


def test_a_semicolon_in_a_comma_table_is_text():
    assert tables.parse(b"id,comment\nana,a; b; c\n", "t").rows[1] == ("ana", "a; b; c")


def test_a_row_with_more_cells_than_columns_is_told():
    with pytest.raises(TableError, match="3 cells in the row of 'ana' and 2 in its header"):
        tables.parse(b"id,points\nana,3,5\n", "t.csv")


LONG = b"id" + b",x" * 100_000 + b"\n"


@pytest.mark.parametrize("data", [b"", b"\n\n", "id,points\n".encode("utf-16"), LONG])
def test_what_is_no_table_is_told(data):
    with pytest.raises(TableError, match=r"t\.csv"):
        tables.parse(data, "t.csv")


@pytest.mark.parametrize("data", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_spreadsheet_is_told_how_to_become_a_table(data):
    with pytest.raises(TableError, match="save it as CSV"):
        tables.parse(data, "t.xlsx")


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\0")), min_size=2, max_size=2
        ),
        min_size=1,
    )
)
def test_what_is_written_is_read_back(rows):
    rows = [["id", "b"], *([f"x{one}", other] for one, other in rows)]
    for delimiter in ",;":
        data = tables.to_bytes(rows, delimiter=delimiter)
        assert tables.parse(data, "t").rows == tuple(map(tuple, rows))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\uff1d1"])
def test_no_cell_is_a_formula(cell):
    assert tables.inert(cell) == f"'{cell}"


@given(st.text(st.characters(codec="utf-8")))
def test_other_cells_stay_as_they_are(text):
    cell = f"a{text}"
    assert tables.inert(cell) == cell
    (read,) = csv.reader(io.StringIO(tables.to_bytes([[cell, "b"]]).decode(), newline=""))
    assert read == [cell, "b"]
