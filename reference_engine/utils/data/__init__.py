"""torch.utils.data: data sets, the order in which they are read, and batches of them."""

from typing import Any

from reference_engine._errors import NotCovered
from reference_engine.utils.data.collate import default_collate, default_convert
from reference_engine.utils.data.dataloader import DataLoader, get_worker_info
from reference_engine.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from reference_engine.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

_NOT_COVERED = frozenset(
    (
        "DFIterDataPipe", "DataChunk", "DistributedSampler", "IterDataPipe", "MapDataPipe",
        "argument_validation", "datapipes", "distributed", "functional_datapipe", "graph",
        "graph_settings", "guaranteed_datapipes_determinism", "non_deterministic",
        "runtime_validation", "runtime_validation_disabled",
    )
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _NOT_COVERED:
        raise NotCovered(f"utils.data.{name}")
    raise AttributeError(f"module 'torch.utils.data' has no attribute '{name}'")
