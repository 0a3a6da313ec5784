"""The graph and the walk through it: what is applied, kept, freed, counted and seen."""

import gc
import sys
import threading
import weakref
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_engine as torch
from reference_engine._dispatch import observe

DEEP = 100_000


def leaf(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def chain(start, length):
    end = start
    for _ in range(length):
        end = end + 1.0
    return end


# -- leaves and propagation -----------------------------------------------------------------------


def test_what_the_user_makes_is_a_leaf_and_what_is_computed_from_it_is_not():
    x = leaf([1.0])
    assert x.is_leaf
    assert x.grad_fn is None
    assert not (x * 2).is_leaf


@pytest.mark.parametrize(("a", "b"), [(False, False), (False, True), (True, False), (True, True)])
def test_a_result_requires_grad_if_an_operand_does(a, b):
    first = torch.ones(2, requires_grad=a)
    second = torch.ones(2, requires_grad=b)
    assert (first * second).requires_grad is (a or b)


def test_what_needs_no_gradient_is_not_in_the_graph():
    x, constant = leaf([1.0]), torch.ones(1)
    (_, first), (_, second) = [(one, one[0]) for one in (x * constant).grad_fn.next_functions]
    assert first.name() == "torch::autograd::AccumulateGrad"
    assert second is None


def test_uses_of_a_leaf_share_its_node():
    x = leaf([1.0])
    once, twice = x * 2, x.exp()
    assert once.grad_fn.next_functions[0][0] is twice.grad_fn.next_functions[0][0]


def test_a_leaf_does_not_keep_the_graphs_it_was_used_in():
    x = leaf([1.0])
    node = weakref.ref((x * 2).grad_fn)
    assert node() is None


# -- the walk -------------------------------------------------------------------------------------


def test_a_shared_subgraph_is_walked_once():
    applied = Counter()
    x = leaf(1.5)
    h = x.sin()
    layers = [h]
    for _ in range(20):
        layers.append(layers[-1] * 0.5 + layers[-1] * 0.25)
    for place, layer in enumerate(layers):
        layer.grad_fn.register_prehook(lambda _, place=place: applied.update([place]))
    layers[-1].backward()
    assert set(applied.values()) == {1}
    assert x.grad.item() == pytest.approx(np.cos(1.5) * 0.75**20)


def test_a_node_sees_the_sum_of_what_all_its_users_send():
    x = leaf([1.0, 2.0])
    h = x * 1
    seen = []
    h.register_hook(seen.append)
    (h + h * 2 + h * h).sum().backward()
    assert [one.tolist() for one in seen] == [[5.0, 7.0]]


def test_a_deep_chain_needs_no_recursion():
    x = leaf(1.0)
    y = chain(x, DEEP)
    assert sys.getrecursionlimit() < DEEP
    y.backward()
    assert x.grad.item() == 1.0


def test_a_deep_chain_of_what_saves_values_needs_no_recursion():
    x = leaf(0.5)
    y = x
    for _ in range(DEEP // 4):
        y = y.sin()
    y.backward()
    assert 0 < x.grad.item() < 1


def test_a_deep_chain_can_be_deleted():
    x = leaf(1.0)
    y = chain(x, DEEP)
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


def test_a_deep_chain_can_be_walked_for_one_input_only():
    x, other = leaf(1.0), leaf(1.0)
    y = chain(x * other, DEEP // 4)
    assert torch.autograd.grad(y, x)[0].item() == 1.0
    assert other.grad is None


def test_a_walk_for_one_input_leaves_other_branches_alone():
    x, w = leaf([1.0]), leaf([2.0])
    branch = w.exp()
    branch.register_hook(lambda gradient: pytest.fail("the branch of w was walked"))
    assert torch.autograd.grad((x * 3 + branch).sum(), x)[0].tolist() == [3.0]


weights = st.floats(-4, 4)


@given(a=weights, b=weights, at=st.lists(st.floats(-2, 2), min_size=1, max_size=4))
def test_the_gradient_is_linear_in_what_is_differentiated(a, b, at):
    x = leaf(at)
    f, g = x.sin().sum(), (x * x * x).sum()
    (of_f,) = torch.autograd.grad(f, x, retain_graph=True)
    (of_g,) = torch.autograd.grad(g, x, retain_graph=True)
    (of_both,) = torch.autograd.grad(a * f + b * g, x)
    np.testing.assert_allclose(of_both.numpy(), (a * of_f + b * of_g).numpy(), atol=1e-12)


@given(at=st.floats(0.5, 2))
def test_derivatives_can_be_taken_three_times(at):
    x = leaf(at)
    values = [x**5]
    for _ in range(3):
        values.append(torch.autograd.grad(values[-1], x, create_graph=True)[0])
    expected = [5 * at**4, 20 * at**3, 60 * at**2]
    assert [one.item() for one in values[1:]] == pytest.approx(expected)


# -- what is kept and what is freed ---------------------------------------------------------------


def test_gradients_accumulate_in_the_same_object():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    gradient = x.grad
    (x * 3).sum().backward()
    assert x.grad is gradient
    assert gradient.tolist() == [5.0, 5.0]


@pytest.mark.parametrize("values", [2.0, [1.0, 2.0], [1.0] * 1000])
def test_whoever_holds_the_numbers_of_a_gradient_sees_it_grow(values):
    x = leaf(values)
    (x * 2).sum().backward()
    shared, view = x.grad.numpy(), x.grad.view(-1)
    (x * 3).sum().backward()
    assert np.all(shared == 5.0)
    assert view[0].item() == 5.0


def test_a_gradient_that_is_a_view_grows_in_what_it_shows():
    x, shown = leaf([1.0, 2.0]), torch.zeros(4, dtype=torch.float64)
    x.grad = shown[:2]
    part = x.grad[:1]
    (x * 3).sum().backward()
    assert part.tolist() == [3.0]
    assert shown.tolist() == [3.0, 3.0, 0.0, 0.0]


def test_two_leaves_never_share_a_gradient():
    a, b = leaf([1.0]), leaf([1.0])
    (a + b).sum().backward()
    a.grad.mul_(7)
    assert b.grad.tolist() == [1.0]


def test_a_gradient_shares_no_memory_with_the_cotangent_or_the_data():
    x, cotangent = leaf([1.0, 2.0]), torch.ones(2, dtype=torch.float64)
    x.backward(cotangent)
    cotangent.zero_()
    x.data.zero_()
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_pass_frees_what_was_saved_unless_told_to_retain_it():
    x = leaf([1.0])
    y = x.exp()
    y.backward(retain_graph=True)
    assert y.grad_fn._saved_result.tolist() == y.tolist()
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


@pytest.mark.parametrize("operation", ["exp", "tanh", "sigmoid", "sqrt", "relu", "sin"])
def test_results_die_without_the_garbage_collector(operation):
    gc.collect()
    gc.disable()
    try:
        x = leaf([0.5, 1.0])
        h = getattr(x, operation)()
        y = getattr(h, operation)().sum()
        gone = [weakref.ref(h), weakref.ref(y), weakref.ref(h.grad_fn)]
        y.backward()
        del h, y
        assert [one() for one in gone] == [None, None, None]
    finally:
        gc.enable()


def test_an_untouched_graph_dies_without_the_garbage_collector():
    gc.collect()
    gc.disable()
    try:
        x = leaf([0.5, 1.0])
        y = torch.softmax(x.exp().reshape(2, 1), 0).max(0).values
        gone = weakref.ref(y.grad_fn)
        del y
        assert gone() is None
    finally:
        gc.enable()


# -- versions -------------------------------------------------------------------------------------


def test_writes_are_counted_for_a_storage_not_for_a_tensor():
    base = torch.zeros(4)
    view, detached, data = base[:2], base.detach(), base.data
    view.add_(1)
    base.mul_(2)
    assert [one._version for one in (base, view, detached, data)] == [2, 2, 2, 0]


def test_a_value_that_was_saved_must_not_be_written():
    x = leaf([1.0])
    h = x * 1
    y = h.sin()
    h[0] = 2.0
    with pytest.raises(
        RuntimeError, match=r"modified by an inplace operation.*version 1; expected"
    ):
        y.backward()


def test_a_value_that_was_not_saved_may_be_written():
    x = leaf([1.0])
    h = x * 1
    y = h + 1
    h[0] = 2.0
    y.backward()
    assert x.grad.tolist() == [1.0]


def test_an_operand_that_is_its_own_target_was_saved_before_it_was_written():
    x = leaf([2.0])
    h = x * 1
    h.mul_(h)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        h.backward()


# -- hooks ----------------------------------------------------------------------------------------


def test_hooks_run_in_the_order_of_registration_and_a_retained_gradient_sees_them_all():
    x = leaf([1.0])
    h = x * 1
    h.retain_grad()
    h.register_hook(lambda gradient: gradient * 2)
    h.register_hook(lambda gradient: gradient + 1)
    (h * 5).sum().backward()
    assert h.grad.tolist() == [11.0]
    assert x.grad.tolist() == [11.0]


def test_a_removed_hook_stays_away():
    x = leaf([1.0])
    handle = x.register_hook(lambda gradient: gradient * 2)
    x.sum().backward()
    handle.remove()
    handle.remove()
    x.sum().backward()
    assert x.grad.tolist() == [3.0]


def test_a_hook_after_accumulation_sees_the_whole_gradient():
    x = leaf([1.0])
    seen = []
    x.register_post_accumulate_grad_hook(lambda one: seen.append(one.grad.item()))
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    assert seen == [2.0, 5.0]


@pytest.mark.parametrize(
    ("compute", "order"),
    [
        (lambda a, b, c, d, e: a * b, "ab"),
        (lambda a, b, c, d, e: b * a * b, "ba"),
        (lambda a, b, c, d, e: (a * b) * (c * b), "cab"),
        (lambda a, b, c, d, e: torch.addcmul(c, a, b), "cab"),
        (lambda a, b, c, d, e: torch.stack([a, b, c, d]).sum(), "acbd"),
        (lambda a, b, c, d, e: torch.stack([e, b, a, d, c]).sum(), "eacbd"),
    ],
)
def test_leaves_that_are_complete_at_once_come_in_pytorchs_order(compute, order):
    seen = []
    leaves = {name: leaf(2.0) for name in "abcde"}
    for name, one in leaves.items():
        one.register_hook(lambda _, name=name: seen.append(name))
    compute(**leaves).backward()
    assert "".join(seen) == order


def test_a_hook_on_a_leaf_serves_graphs_that_were_made_before_and_after_it():
    x = leaf([1.0])
    before = x * 2
    x.register_hook(lambda gradient: gradient * 10)
    (before + x).sum().backward()
    assert x.grad.tolist() == [30.0]


# -- nodes that are looked at ---------------------------------------------------------------------


def test_a_node_is_the_same_one_before_and_after_it_is_looked_at():
    x = leaf([1.0, 2.0])
    product = x * x
    (product.sum() + product.exp().sum()).backward(retain_graph=True)
    node = product.grad_fn
    assert product.exp().grad_fn.next_functions[0][0] is node
    assert (type(node).__name__, node.name()) == ("MulBackward0", "MulBackward0")
    assert node._saved_self is x


def test_it_does_not_matter_which_nodes_were_looked_at():
    gradients = []
    for looked in range(4):
        x = leaf([1.0, 2.0])
        steps = [x * 3.0]
        for operation in (torch.exp, torch.sin):
            steps.append(operation(steps[-1]))
        for step in steps[:looked]:
            assert step.grad_fn is not None
        (steps[-1] * steps[0]).sum().backward()
        gradients.append(x.grad.tolist())
    assert gradients == gradients[:1] * 4


# -- warnings of NumPy's --------------------------------------------------------------------------


def test_neither_forwards_nor_a_backward_pass_change_how_numpy_warns():
    x = leaf([0.0])
    with np.errstate(all="raise"):
        before = np.geterr()
        x.log().sum().backward()
        assert np.geterr() == before
    assert x.grad.item() == float("inf")


def test_numpy_warns_as_before_once_an_operation_or_a_pass_has_failed():
    x = leaf([0.0])
    product = x * x
    with np.errstate(all="raise"):
        before = np.geterr()
        with pytest.raises(IndexError):
            x.softmax(5)
        product.sum().backward()
        with pytest.raises(RuntimeError, match="second time"):
            product.sum().backward()
        assert np.geterr() == before


# -- grad modes and threads -----------------------------------------------------------------------


def test_a_hook_may_record_within_a_pass_that_does_not():
    x = leaf([2.0])
    modes = []

    def hook(gradient):
        modes.append(torch.is_grad_enabled())
        with torch.enable_grad():
            modes.append((x * 2).requires_grad)
        modes.append((x * 2).requires_grad)

    y = x * x
    y.register_hook(hook)
    y.sum().backward()
    assert modes == [False, True, False]
    assert (x * 2).requires_grad


def test_recording_goes_on_after_a_pass_that_failed():
    x = leaf([2.0])

    def hook(gradient):
        raise ValueError("enough")

    y = x * x
    y.register_hook(hook)
    with pytest.raises(ValueError, match="enough"):
        y.sum().backward()
    assert (x * 2).requires_grad


def test_a_thread_that_ends_without_recording_leaves_no_trace():
    x = leaf([2.0])
    thread = threading.Thread(target=torch.set_grad_enabled, args=(False,))
    thread.start()
    thread.join()
    assert (x * 2).requires_grad
    with torch.no_grad():
        assert not (x * 2).requires_grad


def test_a_grad_mode_is_its_threads_own():
    seen = []
    with torch.no_grad():
        thread = threading.Thread(target=lambda: seen.append(torch.is_grad_enabled()))
        thread.start()
        thread.join()
        assert not torch.is_grad_enabled()
    assert seen == [True]


def test_passes_in_several_threads_do_not_meet():
    found = {}

    def work(number):
        x = leaf([float(number)])
        (chain(x * x, 200)).sum().backward()
        found[number] = x.grad.item()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: 2.0 * number for number in range(8)}


# -- the observer seam ----------------------------------------------------------------------------


class Diary:
    """Notes everything that an observer is told."""

    def __init__(self):
        self.entries = []

    def operation(self, row, *_):
        self.entries.append(row.name)

    def __getattr__(self, name):
        return lambda *_: self.entries.append(name)


def noted(action):
    diary = Diary()
    with observe(diary):
        action()
    return diary.entries


def no_grad_product(x):
    with torch.no_grad():
        return x * 2


SEEN = {
    "an operation": (lambda x: x * 2, ["mul"]),
    "an operation under no_grad": (no_grad_product, ["mul"]),
    "an operation with several results": (lambda x: x.max(0), ["max_dim"]),
    "an operation in place": (lambda x: x.detach().add_(1), ["detached", "add"]),
    "detach": (lambda x: x.detach(), ["detached"]),
    "data": (lambda x: x.data, ["detached"]),
    "new data": (lambda x: setattr(x, "data", torch.ones(2)), ["leaf_written"]),
    "a backward pass": (lambda x: x.sum().backward(), ["sum", "backward_pass"]),
    "autograd.grad": (lambda x: torch.autograd.grad(x.sum(), x), ["sum", "backward_pass"]),
    "a gradient that is read": (lambda x: x.grad, ["gradient_read"]),
    "a gradient set to None": (lambda x: setattr(x, "grad", None), ["gradient_cleared"]),
    "a truth value": (lambda x: bool(x[0] > 0), ["select", "gt", "truth_value"]),
}


@pytest.mark.parametrize("what", SEEN)
def test_an_observer_sees(what):
    action, expected = SEEN[what]
    assert noted(lambda: action(leaf([1.0, 2.0]))) == expected


def test_an_observer_sees_a_leaf_that_is_written():
    x = leaf([1.0, 2.0])

    def step():
        with torch.no_grad():
            x.sub_(1)

    assert noted(step) == ["sub", "leaf_written"]


def test_an_observer_sees_a_gradient_that_is_set_to_zero_as_what_it_is():
    x = leaf([1.0, 2.0])
    x.sum().backward()

    def clear():
        x.grad.zero_()

    assert noted(clear) == ["gradient_read", "zero"]


def test_an_observer_sees_nothing_of_what_a_backward_pass_computes():
    x = leaf([1.0, 2.0])
    y = (x.exp() * x).sum()
    assert noted(y.backward) == ["backward_pass"]


def test_without_an_observer_nothing_is_noted():
    diary = Diary()
    with observe(diary):
        pass
    leaf([1.0]).exp()
    assert diary.entries == []


def test_an_inner_observer_takes_over_for_a_while():
    outer, inner = Diary(), Diary()
    x = leaf([1.0])
    with observe(outer):
        x.exp()
        with observe(inner):
            x.sin()
        x.cos()
    assert (outer.entries, inner.entries) == (["exp", "cos"], ["sin"])


# -- whose memory a gradient is -------------------------------------------------------------------


def kept_by_a_hook():
    kept = []
    x = leaf([1.0, 2.0])
    x.register_hook(kept.append)
    (x * 3).sum().backward()
    return x, kept


def kept_by_another_leaf():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x + y).sum().backward()
    return x, [y.grad]


def kept_as_the_cotangent():
    x, cotangent = leaf([1.0, 2.0]), torch.tensor([3.0, 4.0], dtype=torch.float64)
    (x + 0).backward(cotangent)
    return x, [cotangent]


def kept_by_a_non_leaf():
    x = leaf([[1.0, 2.0]])
    y = x.reshape(2)
    y.retain_grad()
    (y * 2).sum().backward()
    return x, [y.grad]


def kept_by_a_function():
    kept = []

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(2 * x)
            return x * x

        @staticmethod
        def backward(ctx, gradient):
            kept.append(ctx.saved_tensors[0])
            return kept[0]

    x = leaf([1.0, 2.0])
    Square.apply(x).sum().backward()
    return x, kept


@pytest.mark.parametrize(
    "case",
    [
        kept_by_a_hook,
        kept_by_another_leaf,
        kept_as_the_cotangent,
        kept_by_a_non_leaf,
        kept_by_a_function,
    ],
)
def test_clearing_a_gradient_clears_nobody_elses(case):
    x, others = case()
    before = [one.clone() for one in others]
    assert others
    x.grad.zero_()
    assert all(torch.equal(one, former) for one, former in zip(others, before, strict=True))


@pytest.mark.filterwarnings("ignore:Using backward")
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    ("data", "strides"),
    [
        (torch.rand(4, 3), (3, 1)),
        (torch.rand(3, 4).t(), (1, 4)),
        (torch.rand(4, 6)[:, ::2], (3, 1)),
        (torch.rand(6, 4).t()[:, ::2], (3, 1)),
        (torch.rand(4, 1).expand(4, 3), (3, 1)),
    ],
)
def test_a_leafs_gradient_lies_in_memory_as_its_data(data, strides, create_graph):
    weight = data.detach().requires_grad_()
    (torch.rand(5, 3) @ weight.t()).sum().backward(create_graph=create_graph)
    assert weight.grad.stride() == strides
    weight.grad = None
    (torch.rand(5, 4) @ weight).sum().backward(create_graph=create_graph)
    assert weight.grad.stride() == strides


def test_a_layers_gradients_can_be_seen_as_one_vector():
    layer = torch.nn.Linear(3, 4)
    layer(torch.rand(5, 3)).pow(2).sum().backward()
    assert torch.cat([p.grad.view(-1) for p in layer.parameters()]).shape == (16,)


# -- the memory of `.grad` ------------------------------------------------------------------------


def test_what_shows_a_part_of_a_gradient_sees_it_grow():
    x = leaf([[1.0, 2.0]])
    x.reshape(-1).sum().backward()
    row, numbers = x.grad[0], x.grad.numpy()[0]
    (x.reshape(-1) * 3).sum().backward()
    assert row.tolist() == numbers.tolist() == [4.0, 4.0]


@pytest.mark.parametrize("size", [2, 600])
def test_leaves_that_are_shown_in_another_shape_share_no_gradient(size):
    a, b = torch.ones(1, size, requires_grad=True), torch.ones(1, size, requires_grad=True)
    for _ in range(2):
        (a.view(-1) + b.view(-1)).sum().backward()
    a.grad.zero_()
    assert (b.grad == 2).all()


def test_a_leaf_that_needs_no_gradient_any_more_gets_none():
    x = leaf([1.0])
    y = (x * 2).sum()
    x.requires_grad_(False)
    y.backward()
    assert x.grad is None


def test_a_hook_that_sets_the_grad_mode_sets_it_for_its_pass():
    x = leaf([1.0])
    y = x * 2
    y.register_hook(lambda _: torch.set_grad_enabled(True) and None)
    y.backward()
    assert x.grad.tolist() == [2.0]
    with torch.no_grad():
        y = x * 2
    assert not y.requires_grad
