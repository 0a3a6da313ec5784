"""PyTorch's own database of operations, run on PyTorch and on the engine, and compared.

An operation of the database agrees where all its samples do: in values, dtypes, names of nodes,
gradients for random cotangents of both signs and, where PyTorch has them, second derivatives.
`python -m tests.reference_engine.op_db [record | NAME ...]` records a part of it, or compares.
"""

import json
import random
import sys
import warnings
from pathlib import Path

import numpy as np

import reference_engine

MOST_SAMPLES = 24
RTOL, ATOL = 1e-10, 1e-12
DATA = Path(__file__).parent / "data" / "op_db.json"
OPERATIONS = (Path(__file__).parent / "data" / "operations.txt").read_text().split()
"""The operations that PyTorch has and that the engine is measured by, by the database's names."""

DRAWS = "draws numbers; test_random compares the streams"
UNSET = "gives memory as it finds it"
EMPTY = "batches of no matrices are not covered"
BASIS = "eigenvectors and singular vectors are unique but for their signs"
CHUNKS = "losses in chunks are not covered"
COMPOSED = "several operations in the place of one: its node has not PyTorch's name"
EXCLUDED = {
    "fill": "its node has the name of the writing in place",
    "nn.functional.grid_sample": COMPOSED,
    "linalg.lstsq": COMPOSED,
    "linalg.lstsq.grad_oriented": COMPOSED,
    "nn.functional.multi_head_attention_forward": DRAWS,
    "randn": DRAWS,
    "randn_like": DRAWS,
    "rand_like": DRAWS,
    "randint": DRAWS,
    "randint_like": DRAWS,
    "normal": DRAWS,
    "normal.in_place": DRAWS,
    "normal.number_mean": DRAWS,
    "bernoulli": DRAWS,
    "multinomial": DRAWS,
    "nn.functional.dropout": DRAWS,
    "empty": UNSET,
    "empty_like": UNSET,
    "empty_strided": UNSET,
    "new_empty": UNSET,
    "as_strided.partial_views": "wants views of storage beyond the tensor",
    "nn.functional.dropout2d": DRAWS,
    "nn.functional.dropout3d": DRAWS,
    "nn.functional.rrelu": DRAWS,
    "nn.functional.alpha_dropout": DRAWS,
    "nn.functional.feature_alpha_dropout.with_train": DRAWS,
    "sum_to_size": "a tensor that has the size already gets no node",
    "unique_consecutive": "empty tensors are not covered",
    "logcumsumexp": "PyTorch's second derivative is not that of its first; central differences are",
    "nn.functional.ctc_loss": "PyTorch has no second derivative of it, and raises",
    "norm.nuc": "the nuclear norm is not covered",
    "to": "memory formats are not covered",
    "double": "memory formats are not covered",
    "svd": BASIS,
    "linalg.svd": BASIS,
    "linalg.eigh": BASIS,
    "linalg.pinv.hermitian": BASIS,
    "linalg.eigvalsh": "the second derivative comes out unsymmetrical",
    "linalg.matrix_rank": "the tolerances atol and rtol are not covered",
    "linalg.pinv.singular": EMPTY,
    "cholesky": EMPTY,
    "cholesky_inverse": EMPTY,
    "cholesky_solve": EMPTY,
    "qr": EMPTY,
    "pinverse": EMPTY,
    "linalg.cholesky": EMPTY,
    "linalg.cholesky_ex": EMPTY,
    "linalg.matrix_power": EMPTY,
    "linalg.qr": EMPTY,
    "linalg.inv": EMPTY,
    "linalg.inv_ex": EMPTY,
    "linalg.solve": EMPTY,
    "linalg.solve_ex": EMPTY,
    "linalg.svdvals": EMPTY,
    "linalg.tensorinv": "the graph has a view in the place of a reshaped alias",
    "as_strided_scatter": "no gradient for an input written over whole",
    "quantile": "several quantiles of a 0-d tensor give q no gradient",
    "nanquantile": "several quantiles of a 0-d tensor give q no gradient",
    "einsum": "operands in a list are not covered",
    "cdist": "distances by products of matrices, for many rows, are not covered",
    "nn.functional.batch_norm": "an empty batch has another graph",
    "nn.functional.embedding": "a single index, of no dimension, is not covered",
    "nn.functional.linear_cross_entropy.chunked": CHUNKS,
    "nn.functional.linear_cross_entropy.chunked_none": CHUNKS,
    "nn.functional.local_response_norm": "an empty batch has another graph",
    "nn.functional.triplet_margin_with_distance_loss": "the samples call modules of PyTorch's own",
}
"""Entries that the engine has but that do not agree, or not in all they do, and why."""

ONCE = {"nn.functional.scaled_dot_product_attention"}
"""Entries that PyTorch itself cannot differentiate twice, though the database says so."""

CALLS = {
    "where": lambda a, condition, b: reference_engine.where(condition, a, b),
    "nn.functional.embedding_bag": lambda weight, index, **options: (
        reference_engine.nn.functional.embedding_bag(index, weight, **options)
    ),
    "zero_": lambda a: a.clone().zero_(),
}
"""Operations that the database calls in another way than their names say."""


def database():
    """The entries of PyTorch's database for float64, by name and variant."""
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    entries = [one for one in op_db if torch.float64 in one.dtypes]
    return {title(one): one for one in entries if counterpart(one.name) is not None}


def title(entry):
    return f"{entry.name}.{entry.variant_test_name}" if entry.variant_test_name else entry.name


def counterpart(name):
    """The engine's function, or else method, of a name; None where it has neither."""
    if name in CALLS:
        return CALLS[name]
    found = reference_engine
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            found = None
            break
    if callable(found):
        return found
    found = getattr(reference_engine.Tensor, name, None)
    return found.fget if isinstance(found, property) else found


def samples(entry):
    """Evenly chosen samples of an entry, the same in every run; none that drops at random."""
    import torch

    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - the database draws from all three
    random.seed(0)
    found = [
        one
        for one in entry.sample_inputs("cpu", torch.float64, requires_grad=entry.supports_autograd)
        if not one.kwargs.get("dropout_p")
    ]
    step = -(-len(found) // MOST_SAMPLES) or 1
    return found[::step]


class Translation:
    """The engine's arguments for PyTorch's: equal leaves for leaves, kept in pairs."""

    def __init__(self):
        self.pairs = []

    def both(self, value):
        """PyTorch's and the engine's value of an argument."""
        import torch

        if isinstance(value, torch.Tensor):
            theirs = value.detach().clone().requires_grad_(value.requires_grad)
            mine = reference_engine.tensor(
                value.detach().numpy().copy(), requires_grad=value.requires_grad
            )
            if value.requires_grad:
                self.pairs.append((theirs, mine))
            return theirs, mine
        if isinstance(value, torch.dtype):
            return value, getattr(reference_engine, str(value).removeprefix("torch."))
        if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
            found = [self.both(one) for one in value]
            return tuple(type(value)(one[side] for one in found) for side in (0, 1))
        if isinstance(value, dict):
            found = {name: self.both(one) for name, one in value.items()}
            return tuple({name: one[side] for name, one in found.items()} for side in (0, 1))
        return value, tuple(value) if isinstance(value, torch.Size) else value


def tensors_in(value, kind):
    if isinstance(value, kind):
        return [value]
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in tensors_in(part, kind)]
    return []


def array(value):
    value = value.detach()
    return np.asarray(
        value.numpy() if isinstance(value, reference_engine.Tensor) else value.numpy(force=True)
    )


def same_array(mine, theirs, what, rtol=RTOL):
    ours, expected = array(mine), array(theirs)
    assert ours.dtype == expected.dtype, f"{what}: dtype {ours.dtype}, not {expected.dtype}"
    assert ours.shape == expected.shape, f"{what}: shape {ours.shape}, not {expected.shape}"
    np.testing.assert_allclose(ours, expected, rtol=rtol, atol=ATOL, err_msg=what)


def node_name(tensor):
    return None if tensor.grad_fn is None else tensor.grad_fn.name()


def compare(entry, sample, *, twice):
    """Run one sample on both; raises AssertionError where they differ."""
    import torch

    arguments = Translation()
    theirs, mine = arguments.both((sample.input, *sample.args))
    their_options, my_options = arguments.both(dict(sample.kwargs))
    expected = entry.op(*theirs, **their_options)
    found = counterpart(entry.name)(*mine, **my_options)
    if not isinstance(expected, (torch.Tensor, tuple, list)):
        assert found == expected
        return
    results = tensors_in(found, reference_engine.Tensor)
    targets = tensors_in(expected, torch.Tensor)
    assert len(results) == len(targets), f"{len(results)} results, not {len(targets)}"
    for one, target in zip(results, targets, strict=True):
        same_array(one, target, "value")
        assert node_name(one) == node_name(target), f"{node_name(one)}, not {node_name(target)}"
    if not any(one.requires_grad for one in targets):
        return
    compare_gradients(results, targets, arguments.pairs, twice=twice)


def compare_gradients(results, targets, pairs, *, twice):
    import torch

    generator = np.random.default_rng(0)

    def weights(tensors):
        return [generator.standard_normal(tuple(one.shape)) for one in tensors]

    def pulled(module, side, outputs, cotangents, **options):
        return module.autograd.grad(
            outputs, [pair[side] for pair in pairs], [module.tensor(one) for one in cotangents],
            allow_unused=True, **options,
        )  # fmt: skip

    following = [place for place, one in enumerate(targets) if one.requires_grad]
    targets = [targets[place] for place in following]
    results = [results[place] for place in following]
    cotangents = weights(targets)
    expected = pulled(torch, 0, targets, cotangents, create_graph=twice)
    found = pulled(reference_engine, 1, results, cotangents, create_graph=twice)
    same_gradients(found, expected, "gradient")
    followed = [
        place for place, one in enumerate(expected) if one is not None and one.requires_grad
    ]
    if not twice or not followed:
        return
    targets = [expected[place] for place in followed]
    results = [found[place] for place in followed]
    cotangents = weights(targets)
    expected = pulled(torch, 0, targets, cotangents, materialize_grads=True)
    # a gradient that does not depend on the inputs at all has the second derivative 0
    followed = [place for place, one in enumerate(results) if one.requires_grad]
    if followed:
        results, cotangents = zip(*[(results[at], cotangents[at]) for at in followed], strict=True)
        found = pulled(reference_engine, 1, results, cotangents, materialize_grads=True)
    else:
        found = [reference_engine.zeros_like(mine) for _, mine in pairs]
    same_gradients(found, expected, "second derivative", rtol=1e-8)


def same_gradients(found, expected, what, rtol=RTOL):
    for place, (one, target) in enumerate(zip(found, expected, strict=True)):
        assert (one is None) == (target is None), f"{what} {place} is missing on one side"
        if target is not None:
            same_array(one, target, f"{what} {place}", rtol)


def disagreement(entry):
    """What differs first, on which sample; None where all agree."""
    for number, sample in enumerate(samples(entry)):
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                twice = entry.supports_gradgrad and entry.name not in ONCE
                compare(entry, sample, twice=twice and number < 6)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a disagreement
            shape = tuple(getattr(sample.input, "shape", ()))
            call = f"sample {number}: {shape}, {sample.args}, {sample.kwargs}"
            return f"{type(error).__name__}: {str(error).strip()}\n{call}"[:1200]
    return None


def encoded(value):
    """An argument for JSON; raises TypeError where a recording cannot hold it."""
    import torch

    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        numbers = value.detach().reshape(-1).tolist()
        return {
            "tensor": numbers, "shape": list(value.shape), "dtype": dtype,
            "requires_grad": value.requires_grad,
        }  # fmt: skip
    if isinstance(value, tuple):
        return {"tuple": [encoded(one) for one in value]}
    if isinstance(value, list):
        return [encoded(one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(value)


def decoded(value, leaves):
    """An argument of a recording, its leaves added to `leaves`."""
    if isinstance(value, list):
        return [decoded(one, leaves) for one in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(decoded(one, leaves) for one in value["tuple"])
    numbers = np.array(value["tensor"], value["dtype"]).reshape(value["shape"])
    tensor = reference_engine.tensor(numbers, requires_grad=value["requires_grad"])
    if value["requires_grad"]:
        leaves.append(tensor)
    return tensor


def replay(recorded):
    """The engine's values, and gradients for the recorded cotangents, of one recorded call."""
    leaves = []
    arguments = decoded(recorded["arguments"], leaves)
    options = {name: decoded(one, leaves) for name, one in recorded["options"].items()}
    found = counterpart(recorded["operation"])(*arguments, **options)
    results = tensors_in(found, reference_engine.Tensor)
    followed = [one for one in results if one.requires_grad]
    gradients = ()
    if followed:
        cotangents = [
            reference_engine.tensor(np.array(one, np.float64).reshape(target.shape))
            for one, target in zip(recorded["cotangents"], followed, strict=True)
        ]
        gradients = reference_engine.autograd.grad(
            followed, leaves, cotangents, materialize_grads=True
        )
    return [array(one) for one in results], [array(one) for one in gradients]


def recording(entry, generator):
    """At most two small samples of an entry, as PyTorch computes them."""
    import torch

    found = []
    for sample in samples(entry):
        arguments = (sample.input, *sample.args)
        leaves = [
            one for one in tensors_in([*arguments, *sample.kwargs.values()], torch.Tensor)
            if one.requires_grad
        ]  # fmt: skip
        try:
            call = {
                "operation": entry.name,
                "arguments": encoded(arguments),
                "options": {name: encoded(one) for name, one in sample.kwargs.items()},
            }
        except TypeError:
            continue
        results = tensors_in(entry.op(*arguments, **sample.kwargs), torch.Tensor)
        followed = [one for one in results if one.requires_grad]
        cotangents = [torch.tensor(generator.standard_normal(tuple(one.shape))) for one in followed]
        gradients = ()
        if followed:
            gradients = torch.autograd.grad(followed, leaves, cotangents, materialize_grads=True)
        call["results"] = [array(one).tolist() for one in results]
        call["cotangents"] = [one.tolist() for one in cotangents]
        call["gradients"] = [array(one).tolist() for one in gradients]
        if results and 0 < len(json.dumps(call)) < 6000:
            found.append(call)
        if len(found) == 2:
            break
    return found


def record():
    """Write the recording, of operations that agree."""
    generator = np.random.default_rng(0)
    calls = [
        call
        for name, entry in database().items()
        if name not in EXCLUDED and not entry.variant_test_name and disagreement(entry) is None
        for call in recording(entry, generator)
    ]
    DATA.write_text(json.dumps(calls, separators=(",", ":")) + "\n")
    print(len(calls), "calls,", DATA.stat().st_size, "bytes")


def compared():
    """The entries that are not excluded, by name."""
    return {name: one for name, one in database().items() if name not in EXCLUDED}


def agreeing_operations(differences):
    """The operations that agree in all their entries that are not excluded."""
    entries = {}
    for name, difference in differences.items():
        entries.setdefault(database_name(name), []).append(difference)
    return [name for name in OPERATIONS if set(entries.get(name, ["absent"])) == {None}]


def database_name(title):
    """The name of an entry without its variant's."""
    return title if title in OPERATIONS else title.rpartition(".")[0]


def main(arguments):
    if arguments == ["record"]:
        record()
        return
    entries = database()
    names = arguments or compared()
    differences = {name: disagreement(entries[name]) for name in names}
    for name, difference in differences.items():
        if difference is not None:
            print(f"--- {name}: {difference}")
    print(sum(one is None for one in differences.values()), "of", len(differences), "entries")
    print(len(agreeing_operations(differences)), "of", len(OPERATIONS), "operations agree")


if __name__ == "__main__":
    main(sys.argv[1:])
