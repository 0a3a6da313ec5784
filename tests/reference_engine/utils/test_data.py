"""Data sets and loaders: PyTorch's order number for number, its batches and its errors.

`PYTHONPATH=. python tests/reference_engine/utils/test_data.py` records the orders anew; it needs
PyTorch.
"""

import collections
import json
import random
from pathlib import Path

import numpy as np
import pytest

import reference_engine
from reference_engine.utils import data

try:
    import torch
    import torch.utils.data
except ImportError:
    torch = None

RECORDED = Path(__file__).parent.parent / "data" / "loader.json"
Point = collections.namedtuple("Point", ["x", "y"])  # noqa: PYI024 - as students write it

ORDERS = {
    "shuffled": "d.DataLoader(ds, batch_size=5, shuffle=True)",
    "shuffled, the rest dropped": "d.DataLoader(ds, 5, True, drop_last=True)",
    "in order": "d.DataLoader(ds, batch_size=4)",
    "with a generator": (
        "d.DataLoader(ds, batch_size=6, shuffle=True, generator=m.Generator().manual_seed(9))"
    ),
    "with replacement": (
        "d.DataLoader(ds, 7, sampler=d.RandomSampler(ds, replacement=True, num_samples=70))"
    ),
    "several passes in one": "d.DataLoader(ds, 6, sampler=d.RandomSampler(ds, num_samples=50))",
    "a subset": "d.DataLoader(ds, 3, sampler=d.SubsetRandomSampler([3, 4, 5, 9]))",
    "weighted": "d.DataLoader(ds, 6, sampler=d.WeightedRandomSampler([0.1, 0.2, 0.7], 10))",
    "own batches": (
        "d.DataLoader(ds, batch_sampler=d.BatchSampler(d.SequentialSampler(ds), 4, True))"
    ),
    "no batches": "d.DataLoader(ds, batch_size=None, shuffle=True)",
    "two workers": "d.DataLoader(ds, batch_size=5, shuffle=True, num_workers=2)",
}
MISTAKES = [
    "d.DataLoader(ds, num_workers=-1)",
    "d.DataLoader(ds, timeout=-1)",
    "d.DataLoader(ds, prefetch_factor=2)",
    "d.DataLoader(ds, persistent_workers=True)",
    "d.DataLoader(ds, batch_size=0)",
    "d.DataLoader(ds, batch_size=2.5)",
    "d.DataLoader(ds, batch_size=None, drop_last=True)",
    "d.DataLoader(ds, shuffle=True, sampler=[1, 2])",
    "d.DataLoader(ds, batch_size=3, batch_sampler=[[1, 2]])",
    "d.DataLoader(stream, shuffle=True)",
    "d.DataLoader(stream, sampler=7)",
    "d.DataLoader(stream, batch_sampler=7)",
    "d.DataLoader([], shuffle=True)",
    "setattr(d.DataLoader(ds), 'batch_size', 3)",
    "len(d.DataLoader(stream))",
    "d.RandomSampler(ds, replacement=1)",
    "d.RandomSampler(ds, num_samples=-1)",
    "d.WeightedRandomSampler([1.0], 0)",
    "d.WeightedRandomSampler([[1.0]], 1)",
    "d.BatchSampler([1, 2], 1, 3)",
    "d.TensorDataset(m.ones(2), m.ones(3))",
    "d.ConcatDataset([])",
    "d.ConcatDataset([stream])",
    "d.ConcatDataset([ds])[-30]",
    "d.StackDataset()",
    "d.StackDataset(ds, a=ds)",
    "d.StackDataset([1, 2], [1])",
    "d.random_split(ds, [3, 4])",
    "d.random_split(ds, [0.5, 0.7, -0.2])",
    "d.Dataset()[0]",
    "d.default_collate([[1, 2], [1]])",
    "d.default_collate([object()])",
    "d.default_collate([np.array(['a'])])",
]


def plain(value):
    """Batches as numbers, lists and the names of their types."""
    if hasattr(value, "tolist"):
        return [str(value.dtype), value.tolist()]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *(plain(one) for one in value)]
    return value


def names(module):
    d = module.utils.data
    numbers = module.arange(23)

    class Stream(d.IterableDataset):
        def __iter__(self):
            worker = d.get_worker_info()
            first = 0 if worker is None else 10 * worker.id
            return iter(range(first, first + 7))

    return {
        "m": module, "d": d, "np": np, "ds": d.TensorDataset(numbers, numbers * 2),
        "stream": Stream(),
    }  # fmt: skip


def batches(module, code):
    """Two passes, and what the generator gives after them."""
    module.manual_seed(3)
    loader = eval(code, names(module))
    return [[plain(one) for one in loader] for _ in range(2)] + [module.rand(1).item()]


@pytest.mark.parametrize("name", ORDERS)
def test_the_order_is_the_recorded_one(name):
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert batches(reference_engine, ORDERS[name]) == recorded[name]


@pytest.mark.pytorch
@pytest.mark.parametrize("name", ORDERS)
def test_the_order_is_pytorch_s(name):
    assert batches(reference_engine, ORDERS[name]) == batches(torch, ORDERS[name])


def outcome(module, code):
    try:
        return plain(eval(code, names(module)))
    except Exception as error:  # noqa: BLE001 - whatever PyTorch raises
        return f"{type(error).__name__}: {error}"


@pytest.mark.pytorch
@pytest.mark.parametrize("code", MISTAKES)
def test_mistakes_have_pytorch_s_text(code):
    found, expected = outcome(reference_engine, code), outcome(torch, code)
    assert found == expected
    assert ": " in expected


@pytest.mark.pytorch
@pytest.mark.parametrize(
    "code",
    [
        "[1, 2]",
        "[1.5, 2.1]",
        "[True, False]",
        "['a', 'b']",
        "[b'a']",
        "[np.float32(1.5), np.float32(2)]",
        "[np.arange(2.0), np.arange(2.0)]",
        "[np.int32(3)]",
        "[m.ones(2), m.zeros(2)]",
        "[(1, 2.5), (3, 4.5)]",
        "[[1, 2.5], [3, 4.5]]",
        "[{'a': 1, 'b': [m.ones(1)]}, {'a': 2, 'b': [m.ones(1)]}]",
        "[Point(1, 2.0), Point(3, 4.0)]",
    ],
)
def test_samples_become_pytorch_s_batches(code):
    found, expected = (
        plain(
            module.utils.data.default_collate(eval(code, {"m": module, "np": np, "Point": Point}))
        )
        for module in (reference_engine, torch)
    )
    assert str(found) == str(expected)


@pytest.mark.pytorch
@pytest.mark.parametrize(
    "code", ["np.arange(3)", "{'a': np.ones(1), 'b': 'x'}", "(np.ones(1), 2)", "[np.float64(1)]"]
)
def test_samples_without_batches_are_converted_as_pytorch_does(code):
    found, expected = (
        plain(module.utils.data.default_convert(eval(code))) for module in (reference_engine, torch)
    )
    assert str(found) == str(expected)


@pytest.mark.pytorch
@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 3},
        {"batch_size": 3, "num_workers": 2},
        {"batch_size": 2, "num_workers": 3, "prefetch_factor": 1},
        {"batch_size": 3, "num_workers": 2, "persistent_workers": True},
        {"batch_size": None, "num_workers": 2},
    ],
)
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_samples_drawn_at_random_are_pytorch_s_with_workers_too(options):
    rows = []
    for module in (reference_engine, torch):
        d = module.utils.data

        class Noise(d.Dataset):
            def __init__(self):
                self.read = 0

            def __len__(self):
                return 11

            def __getitem__(self, index, d=d, module=module):
                self.read += 1
                worker = d.get_worker_info()
                drawn = module.rand(2), random.random(), float(np.random.rand())  # noqa: NPY002, S311
                return index, self.read, -1 if worker is None else worker.id, *drawn

        module.manual_seed(1)
        random.seed(2)
        np.random.seed(3)  # noqa: NPY002 - the generator that students draw from
        noise = Noise()
        loader = d.DataLoader(noise, shuffle=True, **options)
        passes = [[plain(one) for one in loader] for _ in range(2)]
        rows.append((passes, noise.read, module.rand(1).item(), random.random()))  # noqa: S311
    assert rows[0] == rows[1]


@pytest.mark.pytorch
@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 3},
        {"batch_size": 3, "drop_last": True},
        {"batch_size": None},
        {"batch_size": 2, "num_workers": 2},
    ],
)
def test_a_stream_gives_pytorch_s_batches(options):
    rows = []
    for module in (reference_engine, torch):
        loader = module.utils.data.DataLoader(names(module)["stream"], **options)
        rows.append([plain(one) for one in loader])
    assert rows[0] == rows[1]


def test_each_pass_draws_a_new_order_from_the_seed():
    reference_engine.manual_seed(0)
    loader = data.DataLoader(range(20), batch_size=20, shuffle=True)
    first, second = (next(iter(loader)).tolist() for _ in range(2))
    assert first != second
    reference_engine.manual_seed(0)
    assert next(iter(loader)).tolist() == first


def test_a_loader_s_length_counts_its_batches():
    assert len(data.DataLoader(range(10), batch_size=4)) == 3
    assert len(data.DataLoader(range(10), batch_size=4, drop_last=True)) == 2


def test_a_stream_longer_than_it_says_is_warned_of():
    class Stream(data.IterableDataset):
        def __iter__(self):
            return iter(range(3))

        def __len__(self):
            return 2

    loader = data.DataLoader(Stream(), batch_size=None)
    len(loader)
    with pytest.warns(UserWarning, match="was reported to be 2"):
        list(loader)


@pytest.mark.pytorch
@pytest.mark.parametrize("lengths", [[20, 3], [0.5, 0.3, 0.2], [0.9, 0.1]])
def test_random_parts_are_pytorch_s(lengths):
    rows = []
    for module in (reference_engine, torch):
        module.manual_seed(4)
        d = module.utils.data
        generator = module.Generator().manual_seed(42)
        parts = d.random_split(range(23), lengths) + d.random_split(range(23), lengths, generator)
        rows.append([list(part.indices) for part in parts])
    assert rows[0] == rows[1]


def test_parts_and_sums_of_data_sets_index_into_them():
    numbers = data.TensorDataset(reference_engine.arange(5))
    both = data.Subset(numbers, [4, 0]) + data.Subset(numbers, [2])
    assert [one.item() for (one,) in (both[0], both[1], both[2], both[-1])] == [4, 0, 2, 2]


def test_an_uncovered_name_says_so():
    with pytest.raises(AttributeError, match=r"torch\.utils\.data\.DistributedSampler is not"):
        _ = data.DistributedSampler


def record():
    """Write the orders that PyTorch gives."""
    orders = {name: batches(torch, code) for name, code in ORDERS.items()}
    RECORDED.write_text(json.dumps(orders) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
