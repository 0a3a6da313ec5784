"""Gradients add up in `.grad`: a training loop, one gradient, and a notebook that printed 24.

Holds the reference solutions and the wrong solutions that are met most; it knows no student's code.
"""

import reference_engine as torch
from grader import Assignment, integer, real, tensor

hw = Assignment(
    "accumulation_trap",
    title={
        "en": "The accumulation trap",
        "pt": "A armadilha da acumulação",
        "es": "La trampa de la acumulación",
    },
)


def parameter(w, x):
    return torch.tensor(w, dtype=x.dtype, requires_grad=True)


def backward(x, y, w):
    ((x * w - y) ** 2).sum().backward()


def move(w, change):
    with torch.no_grad():
        w += change


# The inputs keep away from zero and the steps small: the loop then stays stable for every drawn
# length, and each step still changes the gradient by more than the tolerance.
@hw.question(
    points=3,
    inputs={
        "x": tensor("n", low=0.5, high=2.0),
        "y": tensor("n"),
        "w": real(-2.0, 2.0),
        "lr": real(0.003, 0.01),
        "steps": integer(3, 6),
    },
    examples=[
        {
            "x": [0.0, 1.0, 2.0, 3.0],
            "y": [0.0, 2.0, 4.0, 6.0],
            "w": 1.0,
            "lr": 0.01,
            "steps": 3,
        }
    ],
)
def training_gradients(x, y, w, lr, steps):
    """Gradient descent on J = sum((x * w - y)**2): the list of the gradient of every step."""
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        gradients.append(w.grad.clone())
        move(w, -lr * w.grad)
        w.grad.zero_()
    return gradients


@training_gradients.misconception("accumulated_gradient")
def never_zeroed(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        gradients.append(w.grad.clone())
        move(w, -lr * w.grad)
    return gradients


@training_gradients.misconception("backward_twice")
def two_passes_a_step(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        backward(x, y, w)
        gradients.append(w.grad.clone())
        move(w, -lr * w.grad)
        w.grad.zero_()
    return gradients


@training_gradients.misconception("parameters_never_updated")
@training_gradients.misconception("stale_forward")
def no_update(x, y, w, lr, steps):  # noqa: ARG001 - the mistake: lr has no use
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        gradients.append(w.grad.clone())
        w.grad.zero_()
    return gradients


@training_gradients.misconception("zeroed_in_wrong_place")
def zeroed_before_the_update(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        gradients.append(w.grad.clone())
        w.grad.zero_()
        move(w, -lr * w.grad)
    return gradients


@training_gradients.misconception("read_after_zeroing")
def read_after_zeroing(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        move(w, -lr * w.grad)
        w.grad.zero_()
        gradients.append(w.grad.clone())
    return gradients


@training_gradients.misconception("aliased_gradient")
def stored_without_a_copy(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        gradients.append(w.grad)
        move(w, -lr * w.grad)
        w.grad.zero_()
    return gradients


@training_gradients.misconception("aliased_gradient")
def stored_without_a_copy_and_zeroed_first(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        if w.grad is not None:
            w.grad.zero_()
        backward(x, y, w)
        gradients.append(w.grad)
        move(w, -lr * w.grad)
    return gradients


@training_gradients.misconception("aliased_gradient")
@training_gradients.misconception("accumulated_gradient")
def stored_without_a_copy_and_never_zeroed(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        gradients.append(w.grad)
        move(w, -lr * w.grad)
    return gradients


@training_gradients.misconception("ascent_instead_of_descent")
def uphill(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        backward(x, y, w)
        gradients.append(w.grad.clone())
        move(w, lr * w.grad)
        w.grad.zero_()
    return gradients


@training_gradients.misconception("gradient_times_learning_rate")
def steps_in_place_of_gradients(x, y, w, lr, steps):
    w = parameter(w, x)
    changes = []
    for _ in range(steps):
        backward(x, y, w)
        changes.append(lr * w.grad)
        move(w, -lr * w.grad)
        w.grad.zero_()
    return changes


@training_gradients.misconception("loss_used_as_gradient")
def loss_subtracted(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        loss = ((x * w - y) ** 2).sum()
        loss.backward()
        gradients.append(w.grad.clone())
        move(w, -lr * loss.detach())
        w.grad.zero_()
    return gradients


@training_gradients.misconception("mean_instead_of_sum")
def mean_of_the_squares(x, y, w, lr, steps):
    w = parameter(w, x)
    gradients = []
    for _ in range(steps):
        ((x * w - y) ** 2).mean().backward()
        gradients.append(w.grad.clone())
        move(w, -lr * w.grad)
        w.grad.zero_()
    return gradients


@training_gradients.misconception("value_instead_of_gradient")
def losses_in_place_of_gradients(x, y, w, lr, steps):
    losses = []
    for gradient_of_step in training_gradients.reference(x, y, w, lr, steps):
        losses.append(((x * w - y) ** 2).sum())
        w = w - lr * gradient_of_step
    return losses


@training_gradients.misconception("value_instead_of_gradient")
def weights_in_place_of_gradients(x, y, w, lr, steps):
    weights = []
    for gradient_of_step in training_gradients.reference(x, y, w, lr, steps):
        w = w - lr * gradient_of_step
        weights.append(w)
    return weights


@training_gradients.misconception("unreduced_broadcast")
def a_weight_for_every_entry(x, y, w, lr, steps):
    gradients = []
    for _ in range(steps):
        gradients.append(2 * x * (x * w - y))
        w = w - lr * gradients[-1]
    return gradients


@training_gradients.misconception("off_by_one_iteration")
def one_step_too_few(x, y, w, lr, steps):
    return training_gradients.reference(x, y, w, lr, steps - 1)


@training_gradients.misconception("off_by_one_iteration")
def one_step_too_many(x, y, w, lr, steps):
    return training_gradients.reference(x, y, w, lr, steps + 1)


@hw.question(
    points=2,
    inputs={"x": tensor("n", "m", requires_grad=True)},
    examples=[{"x": [[1.0, 1.0], [1.0, 1.0]]}],
)
def gradient(x):
    """The gradient of mean(2 * (x + 2)**2) with respect to x."""
    y = x + 2
    z = y * y * 2
    z.mean().backward()
    return x.grad


@gradient.misconception("value_instead_of_gradient")
def values_of_z(x):
    return 2 * (x + 2) ** 2


hw.choice(
    "cell_runs",
    points=1,
    prompt="The cell printed 24 where one pass gives 3. How many times had it been run?",
    options=["1", "2", "4", "8", "24"],
    answer="8",
)

hw.choice(
    "second_lecture_runs",
    points=1,
    prompt="Another lecture printed -56 where one pass gives -28. How many passes were that?",
    options=["1", "2", "4", "28"],
    answer="2",
)


@hw.question(
    points=2,
    inputs={
        "w": tensor("n", requires_grad=True),
        "k": integer(2, 7),
        "passes": integer(3, 6),
    },
    examples=[{"w": [1.0, 1.0, 1.0, 1.0], "k": 3, "passes": 4}],
)
def passes_and_zeros(w, k, passes):
    """What w.grad is after every pass through sum(k * w), and after the last zeroing."""
    adding, zeroing = [], []
    for _ in range(passes):
        (w * k).sum().backward()
        adding.append(w.grad.clone())
    w.grad.zero_()
    for _ in range(passes):
        (w * k).sum().backward()
        zeroing.append(w.grad.clone())
        w.grad.zero_()
    return {"adding": adding, "zeroing": zeroing, "left": w.grad}
