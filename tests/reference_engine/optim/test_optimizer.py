"""Optimizers: groups, state, errors and graphs as PyTorch has them, update rules apart."""

import copy

import pytest

import reference_engine
from reference_engine import optim, tensor
from reference_engine._dispatch import observe
from reference_engine._observer import Observer

try:
    import torch
except ImportError:
    torch = None


EVERY = (
    "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop",
    "ASGD",
)  # fmt: skip


def leaf(*values):
    return tensor(list(values or (1.0, 2.0)), requires_grad=True)


def with_gradient(*values):
    param = leaf(*values)
    (param * param).sum().backward()
    return param


def outcome(code, module):
    try:
        return repr(eval(code, {"torch": module, "optim": module.optim}))
    except Exception as error:  # noqa: BLE001 - whatever PyTorch raises
        return f"{type(error).__name__}: {error}"


MISTAKES = [
    "optim.SGD([])",
    "optim.SGD(5)",
    "optim.SGD([5])",
    "optim.SGD('ab')",
    "optim.SGD()",
    "optim.SGD(torch.ones(2))",
    "optim.SGD(torch.ones(2, dtype=torch.int64))",
    "optim.SGD({torch.ones(2)})",
    "optim.SGD([{'params': {torch.ones(2)}}])",
    "optim.SGD([torch.ones(2, requires_grad=True) * 2])",
    "optim.SGD([torch.ones(2)], lr=-1)",
    "optim.SGD([torch.ones(2)], lr=torch.ones(2))",
    "optim.SGD([torch.ones(2)], momentum=-1)",
    "optim.SGD([torch.ones(2)], weight_decay=-0.5)",
    "optim.SGD([torch.ones(2)], nesterov=True)",
    "optim.SGD([torch.ones(2)], momentum=0.9, dampening=0.1, nesterov=True)",
    "optim.SGD([torch.ones(2)], fused=True, foreach=True)",
    "optim.SGD([torch.ones(2)], fused=True, differentiable=True)",
    "optim.SGD([torch.ones(2)], betas=(0.9, 0.99))",
    "optim.Adam([torch.ones(2)], lr=-0.1)",
    "optim.Adam([torch.ones(2)], eps=-1)",
    "optim.Adam([torch.ones(2)], betas=(1.0, 0.9))",
    "optim.Adam([torch.ones(2)], betas=(0.9, -0.1))",
    "optim.Adam([torch.ones(2)], betas=(0, 0.9))",
    "optim.Adam([torch.ones(2)], lr=torch.tensor(0.1), foreach=True)",
    "optim.Adam([torch.ones(2)], weight_decay=-1)",
    "optim.RMSprop([torch.ones(2)], alpha=-1)",
    "optim.RMSprop([torch.ones(2)], momentum=-1)",
    "optim.Adagrad([torch.ones(2)], lr_decay=-1)",
    "optim.Adagrad([torch.ones(2)], initial_accumulator_value=-1)",
    "optim.Adadelta([torch.ones(2)], rho=1.5)",
    "optim.NAdam([torch.ones(2)], momentum_decay=-1)",
    "optim.Rprop([torch.ones(2)], etas=(1.5, 1.2))",
    "optim.LBFGS([{'params': [torch.ones(1)]}, {'params': [torch.ones(1)]}])",
    "optim.SGD([('a', torch.ones(2)), torch.ones(1)])",
    "(lambda p: optim.SGD([{'params': [p]}, {'params': [p]}]))(torch.ones(2))",
    "optim.SGD([torch.ones(2)]).add_param_group([torch.ones(1)])",
    "optim.SGD([torch.ones(2)]).add_param_group({'params': ('a', torch.ones(1))})",
    "optim.SGD([torch.ones(2)]).load_state_dict({'state': {}, 'param_groups': []})",
    "optim.SGD([torch.ones(2)]).load_state_dict(optim.SGD([torch.ones(2)] * 2).state_dict())",
    "optim.Optimizer([torch.ones(2)], {'lr': 1}).step()",
    "optim.Optimizer([torch.ones(2)], {})",
    "optim.SGD(('w', w) for w in [torch.ones(2)])",
    "optim.SGD([{'params': torch.ones(2)}, {'params': [torch.ones(1)], 'lr': 3}], lr=0.1)",
]


@pytest.mark.pytorch
@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate")
@pytest.mark.parametrize("code", MISTAKES)
def test_construction_gives_pytorch_s_text_or_error(code):
    assert outcome(code, reference_engine) == outcome(code, torch)


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        (([],), ValueError, "optimizer got an empty parameter list"),
        (([1],), TypeError, "one of the params is int"),
        ((tensor([1.0]),), TypeError, "an iterable of Tensors or dicts, but got torch.FloatTensor"),
        (([leaf() * 2],), ValueError, "can't optimize a non-leaf Tensor"),
        (([leaf()], -1), ValueError, "Invalid learning rate: -1"),
    ],
)
def test_mistakes_have_the_recorded_texts(arguments, kind, text):
    with pytest.raises(kind, match=text):
        optim.SGD(*arguments)


def test_repr_lists_the_options_of_each_group():
    groups = [{"params": leaf(), "lr": 3}, {"params": leaf()}]
    assert repr(optim.RMSprop(groups)) == (
        "RMSprop (\nParameter Group 0\n    alpha: 0.99\n    capturable: False\n"
        "    centered: False\n    differentiable: False\n    eps: 1e-08\n    foreach: None\n"
        "    lr: 3\n    maximize: False\n    momentum: 0\n    weight_decay: 0\n\n"
        "Parameter Group 1\n    alpha: 0.99\n    capturable: False\n    centered: False\n"
        "    differentiable: False\n    eps: 1e-08\n    foreach: None\n    lr: 0.01\n"
        "    maximize: False\n    momentum: 0\n    weight_decay: 0\n)"
    )


def test_a_group_s_own_rate_counts():
    first, second = with_gradient(1.0), with_gradient(1.0)
    optim.SGD([{"params": first, "lr": 0.25}, {"params": [second]}], lr=0.5).step()
    assert (first.item(), second.item()) == (0.5, 0.0)


def test_parameters_without_a_gradient_stay():
    param = leaf()
    optimizer = optim.Adam([param])
    optimizer.step()
    assert param.tolist() == [1.0, 2.0]
    assert not optimizer.state_dict()["state"]


def test_step_returns_what_the_closure_does():
    param = leaf(3.0)
    optimizer = optim.SGD([param], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (param * param).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9.0
    assert param.item() == 0.0


def test_zero_grad_forgets_the_gradients():
    param = with_gradient()
    optim.SGD([param]).zero_grad()
    assert param.grad is None


def test_zero_grad_can_fill_with_zeros_in_place():
    param = with_gradient()
    grad = param.grad
    optim.SGD([param]).zero_grad(set_to_none=False)
    assert param.grad is grad
    assert grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", EVERY)
def test_a_step_keeps_the_leaf_a_leaf(name):
    param = with_gradient()
    getattr(optim, name)([param]).step()
    assert param.is_leaf
    assert param.requires_grad


@pytest.mark.parametrize("name", EVERY)
def test_a_graph_from_before_the_step_is_refused_after_it(name):
    param = leaf()
    loss = (param * param).sum()
    loss.backward(retain_graph=True)
    getattr(optim, name)([param]).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("name", EVERY)
def test_an_observer_sees_each_parameter_written(name):
    class Writes(Observer):
        def __init__(self):
            self.leaves = []

        def leaf_written(self, leaf):
            self.leaves.append(leaf)

    first, second, still = with_gradient(), with_gradient(), leaf()
    optimizer = getattr(optim, name)([first, second, still])
    writes = Writes()
    with observe(writes):
        optimizer.step()
    assert {id(one) for one in writes.leaves} == {id(first), id(second)}


@pytest.mark.parametrize("name", EVERY)
def test_a_loaded_state_goes_on_where_it_was_saved(name):
    def steps(optimizer, param, count):
        for _ in range(count):
            optimizer.zero_grad()
            (param**2).sum().backward()
            optimizer.step()

    straight = leaf()
    steps(getattr(optim, name)([straight], lr=0.1), straight, 6)
    param = leaf()
    first = getattr(optim, name)([param], lr=0.1)
    steps(first, param, 3)
    other = getattr(optim, name)([param], lr=0.7)
    other.load_state_dict(copy.deepcopy(first.state_dict()))
    steps(other, param, 3)
    assert param.tolist() == straight.tolist()


def test_loaded_state_takes_the_parameter_s_dtype_but_the_count():
    param = tensor([1.0], dtype=reference_engine.float64, requires_grad=True)
    source = with_gradient(1.0)
    saving = optim.Adam([source])
    saving.step()
    loading = optim.Adam([param])
    loading.load_state_dict(saving.state_dict())
    state = loading.state[param]
    assert state["exp_avg"].dtype is reference_engine.float64
    assert state["step"].dtype is reference_engine.float32


def test_state_dict_names_parameters_by_number():
    params = [with_gradient(), with_gradient()]
    optimizer = optim.SGD([{"params": params[:1]}, {"params": params[1:]}], momentum=0.9)
    optimizer.step()
    saved = optimizer.state_dict()
    assert [group["params"] for group in saved["param_groups"]] == [[0], [1]]
    assert list(saved["state"]) == [0, 1]


def test_duplicates_are_warned_of():
    param = leaf()
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optim.SGD([param, param])


def test_hooks_see_the_step_and_may_change_its_arguments():
    param = with_gradient()
    optimizer = optim.SGD([param])
    calls = []
    optimizer.register_step_pre_hook(lambda one, args, kwargs: calls.append("before"))
    handle = optimizer.register_step_post_hook(lambda one, args, kwargs: calls.append("after"))
    optimizer.step()
    handle.remove()
    optimizer.step()
    assert calls == ["before", "after", "before"]


def test_a_student_s_own_optimizer_needs_only_step():
    class Descent(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            for group in self.param_groups:
                for param in group["params"]:
                    param.data -= group["lr"] * param.grad

    param = with_gradient(1.0)
    optimizer = Descent([param], lr=0.25)
    optimizer.step()
    optimizer.zero_grad()
    assert param.item() == 0.5


def test_a_differentiable_step_can_be_differentiated():
    rate = tensor(0.1, requires_grad=True)
    param = leaf(3.0).clone()
    param.retain_grad()
    (param * param).sum().backward()
    optim.SGD([param], lr=rate, differentiable=True).step()
    (slope,) = reference_engine.autograd.grad(param.sum(), rate)
    assert slope.item() == -6.0


@pytest.mark.pytorch
@pytest.mark.parametrize("name", ["Adam", "RMSprop", "Adadelta", "NAdam", "Rprop", "ASGD"])
def test_capturable_is_refused_in_pytorch_s_words(name):
    texts = []
    for module in (reference_engine, torch):
        param = module.ones(2, requires_grad=True)
        param.sum().backward()
        with pytest.raises(AssertionError) as caught:
            getattr(module.optim, name)([param], capturable=True).step()
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_an_uncovered_optimizer_says_so():
    with pytest.raises(AttributeError, match=r"torch\.optim\.SparseAdam is not covered"):
        _ = optim.SparseAdam
