"""Any bytes give a notebook or a problem, and nothing but code is believed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.notebooks import (
    MAX_BYTES,
    MAX_CELLS,
    MAX_PARSED,
    Notebook,
    NotebookError,
    parse_cells,
    read_notebook,
)


def code(source, **fields):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": []} | fields


def notebook(*cells, **fields):
    file = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells} | fields
    return json.dumps(file).encode()


def sources(data):
    return [cell.source for cell in read_notebook(data).cells]


def problem(data):
    with pytest.raises(NotebookError) as raised:
        read_notebook(data)
    return raised.value


def test_code_cells_are_read_in_their_order_and_others_left_out():
    data = notebook(
        code("a = 1"), {"cell_type": "markdown", "source": "# b"}, {"cell_type": "raw"}, code("c")
    )
    assert sources(data) == ["a = 1", "c"]


def test_a_source_in_lines_is_joined_as_it_stands():
    assert sources(notebook(code(["a = 1\n", "b = 2"]))) == ["a = 1\nb = 2"]


def test_a_blank_cell_keeps_its_place():
    assert sources(notebook(code(""), code("a = 1"))) == ["", "a = 1"]


def test_format_3_is_read_through_its_worksheets():
    old = {
        "nbformat": 3,
        "worksheets": [
            {"cells": [{"cell_type": "code", "input": ["x = 1\n", "y"], "prompt_number": 4}]},
            {"cells": [{"cell_type": "code", "input": "z", "language": "python"}]},
        ],
    }
    cells = read_notebook(json.dumps(old).encode()).cells
    assert [(cell.source, cell.execution_count) for cell in cells] == [("x = 1\ny", 4), ("z", None)]


def test_lines_of_format_2_end_where_the_list_says():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1", "", "y = 2"]}]}]}
    assert [cell.source for cell in read_notebook(json.dumps(old).encode()).cells] == [
        "x = 1\n\ny = 2"
    ]


def test_a_byte_order_mark_is_no_matter():
    assert sources(b"\xef\xbb\xbf" + notebook(code("a"))) == ["a"]


@pytest.mark.parametrize(
    ("saved", "read"),
    [(8, 8), (None, None), (0, None), (-3, None), ("8", None), (True, None), (10**400, None)],
)
def test_an_execution_count_is_a_positive_integer_or_none(saved, read):
    (cell,) = read_notebook(notebook(code("a", execution_count=saved))).cells
    assert cell.execution_count == read


def test_the_hint_in_the_metadata_is_read():
    metadata = {"grader": {"assignment": "manual_backprop", "language": "pt"}, "kernelspec": 1}
    read = read_notebook(notebook(code("a"), metadata=metadata))
    assert (read.assignment, read.language) == ("manual_backprop", "pt")


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        {"grader": "manual_backprop"},
        {"grader": {"assignment": 3}},
        {"grader": {"assignment": "../../etc/passwd"}},
        {"grader": {"assignment": "a" * 65}},
        {"grader": {"assignment": "manual backprop\n"}},
        {"grader": {"assignment": 10**4000}},
    ],
)
def test_a_hint_that_is_no_identifier_is_no_hint(metadata):
    assert read_notebook(notebook(code("a"), metadata=metadata)).assignment is None


@pytest.mark.parametrize("outputs", [None, "nonsense", {"a": [{}]}, 10**4000])
def test_stored_outputs_are_not_looked_at(outputs):
    assert sources(notebook(code("a", outputs=outputs))) == ["a"]


@pytest.mark.parametrize(
    "halves", [(0xD83D,), (0xDC4D,), (0xD83D, 0xD83D), (0xDC4D, 0xD83D), (0x5C, 0xD83D)]
)
def test_half_a_surrogate_pair_in_an_output_costs_nothing(halves):
    output = "".join(map(chr, halves))
    assert sources(notebook(code(r"a = '\ud83d'", outputs=[output]))) == [r"a = '\ud83d'"]


def test_numbers_that_json_does_not_know_cost_nothing():
    data = notebook(code("x = 'NaN'", outputs=[{"data": {"y": [float("nan"), -float("inf")]}}]))
    assert b"[NaN, -Infinity]" in data
    assert sources(data) == ["x = 'NaN'"]


def test_whole_surrogate_pairs_stay_what_they_are():
    assert sources(notebook(code("a = '👍\udc4d'"))) == ["a = '👍\ufffd'"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n\t",
        b"\xef\xbb\xbf",
        notebook(),
        notebook(code("")),
        notebook(code(" \n ")),
        notebook({"cell_type": "markdown", "source": "# only words"}),
    ],
)
def test_a_notebook_without_code_is_empty(data):
    assert problem(data).problem == "empty"


def test_a_notebook_above_the_cap_is_too_large():
    assert problem(notebook(code("a")).ljust(MAX_BYTES + 1)).problem == "too_large"


def test_a_notebook_at_the_cap_is_read():
    assert sources(notebook(code("a")).ljust(MAX_BYTES)) == ["a"]


def test_the_number_of_cells_is_capped():
    assert len(read_notebook(notebook(*[code("a")] * MAX_CELLS)).cells) == MAX_CELLS
    assert problem(notebook(*[code("a")] * (MAX_CELLS + 1))).problem == "too_large"


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02",
        b"null",
        b"[]",
        b"{}",
        b'{"cells": 3}',
        b'{"cells": [3]}',
        b'{"cells": [{"source": "a"}]}',
        b'{"cells": [{"cell_type": "code", "source": {"a": 1}}]}',
        b'{"cells": [{"cell_type": "code", "source": "\xff"}]}',
        notebook(code("a")) + b"x",
        notebook(code("a"))[:-9],
        b'{"cells": [NaN]}',
        notebook(code("a")).decode().encode("utf-16"),
        b'{"' + b'\\"' * 200_000,
    ],
)
def test_what_is_no_notebook_is_unreadable(data):
    assert problem(data).problem == "unreadable"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"cells":'])
@pytest.mark.parametrize("depth", [101, 5_000, 1_000_000])
def test_deep_nesting_is_unreadable(opening, depth):
    assert problem(b'{"cells": [], "metadata": ' + opening * depth).problem == "unreadable"


def test_brackets_in_strings_are_no_nesting():
    source = '"' + "[{" * 5_000 + '\\"'
    assert sources(notebook(code(source))) == [source]


def test_of_two_cells_lists_one_is_read():
    once = notebook(code("b"))
    assert sources(once[:-1] + b', "cells": [{"cell_type": "code", "source": "c"}]}') == ["c"]


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"import torch\n\nx = torch.ones(2, 2)\n", "ends in .py"),
        (b"# homework 1\nx = 1\n", "ends in .py"),
        (b"\n<!DOCTYPE html><html>", "Download raw file"),
        (b'{"cells": [\n<<<<<<< HEAD\n{}\n=======\n>>>>>>> main\n]}', "git merge"),
        (notebook(code("a")).decode().encode("utf-16"), "UTF-8"),
    ],
)
def test_the_message_says_what_the_file_is_instead(data, hint):
    assert hint in str(problem(data))


def read_or_problem(data):
    try:
        return read_notebook(data)
    except NotebookError as error:
        said = error
    assert said.problem in {"unreadable", "empty", "too_large"}
    assert str(said).endswith(".")
    assert "\n" not in str(said)
    return None


@given(st.binary(max_size=300))
def test_any_bytes_give_a_notebook_or_a_problem(data):
    read_or_problem(data)


plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "worksheets", "cell_type", "source", "input", "metadata"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def test_no_more_of_a_notebook_is_parsed_than_memory_has_room_for():
    data = "x\n" * (MAX_PARSED // 2 + 1)
    half = "y = 1" + " " * (MAX_PARSED // 2)
    parsed = parse_cells(["a = 1", data, half, half, "b = 2", "c ="])
    assert [tree is not None for tree in parsed] == [True, False, True, False, True, False]


@given(plain_json)
def test_any_json_gives_a_notebook_or_a_problem(value):
    read_or_problem(json.dumps(value).encode())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\ud😀"))))
def test_every_source_comes_back_as_it_was_written(texts):
    read = read_or_problem(notebook(*map(code, texts)))
    if any(text.strip() for text in texts):
        assert isinstance(read, Notebook)
        assert [cell.source for cell in read.cells] == texts


@given(st.data())
def test_a_damaged_notebook_is_read_or_a_problem(data):
    whole = notebook(code(["x = 1\n", "é"], execution_count=3), metadata={"grader": {"a": [1.5]}})
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 8)))
    damage = data.draw(st.binary(max_size=8) | st.sampled_from([b'"', b"[" * 200, b"\\", b"1e999"]))
    read_or_problem(whole[:start] + damage + whole[end:])
