"""Stopping the gradient: frozen features, three ways not to be tracked, an update by hand.

Holds the reference solutions and the wrong solutions that are met most; it knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, real, tensor

hw = Assignment(
    "no_grad_detach",
    title={
        "en": "Stopping the gradient",
        "pt": "Interrompendo o gradiente",
        "es": "Detener el gradiente",
    },
)


@hw.question(
    points=4,
    inputs={
        "x": tensor("n", "d"),
        "W": tensor("d", "h", requires_grad=True),
        "v": tensor("h", requires_grad=True),
    },
    unasked=dict.fromkeys(("@ W", "tanh"), "no gradient may reach what is frozen"),
)
def freeze_features(x, W, v):
    """The gradients of mean((tanh(x @ W) @ v)**2), the features tanh(x @ W) frozen."""
    features = torch.tanh(x @ W).detach()
    ((features @ v) ** 2).mean().backward()
    return {"W": W.grad, "v": v.grad}


@freeze_features.misconception("not_frozen")
@freeze_features.misconception("detach_not_assigned")
def features_still_attached(x, W, v):
    features = torch.tanh(x @ W)
    ((features @ v) ** 2).mean().backward()
    return {"W": W.grad, "v": v.grad}


@freeze_features.misconception("detached_wrong_branch")
def weights_of_the_head_detached(x, W, v):
    features = torch.tanh(x @ W)
    ((features @ v.detach()) ** 2).mean().backward()
    return {"W": W.grad, "v": v.grad}


@freeze_features.misconception("everything_frozen")
def nothing_tracked(x, W, v):
    with torch.no_grad():
        ((torch.tanh(x @ W) @ v) ** 2).mean()
    return {"W": W.grad, "v": v.grad}


@freeze_features.misconception("zeroed_instead_of_frozen")
def gradient_erased_afterwards(x, W, v):
    features = torch.tanh(x @ W)
    ((features @ v) ** 2).mean().backward()
    W.grad.zero_()
    return {"W": W.grad, "v": v.grad}


@hw.question(
    points=4,
    inputs={"x": tensor("n", requires_grad=True)},
    compare=("value", "shape", "requires_grad"),
)
def three_ways(x):
    """2 * x four times: tracked, and out of the graph in three ways."""
    tracked = 2 * x
    detached = 2 * x.detach()
    with torch.no_grad():
        no_grad = 2 * x
    x.requires_grad_(False)
    return {
        "tracked": tracked,
        "detached": detached,
        "no_grad": no_grad,
        "switched_off": 2 * x,
    }


@three_ways.misconception("detach_not_assigned")
def detach_on_its_own_line(x):
    tracked = 2 * x
    x.detach()
    detached = 2 * x
    with torch.no_grad():
        no_grad = 2 * x
    x.requires_grad_(False)
    return {
        "tracked": tracked,
        "detached": detached,
        "no_grad": no_grad,
        "switched_off": 2 * x,
    }


@three_ways.misconception("everything_frozen")
def switched_off_first(x):
    x.requires_grad_(False)
    return {"tracked": 2 * x, "detached": 2 * x, "no_grad": 2 * x, "switched_off": 2 * x}


@hw.question(
    points=2,
    inputs={"w": tensor("n", requires_grad=True), "lr": real(0.05, 0.2)},
    compare=("value", "shape", "requires_grad", "is_leaf"),
    side_effects="allowed",
)
def sgd_step(w, lr):
    """The parameter w after one step of gradient descent on sum(w**2), still a parameter."""
    (w**2).sum().backward()
    with torch.no_grad():
        w -= lr * w.grad
    return w


@sgd_step.misconception("update_made_non_leaf")
def new_tensor_in_the_graph(w, lr):
    (w**2).sum().backward()
    return w - lr * w.grad


@sgd_step.misconception("requires_grad_lost")
def new_tensor_outside_the_graph(w, lr):
    (w**2).sum().backward()
    with torch.no_grad():
        return w - lr * w.grad


@sgd_step.misconception("ascent_instead_of_descent")
def step_uphill(w, lr):
    (w**2).sum().backward()
    with torch.no_grad():
        w += lr * w.grad
    return w


@hw.question(points=2, inputs={"x": tensor("n", requires_grad=True)})
def through_data(x):
    """The gradients of sum(x * x**2) and of sum(x.data * x**2) with respect to x."""
    (tracked,) = torch.autograd.grad((x * x**2).sum(), x)
    (hidden,) = torch.autograd.grad((x.data * x**2).sum(), x)
    return {"tracked": tracked, "hidden": hidden}


@through_data.misconception("accumulated_gradient")
def hidden_added_to_the_tracked(x):
    x = x.detach()
    return {"tracked": 3 * x**2, "hidden": 5 * x**2}


@through_data.misconception("aliased_gradient")
@through_data.misconception("detached_by_data")
def hidden_twice(x):
    x = x.detach()
    return {"tracked": 2 * x**2, "hidden": 2 * x**2}


hw.choice(
    "unassigned_detach",
    points=1,
    prompt="After h.detach() on a line of its own, h is ...",
    options=["tracked", "detached"],
    answer="tracked",
)
