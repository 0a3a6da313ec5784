"""What a student is told: every sentence of the grader, by id, in English.

Other modules name a message and its parameters; only this one holds text. Parameters may hold a
student's own words: they go in as they are, and whoever prints the sentence makes them safe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

STEPS = ("idea", "place", "rule")
"""How a misconception is explained, one step at a time."""


@dataclass(frozen=True, slots=True)
class Message:
    """The id of a sentence and what goes into it; a parameter may be a message itself."""

    id: str
    parameters: Mapping[str, object] = field(default_factory=dict)


def render(message: Message) -> str:
    """The sentence in English. Raises KeyError for an id that is in no catalogue."""
    words = _Words()
    for name, value in message.parameters.items():
        if value is not None:
            words[name] = render(value) if isinstance(value, Message) else str(value)
    return _template(message.id).format_map(words)


def explains(misconception: str) -> bool:
    """Whether there is a text for the misconception with this id."""
    return misconception in _MISCONCEPTIONS


def explanation(misconception: str, parameters: Mapping[str, object]) -> tuple[Message, ...]:
    """The three steps (idea, place, rule) that explain a misconception."""
    return tuple(Message(f"misconception.{misconception}.{step}", parameters) for step in STEPS)


def _template(identifier: str) -> str:
    if not identifier.startswith("misconception."):
        return _TEMPLATES[identifier]
    _, misconception, step = identifier.split(".")
    return _MISCONCEPTIONS[misconception][STEPS.index(step)]


class _Words(dict[str, str]):
    """What goes into a sentence; where a detail is not known, the sentence still reads well."""

    def __missing__(self, name: str) -> str:
        return _UNKNOWN.get(name, "it")


_UNKNOWN = {
    "where": "your answer",
    "line": "the line that raised",
    "op": "this operation",
    "input": "its input",
    "act": "the activation",
    "k": "several",
    "count": "the number of entries",
    "ratio": "a constant",
    "nearest": "Which names are there?",
    "detail": "at the limit",
    "expected": "something else",
    "found": "what is there",
}

_TEMPLATES = {
    "correct": "Right.",
    "verdict_only": "Not right yet; this question tells no more.",
    "output": "{name}: {inner}",
    "entry": "Entry {entry} (counted from 0): {inner}",
    "declared": "{text}",
    "line": "line {number} (`{source}`)",
    "line_alone": "line {number}",
    "nearest": "Did you mean `{name}`?",
    # What was handed back.
    "returned_none": "The answer is None. Does your function end in a return?",
    "none_instead_of_value": "This is None, but a value is due here.",
    "value_instead_of_none": "Here None is right: nothing should arrive. Found {found}.",
    "entry_missing": "There is no entry named {name} in your answer. Found: {found}.",
    "entries_expected": "Expected a dict with the entries {expected}; found {found}.",
    "wrong_type": "Expected {expected}; found {found}.",
    "tensor_expected": "Expected a torch tensor; found {found}.",
    "wrong_length": "Expected {expected} entries; found {found}.",
    "wrong_shape": "Expected the shape {expected}; found {found}.",
    "non_finite": "There is a NaN or an infinity where a number is due. Found {found}.",
    "wrong_value": "The form is right, the value is not. Found {found}.",
    "state_expected": "The value is right, but {state} should be {expected}; found {found}.",
    "state_found": "The value is right, but {state} is not: found {found}.",
    "side_effect": "The answer is right, but your function changed its argument {argument}. "
    "Work on a copy, so that whoever called it keeps their data.",
    # Choices and texts.
    "not_an_option": "{found} is none of the options. Assign one of these: {expected}.",
    "wrong_option": "{found} is not the right option.",
    "text_waiting": "Your text is there; a person reads and marks it.",
    "text_missing": "No text was assigned to {name}.",
    # What stood in the way.
    "name_missing": "After your code had run from top to bottom, {name} was not defined. "
    "Check the spelling, and that its cell does not depend on a deleted one.",
    "name_missing_because": "{name} was never defined, because something failed before: {inner}",
    "raised": "Your code raised {type}: {text}",
    "raised_at": "Your code raised {type} in line {line}: {text}",
    "memory_error": "Your code asked for more memory than it may use. "
    "Does something grow in every step of a loop?",
    "forbidden": "This one is to be worked out by hand, but your code used {name}. "
    "Write the gradients with NumPy alone.",
    "unsupported": "Your code uses {name}, which cannot be run here. Nothing is lost: these points "
    "wait until your work has been run with the real PyTorch.",
    "timeout": "Your code did not finish in time ({detail}). Does every loop come to its end?",
    "memory": "Your code was stopped because it used too much memory ({detail}). "
    "Does something grow in every step of a loop?",
    "crashed": "Your code brought its Python down ({detail}). Restart and run all cells: "
    "which one is the last to finish?",
    "output_limit": "Your code was stopped because it printed or returned too much ({detail}). "
    "Is there a print in a long loop?",
}

_MISCONCEPTIONS: dict[str, tuple[str, str, str]] = {
    "accumulated_gradient": (
        (
            "`.grad` adds up: yours holds {k} backward passes added together. "
            "What should happen between two passes?"
        ),
        "Look at {where}, and for the backward passes that run before you read it.",
        "Every backward pass adds to `.grad`; clear it before the next one begins.",
    ),
    "activation_derivative_at_input": (
        "{act}'s derivative can be written with its output. Which value did you put in?",
        "Look at the step through the activation on the way to {where}.",
        "Written with the output h, the derivative takes h itself, not the value before it.",
    ),
    "aliased_gradient": (
        "You stored the same tensor every time; it went on changing.",
        "Look at the line that puts a gradient into your list.",
        "`.grad` is one tensor that changes in place: store a copy, such as `.grad.clone()`.",
    ),
    "ascent_instead_of_descent": (
        "Does the loss go down?",
        "Look at the sign in the line that updates the parameter.",
        "The gradient points uphill; descent subtracts it.",
    ),
    "backward_on_non_scalar": (
        "The gradient *of what number*?",
        "Look at what `.backward()` is called on: {line}.",
        "Reduce to a single number first, or pass `gradient=` with the shape of the output.",
    ),
    "backward_twice": (
        "Two backward passes were added together. Was the second one meant?",
        "Count the calls of `.backward()` on the way to {where}.",
        "One gradient needs one backward pass; another one adds to `.grad`.",
    ),
    "broadcast_loss": (
        "What shape has the difference?",
        "Look at the shapes on both sides of the subtraction.",
        "(N, 1) minus (N,) is (N, N): give both sides one shape before you subtract.",
    ),
    "cotangent_ignored": (
        "What does `backward(v)` do with `v`?",
        "Look at where the upstream gradient enters the computation of {where}.",
        "Every local derivative is multiplied by the gradient that arrives from above.",
    ),
    "detach_not_assigned": (
        "`detach()` returns a new tensor. Which one did you go on with?",
        "Look at the line that calls `.detach()`: who receives its result?",
        "Use what `.detach()` returns; the tensor it was called on stays tracked.",
    ),
    "detached_wrong_branch": (
        "Follow the gradient backwards: where must it stop, where must it arrive?",
        "Look at {where}, and at which value was detached.",
        "Detach the value whose history is to be frozen, and nothing on the way to the rest.",
    ),
    "double_counted_path": (
        "How often is each node visited?",
        "Look at the values that are used more than once on the way to {where}.",
        "A node passes its gradient on once, after all its contributions were summed.",
    ),
    "everything_frozen": (
        "Follow the gradient backwards: does it arrive anywhere?",
        "Look at {where}, and at how far tracking is switched off.",
        "Only what is to be frozen is computed without tracking; the rest needs its graph.",
    ),
    "gradient_of_wrong_input": (
        "With respect to what did you differentiate?",
        "Look at {where}: it equals the gradient of another input.",
        "Name the one value that moves, and hold all others still.",
    ),
    "gradient_times_learning_rate": (
        "Is this the gradient, or the step?",
        "Look at what you store as {where}.",
        "The gradient does not know the learning rate; only the update multiplies by it.",
    ),
    "grad_of_non_leaf": (
        "Which tensors keep their `.grad`, and from when on?",
        "In {line}, `.grad` is None.",
        (
            "`.grad` is filled by a backward pass, and for leaves only: a tensor that you computed "
            "keeps none unless it was asked to with `retain_grad()`."
        ),
    ),
    "graph_freed": (
        "The graph of the last forward pass is gone. What makes a new one?",
        "Look at the second backward pass: {line}.",
        "Run the forward pass again before each backward pass.",
    ),
    "hard_coded": (
        "The same numbers for different inputs: where do yours come from?",
        "Look at {where}: does it use the function's arguments?",
        "Compute the answer from the arguments, not from a value outside the function.",
    ),
    "integer_requires_grad": (
        "Can an integer move by a small step?",
        "Look at how the tensor is made: {line}.",
        "Only floating-point tensors can require gradients: write 1. instead of 1.",
    ),
    "loss_used_as_gradient": (
        "What does the update subtract?",
        "Look at the line that updates the parameter.",
        "The update subtracts the gradient of the loss, not the loss.",
    ),
    "mean_instead_of_sum": (
        "Over how many numbers does the loss average? Should it?",
        "Look at {where}: it is divided by {count}.",
        "A sum has no 1/N in its gradient; a mean does.",
    ),
    "missing_activation_derivative": (
        "The gradient passed {act} as if it were not there.",
        "Look at the step through the activation on the way to {where}.",
        "The gradient is multiplied by the activation's own derivative on its way back.",
    ),
    "missing_chain_factor": (
        (
            "At {op} only the upstream gradient arrived. "
            "How much does its output change when {input} moves?"
        ),
        "Look at {where}, and at the operation that it is an input of.",
        "Upstream gradient times local derivative: both are needed at every step.",
    ),
    "missing_factor": (
        (
            "Your numbers are {ratio} of what they should be. What is the derivative of {op} by "
            "itself? Try one number."
        ),
        "Look at {where}, the first place where the constant is not right.",
        "A constant factor of the derivative stays in the gradient.",
    ),
    "missing_transpose": (
        (
            "A gradient has its parameter's shape: yours is {found}, the parameter is {expected}. "
            "Which product gives that?"
        ),
        "Look at the matrix product that gives {where}.",
        "The gradient of a product takes the other factor transposed.",
    ),
    "mutated_input": (
        "Your function changed its argument {argument}. Does its caller expect that?",
        "Look for `+=`, `[...] =` and functions ending in `_` that act on {argument}.",
        "Write to a copy, or make a new value: `x = x - 1` instead of `x -= 1`.",
    ),
    "name_before_definition": (
        "It worked because an earlier run had defined it.",
        "In {line}, `{name}` is not there yet.",
        "Restart the kernel and run all cells: what a cell needs must stand above it.",
    ),
    "no_grad_around_loss": (
        "Under `no_grad` nothing is recorded. What has to be?",
        "Look at what stands inside the `with torch.no_grad():` block.",
        "Forward pass and loss stay outside of `no_grad`; only the update goes inside.",
    ),
    "not_frozen": (
        "Follow the gradient backwards: where must it stop?",
        "Look at {where}: a gradient arrived where none should.",
        "Cut the graph with `.detach()`, or compute what is frozen under `no_grad`.",
    ),
    "off_by_one_iteration": (
        "When exactly does the loop stop?",
        "Look at the first and last round of the loop that gives {where}.",
        "Count the rounds by hand for a very small case.",
    ),
    "overwritten_gradient": (
        "A value used twice receives the sum of both paths.",
        "Look at {where}: only one contribution is in it.",
        "Add each path's contribution to what is already there.",
    ),
    "parameters_never_updated": (
        "The parameter is the same in every step. What should change it?",
        "Look at the line that updates the parameter: which tensor does it change?",
        "Each step begins with the parameter that the step before has left.",
    ),
    "read_after_zeroing": (
        "You read the gradient after erasing it.",
        "Look at the order of zeroing and reading on the way to {where}.",
        "Read, or copy, the gradient first; then clear it.",
    ),
    "reduced_all_axes": (
        "Over which axis was it broadcast?",
        "Look at the sum that gives {where}.",
        "Sum over the axes along which the value was repeated, and no others.",
    ),
    "requires_grad_lost": (
        "What was switched off when this new tensor was made?",
        "Look at the update: it binds the name to a new tensor that is not tracked.",
        "Update in place, so that the parameter stays the leaf it was.",
    ),
    "requires_grad_missing": (
        "Nothing upstream asked to be tracked.",
        "Follow the loss back from {line}: which tensor should require a gradient?",
        "Some leaf needs `requires_grad=True`, and no `no_grad`, `detach` or `item` in between.",
    ),
    "returned_nothing": (
        "Printing is not returning: your function hands back None.",
        "Look at the last line of the function.",
        "A value leaves a function by `return`.",
    ),
    "saved_tensor_modified": (
        "Backward needs the old value of what was changed.",
        "Look for an in-place change (`+=`, `[...] =`, a name ending in `_`) before {line}.",
        "Make a new tensor instead of changing one that the graph has saved.",
    ),
    "stale_forward": (
        "From which forward pass is this value?",
        "Look at which values in {where} are computed anew in every step.",
        "After every update, the forward pass is run again.",
    ),
    "state_between_calls": (
        "Something remembers the first call.",
        "The second call with the same arguments gives another answer in {where}.",
        "Make what a function needs inside of it, new in every call.",
    ),
    "sum_instead_of_mean": (
        "Over how many numbers does the loss average?",
        "Look at {where}: a division by {count} is missing.",
        "A mean has 1/N in its gradient; a sum does not.",
    ),
    "unknown_name": (
        "There is no `{name}` here. {nearest}",
        "Look at {line}.",
        "Names change between versions: ask `dir(x)` or the documentation of yours.",
    ),
    "unreduced_broadcast": (
        "What was broadcast forward must be gathered backward.",
        "Look at {where}: its shape is {found}, that of its parameter {expected}.",
        "Sum the gradient over the axes along which the value was repeated.",
    ),
    "update_made_non_leaf": (
        "After the update, your parameter is the result of an operation. Who keeps a `.grad`?",
        "Look at the line that updates the parameter.",
        "Update in place under `no_grad`, so that the parameter stays a leaf.",
    ),
    "update_without_no_grad": (
        "Should the update itself be part of the graph?",
        "Look at the update: {line}.",
        "Wrap the update, and only it, in `with torch.no_grad():`.",
    ),
    "updated_before_gradient": (
        "Which values did the forward pass use?",
        "Look at the order of gradients and updates.",
        "Compute all gradients first, then update all parameters.",
    ),
    "value_instead_of_gradient": (
        "This is a value. How does it change when its input moves?",
        "Look at {where}: it equals something from the forward pass.",
        "A gradient tells how fast the value changes, not what it is.",
    ),
    "wrong_sign": (
        "If {input} grows a little, does the loss grow?",
        "Look at {where}, the first place with the wrong sign.",
        "The derivative of a - b is 1 with respect to a, and -1 with respect to b.",
    ),
    "zeroed_in_wrong_place": (
        "Zero, backward, step: what is in `.grad` when it is used?",
        "Look at where in the loop the gradient is cleared.",
        "Clear it once in every round: before backward, or after the step.",
    ),
    "zeroed_instead_of_frozen": (
        "A zero gradient is not a frozen parameter.",
        "Look at {where}: it holds zeros where no gradient should be at all.",
        "What is frozen has no gradient: it is not part of the graph.",
    ),
}
