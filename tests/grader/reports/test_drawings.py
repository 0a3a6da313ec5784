"""Pictures of wrong answers: what is drawn, and the sentence and the table that say the same."""

import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

import grader
from grader.catalogue import load
from grader.grading import Grader
from grader.messages import LANGUAGES
from grader.reports import drawings, pages
from grader.results import (
    Edge,
    EntriesPicture,
    Graph,
    GraphPicture,
    Mark,
    Node,
    QuestionResult,
    StepsPicture,
    from_json,
    to_json,
)
from grader.sandbox.pool import Sandbox
from grader.submissions import collect

ASSIGNMENTS = Path(grader.__file__).parents[1] / "assignments"
HOSTILE = '</svg><script>alert("1")</script>\u202e\x00\ud800'


def operation(name, line=None, shape="(3,)"):
    return Node(kind="operation", name=name, shape=shape, line=line)


def graph(*nodes, edges):
    return Graph(nodes=nodes, edges=tuple(Edge(source=s, target=t, kind=k) for s, t, k in edges))


def cut_graph(name="mul"):
    w = Node(kind="leaf", name="w", shape="(3,)", line=3)
    return GraphPicture(
        own=graph(
            w, operation("tanh", 4), operation(name, 5), operation("sum", 5, "()"),
            edges=[(0, 1, "flows"), (0, 2, "flows"), (1, 2, "cut"), (2, 3, "flows")],
        ),
        reference=graph(
            w, operation("tanh"), operation("mul"), Node(kind="operation"),
            edges=[(0, 1, "flows"), (0, 2, "flows"), (1, 2, "flows"), (2, 3, "flows")],
        ),
        mark=Mark(kind="cut", node=2, source=1, by="data", line=5),
    )  # fmt: skip


def differing():
    x = Node(kind="leaf", name="x", shape="()", line=1)
    return GraphPicture(
        own=graph(x, operation("exp", 2), edges=[(0, 1, "flows")]),
        reference=graph(x, Node(kind="operation"), edges=[(0, 1, "flows")]),
        mark=Mark(kind="differs", node=1, line=2),
    )


ENTRIES = EntriesPicture(output="dW", shape=(2, 3), pattern="=x==~?")
STEPS = StepsPicture(output="losses", deviations=(0.0, 0.0, 0.04, None, 0.2))
ALL = (cut_graph(), differing(), ENTRIES, STEPS)


def question(*pictures):
    return QuestionResult(
        id="q", score=0.0, max_score=1.0, verdict="wrong_value", message="No.", pictures=pictures
    )


def draw(picture, language="en"):
    (drawing,) = drawings.of(question(picture), language)
    return drawing


def drawn(picture):
    """What a browser would read of a drawing, as one tree."""
    return ET.fromstring(f"<all>{draw(picture).svg}</all>")  # noqa: S314 - our own


def kinds(tree):
    return [one.get("class", "") for one in tree.iter()]


def texts(tree):
    return [one.text for one in tree.iter("text")]


# -- graphs ---------------------------------------------------------------------------------------


def test_both_graphs_are_drawn_with_all_their_nodes_and_edges():
    own, reference = drawn(cut_graph()).iter("svg")
    for tree, nodes in ((own, 4), (reference, 4)):
        assert sum(one.startswith("node ") for one in kinds(tree)) == nodes
        assert sum(one.startswith("edge ") for one in kinds(tree)) == 4


def test_the_edge_that_is_cut_is_marked_by_more_than_a_colour():
    own, reference = drawn(cut_graph()).iter("svg")
    assert [one for one in kinds(own) if "marked" in one] == ["edge cut marked"]
    assert "✂" in texts(own)
    assert not [one for one in kinds(reference) if "marked" in one]


def test_the_operation_that_differs_is_marked_by_more_than_a_colour():
    own, reference = drawn(differing()).iter("svg")
    assert [one for one in kinds(own) if "marked" in one] == ["node operation marked"]
    assert "≠" in texts(own)
    assert texts(reference)[-1] == "…"


def test_the_sentence_names_the_edge_the_line_and_what_cut_it():
    assert draw(cut_graph()).sentence == (
        "No gradient flows from `mul` back to `tanh`, which `.data` cuts off (line 5); "
        "in the reference one does."
    )


def test_the_table_has_every_node_of_both_graphs_and_what_it_is_computed_from():
    rows = draw(cut_graph()).rows
    assert rows[:4] == (
        ("Your run", "1", "w", "(3,)", "3", ""),
        ("Your run", "2", "tanh", "(3,)", "4", "1"),
        ("Your run", "3 ◀", "mul", "(3,)", "5", "1, 2 (cut off)"),
        ("Your run", "4", "sum", "()", "5", "3"),
    )
    assert rows[-1] == ("Reference", "4", "…", "", "", "3")


def test_nodes_never_stand_on_each_other_and_edges_lead_down():
    own = next(drawn(cut_graph()).iter("svg"))
    boxes = [
        tuple(float(one.get(side)) for side in ("x", "y", "width", "height"))
        for one in own.iter("rect")
    ]
    for number, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, *_ in boxes[number + 1 :]:
            assert abs(other_y - y) > height or abs(other_x - x) > width
    for path in own.iter("path"):
        down = [float(one) for one in re.findall(r"[\d.]+ ([\d.]+)(?= |$)", path.get("d"))]
        assert down == sorted(down) or path.get("class") == "head"


def test_an_edge_across_layers_passes_no_node_between():
    nodes = [Node(kind="leaf", name="w"), *(operation(f"op{one}") for one in range(3))]
    chain = [(0, 1, "flows"), (1, 2, "flows"), (2, 3, "flows")]
    picture = GraphPicture(
        own=graph(*nodes, edges=[*chain, (0, 3, "flows")]),
        reference=graph(*nodes, edges=chain),
        mark=Mark(kind="not_cut", node=3, source=0),
    )
    own, reference = drawn(picture).iter("svg")
    assert float(own.get("width")) > float(reference.get("width"))


def test_without_the_extra_there_is_the_sentence_and_the_table(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "igraph" else found(name)
    )
    drawing = draw(cut_graph())
    assert drawing.svg is None
    assert drawing.sentence
    assert len(drawing.rows) == 8
    assert draw(ENTRIES).svg is not None


# -- entries and steps ----------------------------------------------------------------------------


def test_every_entry_is_a_cell_with_a_character_of_its_own():
    tree = drawn(ENTRIES)
    cells = list(tree.iter("g"))
    tones = ["right", "wrong", "right", "right", "near", "wrong"]
    assert [one.get("class") for one in cells] == tones
    assert [one.find("text").text for one in cells] == [*"·✗··≈∞"]


def test_the_table_of_entries_has_those_that_are_wrong():
    drawing = draw(ENTRIES)
    assert drawing.sentence == (
        "3 of the 6 entries of `dW` are not right, the first of them [0, 1]."
    )
    assert drawing.rows == (
        ("[0, 1]", "wrong"), ("[1, 1]", "nearly right"), ("[1, 2]", "not finite"),
    )  # fmt: skip


@pytest.mark.parametrize(("shape", "rows"), [((5,), 1), ((40,), 3), ((2, 3, 4), 6), ((2, 30), 2)])
def test_a_vector_is_broken_and_more_dimensions_are_rows(shape, rows):
    count = 1
    for size in shape:
        count *= size
    tree = drawn(EntriesPicture(output="a", shape=shape, pattern="x" + "=" * (count - 1)))
    assert len({one.get("y") for one in tree.iter("rect")}) == rows
    assert len(list(tree.iter("rect"))) == count


def test_a_step_is_as_high_as_it_is_off_and_the_first_wrong_one_is_named():
    tree = drawn(STEPS)
    heights = [float(one.get("height")) for one in tree.iter("rect")]
    assert heights[0] == pytest.approx(heights[1] / 5, rel=0.01)
    assert [one.get("class") for one in tree.iter("g")] == ["right"] * 2 + ["wrong"] * 3
    assert "▲ first wrong" in texts(tree)
    assert "∞" in texts(tree)


def test_the_table_of_steps_has_all_of_them():
    drawing = draw(STEPS)
    assert drawing.sentence == (
        "`losses` goes wrong at entry 2 of 5 (counted from 0), and is off by up to 20 % "
        "of the reference's largest value."
    )
    assert drawing.rows[1:4] == (
        ("1", "0 %", "✓ right"), ("2", "4 %", "✗ wrong"), ("3", "", "✗ not finite"),
    )  # fmt: skip


# -- all of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", ALL)
def test_a_drawing_says_aloud_what_it_is_and_needs_nothing_from_elsewhere(picture):
    tree = drawn(picture)
    for svg in tree.iter("svg"):
        assert svg.get("role") == "img"
        assert svg.get("aria-label")
    tags = {one.tag for one in tree.iter()}
    assert tags <= {"all", "div", "svg", "g", "rect", "path", "line", "text"}
    names = {name for one in tree.iter() for name in one.attrib}
    assert not names & {"style", "href", "onclick", "onload", "id", "fill", "stroke"}


@pytest.mark.parametrize("picture", ALL)
def test_the_same_picture_gives_the_same_drawing(picture):
    assert draw(picture) == draw(picture)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("picture", ALL)
def test_every_word_is_in_the_language(picture, language):
    drawing = draw(picture, language)
    assert len({len(drawing.header), *map(len, drawing.rows)}) == 1
    assert (draw(picture).sentence == drawing.sentence) == (language == "en")


def test_a_name_is_text_wherever_it_stands():
    hostile = (
        cut_graph(HOSTILE),
        EntriesPicture(output=HOSTILE, shape=(2,), pattern="=x"),
        StepsPicture(output=HOSTILE, deviations=(0.0, 0.1, 0.1)),
    )
    for picture in hostile:
        svg = draw(picture).svg
        assert "<script" not in svg
        assert not {"\u202e", "\x00", "\ud800"} & set(svg)
        assert drawn(picture) is not None


def test_a_graph_as_large_as_is_drawn_keeps_to_one_column_a_branch():
    nodes = [Node(kind="leaf", name="w"), *(operation("add") for _ in range(59))]
    edges = [(one, one + 1, "flows") for one in range(59)] + [(0, 59, "cut")]
    large = graph(*nodes, edges=edges)
    picture = GraphPicture(own=large, reference=large, mark=Mark(kind="cut", node=59, source=0))
    drawing = draw(picture)
    assert len(drawing.rows) == 120
    assert len(drawing.svg) < 60_000


def test_results_with_pictures_are_read_back_as_they_were(results):
    first = results.submissions[1]
    with_pictures = replace(first, questions=(question(*ALL),))
    (read,) = from_json(to_json(replace(results, submissions=(with_pictures,)))).submissions
    assert read.questions[0].pictures == ALL


# -- from a submission to its page ----------------------------------------------------------------


@pytest.fixture(scope="module")
def graded():
    """Two of the samples: one that goes round the graph by `.data`, one that is right."""
    samples = ASSIGNMENTS / "no_grad_detach" / "samples"
    with Sandbox() as sandbox:
        grading = Grader(load("no_grad_detach"), sandbox, seed="drawings", torch="facade")
        submissions = collect([samples / "noah.py", samples / "adriana.ipynb"])
        return {one.id: (grading.grade(one), one.cells) for one in submissions}


def test_the_page_of_a_cut_graph_shows_the_marked_edge(graded):
    result, cells = graded["noah"]
    page = pages.page(result, "Stopping the gradient", cells=cells)
    section = page[page.index("through_data</h2>") :]
    assert "back to x, which .data cuts off (line 36)" in re.sub("<[^>]+>|`", "", section)
    assert 'class="edge cut marked"' in section
    assert section.index("<figure") < section.index("as it was graded")


def test_a_right_answer_has_no_picture(graded):
    result, cells = graded["adriana"]
    assert not any(one.pictures for one in result.questions)
    assert 'class="drawing"' not in pages.page(result, "Stopping the gradient", cells=cells)


def test_no_picture_of_a_question_is_told_below_full_feedback():
    assignment = load("no_grad_detach")
    assignment.feedback = "hint"
    samples = ASSIGNMENTS / "no_grad_detach" / "samples"
    with Sandbox() as sandbox:
        grading = Grader(assignment, sandbox, seed="drawings", torch="facade")
        (noah,) = collect([samples / "noah.py"])
        result = grading.grade(noah)
    assert result.score < result.max_score
    assert not any(one.pictures for one in result.questions)
