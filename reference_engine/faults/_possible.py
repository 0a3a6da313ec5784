"""The mistakes that each place of a computation invites."""

from collections.abc import Callable, Iterator, Sequence
from math import prod

import numpy as np

from reference_engine._dispatch import observe
from reference_engine.faults._fault import SIZE, SYMBOLS, Fault, Site, is_size
from reference_engine.faults._otherwise import SIZES
from reference_engine.faults._survey import Input, Seen, Survey
from reference_engine.faults._wrong_formulas import WRONG_FORMULAS, WRONG_PRODUCTS


def enumerate_faults(run: Callable[[], object]) -> tuple[Fault, ...]:
    """The faults that a true run of a computation makes possible, in the order of their places.

    `run` computes everything anew whenever it is called.
    """
    survey = Survey()
    with observe(survey):
        run()
    sites = survey.sites if survey.passes else survey.valued
    faults_of = _faults_of if survey.passes else _faults_of_values
    found = [fault for site, seen in sites.items() for fault in faults_of(site, seen, survey.sizes)]
    return tuple(dict.fromkeys([*found, *_of_shapes(survey), *_events(survey)]))


def _faults_of_values(site: Site, seen: Seen, sizes: Sequence[int]) -> Iterator[Fault]:
    """What can be wrong with an operation's value, where no gradient is taken of it."""
    operation = SYMBOLS.get(seen.row.name, seen.row.name)

    def fault(identifier: str, change: str, amount: float | str = 0.0) -> Fault:
        return Fault(identifier, change, site, 0, amount, operation)

    yield from _of_values(seen, fault)
    for one in seen.inputs[:1]:
        for made in _of_averages(seen, one, sizes, fault):
            if made.change == "averaged_otherwise_value":
                yield made
    if seen.row.name in ("sub", "neg"):
        yield fault("wrong_sign", "negated")


ACTIVATIONS = frozenset({
    "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "elu", "gelu", "silu", "log_sigmoid",
    "softmax", "log_softmax", "hardtanh", "relu6",
})  # fmt: skip
_PRODUCTS = frozenset({"mm", "mv", "bmm", "linear_addmm", "addmm"})
_REDUCTIONS = frozenset({"sum", "sum_dim", "mean", "mean_dim"})
_INDEXING = frozenset({"index", "basic_index", "select", "gather", "nll_loss", "index_select"})
_NO_DERIVATIVE = frozenset({"clone", "copy", "to_copy", "contiguous"})


def _faults_of(site: Site, seen: Seen, sizes: Sequence[int]) -> Iterator[Fault]:
    for one in seen.inputs:

        def fault(
            identifier: str, change: str, amount: float | str = 0.0, *, one: Input = one,
        ) -> Fault:  # fmt: skip
            if identifier == "missing_factor" and len(seen.numbers) == 1:
                amount = seen.numbers[0]
            operation = SYMBOLS.get(seen.row.name, seen.row.name)
            return Fault(identifier, change, site, one.position, amount, operation, one.name)

        yield from _of_paths(seen, one, fault)
        if seen.row.is_view or seen.row.name in _NO_DERIVATIVE:
            continue
        yield from _of_derivatives(seen, one, fault)
        yield from _of_broadcasting(seen, one, fault)
        yield from _of_averages(seen, one, sizes, fault)
        yield from _of_classes(seen, one, fault)
        yield from _of_values(seen, fault)
        if any(is_size(seen.row, number, sizes) for number in seen.numbers):
            yield fault("sum_instead_of_mean", "dropped", SIZE)
            yield fault("sum_instead_of_mean", "left_out", SIZE)


def _of_paths(seen: Seen, one: Input, fault: Callable[..., Fault]) -> Iterator[Fault]:
    if one.shared:
        yield fault("overwritten_gradient", "cut")
        yield fault("double_counted_path", "scaled", 2.0)
        if seen.times > 1:
            yield fault("overwritten_gradient", "overwritten")
            yield fault("overwritten_gradient", "overwritten_backwards")
    else:
        yield fault("detached_wrong_branch", "cut")


def _of_derivatives(seen: Seen, one: Input, fault: Callable[..., Fault]) -> Iterator[Fault]:
    row = seen.row
    shape = seen.result
    if _is_elementwise(seen, one):
        if seen.weights:
            yield fault("cotangent_ignored", "dropped")
        elif row.name in ACTIVATIONS:
            yield fault("missing_activation_derivative", "dropped")
        elif seen.numbers or row.name in {"div_number", "pow_of_number"}:
            yield fault("missing_factor", "dropped")
        else:
            yield fault("missing_chain_factor", "dropped")
        wrong = WRONG_FORMULAS.get((row.name, one.argument), ())
        if row.name in {"mul", "div", "pow_number"} | ACTIVATIONS:
            yield fault("cotangent_ignored", "nothing_arrives")
        if row.name == "mul" and seen.numbers:
            wrong = ()  # a number is no other input
        for number, (identifier, _) in enumerate(wrong):
            yield fault(identifier, "formula", float(number))
    yield fault("wrong_sign", "scaled", -1.0)
    if seen.exponent not in (None, 0.0, 1.0, -1.0):
        yield fault("missing_factor", "exponent_lost")
    if row.name in _PRODUCTS and len(one.shape) == 2 and len(shape) > 0:
        yield fault("missing_transpose", "transposed")
        if row.name == "mm":
            yield fault("missing_transpose", "reshaped")


def _is_elementwise(seen: Seen, one: Input) -> bool:
    if seen.row.name in _PRODUCTS or seen.row.name in _REDUCTIONS:
        return False
    try:
        return np.broadcast_shapes(one.shape, seen.result) == seen.result
    except ValueError:
        return False


def _of_broadcasting(seen: Seen, one: Input, fault: Callable[..., Fault]) -> Iterator[Fault]:
    broadcast = _is_elementwise(seen, one) or one.argument == "bias"
    if not broadcast or prod(one.shape) >= prod(seen.result):
        return
    yield fault("unreduced_broadcast", "not_summed")
    yield fault("mean_instead_of_sum", "averaged")
    if prod(one.shape) > 1:
        yield fault("reduced_all_axes", "summed_up")


def _of_averages(
    seen: Seen, one: Input, sizes: Sequence[int], fault: Callable[..., Fault]
) -> Iterator[Fault]:
    """A reduction that loses or gains its 1/n: over everything, one axis, or another size."""
    if seen.row.name not in _REDUCTIONS and "reduction" not in seen.row.options:
        return
    averages = seen.row.name.startswith("mean") or seen.averages
    factors: dict[str, str] = {
        "count" if averages else "1/count": "sum_instead_of_mean"
        if averages
        else "mean_instead_of_sum"
    }
    if len(one.shape) > 1:
        for axis in range(len(one.shape)):
            name = "mean_over_batch_only" if axis == 0 else "mean_over_classes"
            factors[f"count/axis {axis}" if averages else f"1/axis {axis}"] = name
    for number, size in enumerate(sizes):
        if size not in one.shape and size > 1:
            factors[f"1/size {number}"] = "mean_over_classes"
    if seen.row.name == "mean_dim":
        yield fault("missing_factor", "averaged_otherwise_value", "one less")
    for factor, identifier in factors.items():
        yield fault(identifier, "averaged_otherwise", factor)
        yield fault(identifier, "averaged_otherwise_value", factor)
    if len(one.shape) > 0:
        yield fault("overwritten_gradient", "last_only")


def _of_classes(seen: Seen, one: Input, fault: Callable[..., Fault]) -> Iterator[Fault]:
    """The wrong class of every row: the next, the most probable, each that any row has."""
    if seen.row.name in _INDEXING and len(one.shape) == 2 and min(one.shape) > 1:
        yield fault("label_off_by_one", "next_class")
        yield fault("prediction_used_as_target", "largest_class")
        yield fault("wrong_row_indexing", "every_row")
    if seen.along_last:
        wrong = WRONG_PRODUCTS.get((seen.row.name, one.argument), ())
        for number, (identifier, _) in enumerate(wrong):
            yield fault(identifier, "product", float(number))


def _of_values(seen: Seen, fault: Callable[..., Fault]) -> Iterator[Fault]:
    """Another value in the forward pass, whose derivative follows it."""
    name = seen.row.name
    scaled = (name in ("mul", "div") and seen.numbers) or name == "div_number"
    if scaled and not {1.0, -1.0}.intersection(seen.numbers):
        yield fault("missing_factor", "left_out")
    if seen.along_last and len(seen.result) == 2:
        yield fault("softmax_applied_twice", "twice")
    if name == "where":
        yield fault("wrong_relu_mask", "branches_exchanged")


def _of_shapes(survey: Survey) -> Iterator[Fault]:
    """Values that go another way: over another axis, on every pair, not copied, measured wrong."""
    for axis, name in survey.axes.items():
        operation = SYMBOLS.get(name, name)
        yield Fault("wrong_axis", "axis", amount=1 - axis, operation=operation)
        yield Fault("reduced_all_axes", "axis", amount="all", operation=operation)
    for site in survey.pairs:
        yield Fault("broadcast_loss", "every_pair", site, operation="-")
    for site in survey.needed_copies:
        yield Fault("aliased_gradient", "not_copied", site, operation="clone")
    if False in survey.truths:
        places = tuple(survey.looked_at)
        for size in SIZES if places else ():
            yield Fault("wrong_stopping_rule", "other_size", places, amount=size)


_FIXED_ROUNDS = 10
"""A loop that looks at no data is tried with up to so many rounds."""


def _events(survey: Survey) -> Iterator[Fault]:
    """Faults of gradients kept, cleared, read and used, rather than of an operation."""
    if survey.cotangents:
        yield Fault("cotangent_ignored", "cotangent_ones")
        yield Fault("cotangent_normalised", "cotangent_normalised")
    if survey.unrecorded:
        yield Fault("not_frozen", "no_grad_ignored")
    if True in survey.truths and False in survey.truths:
        yield Fault("off_by_one_iteration", "other_truth", amount="last")
        yield Fault("off_by_one_iteration", "other_truth", amount="end")
        for rounds in range(_FIXED_ROUNDS + 1):
            yield Fault("wrong_stopping_rule", "fixed_rounds", amount=rounds)
    for site in survey.scaled:
        yield Fault("gradient_times_learning_rate", "scaled_again", site, operation="*")
    if survey.passes:
        for k in (2, 3):
            yield Fault("accumulated_gradient", "passes", amount=k)
    if survey.passes > 1 and survey.written:
        yield Fault("stale_forward", "former_values")
    for change, identifier, numbers in (
        ("not_zeroed", "accumulated_gradient", survey.zeroed),
        ("zeroed_before_read", "read_after_zeroing", survey.read if survey.zeroed else []),
        ("not_updated", "parameters_never_updated", survey.written),
        ("not_updated", "zeroed_in_wrong_place", survey.written if survey.zeroed else []),
        ("reversed_update", "ascent_instead_of_descent", survey.written),
        ("loss_subtracted", "loss_used_as_gradient", survey.written if survey.single_loss else []),
    ):
        if numbers:
            yield Fault(identifier, change, amount=-1)
        if len(numbers) > 1:
            for number in numbers:
                yield Fault(identifier, change, amount=number)
    for site in survey.zeroed_at if len(survey.zeroed_at) > 1 else ():
        yield Fault("accumulated_gradient", "not_zeroed_here", site)
    for site in survey.detached_at:
        yield Fault("not_frozen", "attached", site, operation="detach")
    for one in survey.read:
        for other in survey.read:
            if one != other:
                yield Fault("gradient_of_wrong_input", "read_of_another", (one, other))
