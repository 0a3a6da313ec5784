"""Where the graph of a run first differs from the reference's, and what is shown of either."""

import pytest

import reference_engine as torch
from grader.diagnosis.graphs import MOST_NODES, compared
from reference_engine.tracing import record

X = [0.5, -1.5, 2.0]


def leaf(dtype=torch.float64):
    return torch.tensor([0.3, 1.2, -0.7], requires_grad=True, dtype=dtype)


def reference():
    w, x = leaf(), torch.tensor(X, dtype=torch.float64)
    h = torch.tanh(w * x)
    (h * w).mean().backward()


def picture(own, right=reference):
    return compared(record(own), record(right))


def told(own, right=reference):
    """The kind of the mark, and the names of the nodes that it stands between."""
    found = picture(own, right)
    if found is None:
        return None
    nodes, mark = found.own.nodes, found.mark
    source = None if mark.source is None else nodes[mark.source].name
    return mark.kind, source, nodes[mark.node].name


# -- edges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "cut_off"),
    [
        ("data", lambda h: h.data),
        ("detach", lambda h: h.detach()),
        ("tensor", torch.tensor),
        ("numpy", lambda h: torch.from_numpy(h.detach().numpy())),
    ],
)
@pytest.mark.filterwarnings("ignore:To copy construct")
def test_the_edge_that_is_cut_is_marked_with_what_cut_it(by, cut_off):
    def own():
        w, x = leaf(), torch.tensor(X, dtype=torch.float64)
        h = torch.tanh(w * x)
        (cut_off(h) * w).mean().backward()

    assert told(own) == ("cut", "tanh", "mul")
    assert picture(own).mark.by == by


def test_the_line_is_that_of_the_cut():
    def own():
        w, x = leaf(), torch.tensor(X, dtype=torch.float64)
        h = torch.tanh(w * x)
        cut = h.data
        (cut * w).mean().backward()

    assert picture(own).mark.line == own.__code__.co_firstlineno + 3


def test_what_no_grad_leaves_out_is_cut():
    def own():
        w, x = leaf(), torch.tensor(X, dtype=torch.float64)
        with torch.no_grad():
            h = torch.tanh(w * x)
        (h * w).mean().backward()

    assert told(own) == ("cut", "w", "mul")
    assert picture(own).mark.by == "no_grad"


def frozen(stop):
    w, v = leaf(), leaf()
    h = stop(torch.tanh(w))
    (h * v * 3).sum().backward()


def test_a_cut_that_the_reference_makes_too_is_right():
    assert told(lambda: frozen(lambda h: h.data), lambda: frozen(lambda h: h.detach())) is None


def test_a_cut_elsewhere_on_a_way_that_ends_anyway_is_right():
    def own():
        w, v = leaf(), leaf()
        with torch.no_grad():
            h = torch.tanh(w)
        (h * v * 3).sum().backward()

    assert told(own, lambda: frozen(lambda h: h.detach())) is None


def test_an_edge_that_should_be_cut_is_marked():
    def kept():
        frozen(lambda h: h)

    assert told(kept, lambda: frozen(lambda h: h.detach())) == ("not_cut", "tanh", "mul")


def test_a_leaf_that_never_required_a_gradient_leaves_no_graph():
    def own():
        w = torch.tensor([0.3, 1.2, -0.7], dtype=torch.float64)
        h = torch.tanh(w * torch.tensor(X, dtype=torch.float64))
        (h * w).mean().backward()

    assert told(own) == ("unrecorded", None, "mul")


def test_a_number_that_was_only_looked_at_is_no_cut():
    def own():
        w, x = leaf(), torch.tensor(X, dtype=torch.float64)
        h = torch.tanh(w * x)
        loss = (h * w).mean()
        h.detach().sum()
        loss.item()
        loss.backward()

    assert told(own) is None


def test_a_cut_in_a_later_pass_is_found():
    def twice(cut):
        w = leaf()
        for step in range(2):
            h = torch.tanh(w)
            loss = ((h.data if cut and step else h) * w).sum()
            loss.backward()

    assert told(lambda: twice(cut=True), lambda: twice(cut=False)) == ("cut", "tanh", "mul")


# -- values ---------------------------------------------------------------------------------------


def test_the_first_value_that_the_reference_does_not_have_is_marked():
    def own():
        w, x = leaf(), torch.tensor(X, dtype=torch.float64)
        h = torch.sigmoid(w * x)
        (h * w).mean().backward()

    assert told(own) == ("differs", None, "sigmoid")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_another_way_to_the_same_values_is_as_good(dtype):
    def own():
        w, x = leaf(dtype), torch.tensor(X, dtype=dtype)
        p, q = torch.exp(w * x), torch.exp(-(w * x))
        h = (p - q) / (p + q)
        ((h * w).sum() / 3).backward()

    assert told(own) is None


def test_the_same_values_in_another_order_are_others():
    def turned(x):
        w = leaf()
        (w * torch.tensor(x)).tanh().sum().backward()

    assert told(lambda: turned(X[::-1]), lambda: turned(X)) == ("differs", None, "mul")


def test_of_the_reference_only_what_was_computed_too_is_named():
    def own():
        w, x = leaf(), torch.tensor(X, dtype=torch.float64)
        (w * x).sum().backward()

    found = picture(own)
    assert [one.name for one in found.reference.nodes] == ["w", "mul", None, None, None]
    assert {one.shape for one in found.reference.nodes if one.name is None} == {None}
    assert {one.line for one in found.reference.nodes} == {None}


# -- what is not compared -------------------------------------------------------------------------


def test_the_same_computation_needs_no_picture():
    assert told(reference) is None


def test_a_run_of_nothing_and_a_reference_of_nothing_have_no_picture():
    assert compared((), record(reference)) is None
    assert compared(record(reference), ()) is None


def test_a_large_graph_has_no_picture():
    def own(length):
        w = leaf()
        h = w
        for _ in range(length):
            h = h + 1
        (h.data * w).sum().backward()

    def right(length):
        w = leaf()
        h = w
        for _ in range(length):
            h = h + 1
        (h * w).sum().backward()

    assert told(lambda: own(5), lambda: right(5)) is not None
    assert told(lambda: own(MOST_NODES), lambda: right(MOST_NODES)) is None


def test_a_graph_of_many_edges_has_no_picture():
    def dense(width, cut):
        w = leaf()
        sums = [w]
        for _ in range(width):
            sums.append(torch.stack(sums).sum(0))
        (cut(sums[-1]) * w).sum().backward()

    def told_of(width):
        return told(lambda: dense(width, torch.Tensor.detach), lambda: dense(width, lambda h: h))

    assert told_of(4) is not None
    assert told_of(20) is None


OPERATION = {"event": "operation", "name": "mul", "digest": 1.0, "recorded": True}


@pytest.mark.parametrize(
    "forged",
    [
        [{}],
        [{"event": "nothing known"}],
        [{"event": "leaf", "digest": "x" * 100}],
        [{"event": "cut", "by": "magic", "inputs": "0"}],
        [{**OPERATION, "inputs": "0 5 -1 x 99999999999999999999"}, {"event": "backward"}],
        [{"event": "cut", "by": "data", "inputs": "0"}, {"event": "backward", "inputs": "0"}],
        [{**OPERATION, "digest": float("nan")}, {"event": "backward", "inputs": "0"}],
        [{"event": "backward", "inputs": "0"}] * 3,
        [{**OPERATION, "inputs": "0 " * 10_000}] * 2_000,
    ],
)
def test_a_forged_trace_is_no_picture_and_no_error(forged):
    assert compared(forged, record(reference)) is None


def test_a_forged_name_is_cut_short():
    forged = record(lambda: frozen(lambda h: h))
    forged[0]["name"] = "w" * 10_000
    found = compared(forged, record(lambda: frozen(lambda h: h.detach())))
    assert max(len(one.name) for one in found.own.nodes) <= 40
