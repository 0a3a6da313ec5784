"""torch.nn.utils.rnn: sequences of several lengths in one tensor, padded or packed step by step."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple, Self

import reference_engine as torch

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence",
    "pad_packed_sequence", "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class PackedSequence_(NamedTuple):
    """The fields of a PackedSequence."""

    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(PackedSequence_):
    """Sequences from the longest to the shortest, one step of all of them after the other.

    `data` is (steps of all sequences, ...); `batch_sizes` says how many sequences have each step;
    the indices lead to the sequences' order and back.
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Any = None,
        sorted_indices: Any = None,
        unsorted_indices: Any = None,
    ) -> Self:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, list | tuple) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """The same with `data` converted."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._replace(data=data)

    def cpu(self) -> Self:
        """The same: there is no other device."""
        return self

    def double(self) -> Self:
        """The same in float64."""
        return self.to(dtype=torch.float64)

    def float(self) -> Self:
        """The same in float32."""
        return self.to(dtype=torch.float32)

    def long(self) -> Self:
        """The same in int64."""
        return self.to(dtype=torch.int64)

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False


def invert_permutation(permutation: Any) -> Any:
    """The permutation that undoes one; None for None."""
    return None if permutation is None else torch.argsort(permutation)


def pad_sequence(
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Any:
    """The sequences (length, ...) as one tensor (longest length, batch, ...), filled up."""
    if not isinstance(sequences, Iterable):
        raise RuntimeError(  # noqa: TRY004 - PyTorch's
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    if padding_side not in {"left", "right"}:
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    listed = list(sequences)
    if not listed:
        raise RuntimeError("received an empty list of sequences")
    longest = max(one.size(0) for one in listed)
    shape = (longest, *listed[0].shape[1:])
    rows = []
    for one in listed:
        missing = longest - one.size(0)
        filler = torch.full((missing, *shape[1:]), padding_value, dtype=one.dtype)
        parts = [one, filler] if padding_side == "right" else [filler, one]
        rows.append(torch.cat(parts) if missing else one)
    return torch.stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The sequences of these lengths in a padded tensor."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [one[: int(length)] for one, length in zip(padded_sequences, lengths, strict=True)]


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded tensor (length, batch, ...); `lengths` descend if `enforce_sorted`."""
    lengths = torch.as_tensor(lengths, dtype=torch.int64)
    order = None
    if not enforce_sorted:
        lengths, order = torch.sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    if batch_first:
        input = input.transpose(0, 1)
    sizes = lengths.tolist()
    _check_lengths(sizes, input)
    counts = [sum(step < size for size in sizes) for step in range(sizes[0])]
    data = torch.cat([input[step, :count] for step, count in enumerate(counts)])
    return PackedSequence(data, torch.tensor(counts), order)


def _check_lengths(sizes: list[int], input: Any) -> None:
    if len(sizes) != input.size(1):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(sizes)} "
            f"(batch_size={input.size(1)})"
        )
    if any(later > earlier for earlier, later in pairwise(sizes)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    if sizes[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Any, Any]:
    """(padded tensor (length, batch, ...), lengths) of a packed sequence, in its first order."""
    counts = sequence.batch_sizes.tolist()
    length = len(counts)
    if total_length is not None and total_length < length:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but "
            f"got total_length={total_length} and max sequence length being {length}"
        )
    rest = sequence.data.shape[1:]
    steps = []
    for step in torch.split(sequence.data, counts):
        missing = counts[0] - step.size(0)
        filler = torch.full((missing, *rest), padding_value, dtype=step.dtype)
        steps.append(torch.cat([step, filler]) if missing else step)
    empty = torch.full((counts[0], *rest), padding_value, dtype=sequence.data.dtype)
    steps += [empty] * ((total_length or length) - length)
    padded: Any = torch.stack(steps)
    padded = padded.transpose(0, 1) if batch_first else padded
    lengths: Any = torch.tensor(
        [sum(place < count for count in counts) for place in range(counts[0])]
    )
    back = sequence.unsorted_indices
    if back is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, back), lengths[back]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (length, ...), from the longest to the shortest if `enforce_sorted`."""
    lengths = torch.tensor([one.size(0) for one in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """The sequences of a packed sequence."""
    return unpad_sequence(
        *pad_packed_sequence(packed_sequences, batch_first=True), batch_first=True
    )
