import torch
from torch import nn
from torch.nn.utils.rnn import (
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
    unpad_sequence,
)

torch.manual_seed(0)
numbers = [torch.tensor([4, 5, 6]), torch.tensor([2, 3]), torch.tensor([1])]
print(pad_sequence(numbers), pad_sequence(numbers, batch_first=True, padding_value=-1))
print(pad_sequence(numbers, batch_first=True, padding_side="left"))
print(pack_sequence(numbers))
padded = pad_sequence([torch.randn(size, 2) for size in (3, 2, 1)], batch_first=True)
packed = pack_padded_sequence(padded, [3, 2, 1], batch_first=True)
print(packed.data, packed.batch_sizes)
for kind in (nn.RNN, nn.GRU):
    output, state = kind(2, 3, batch_first=True)(packed)
    print(output.data, state)
lstm = nn.LSTM(2, 3, num_layers=2, batch_first=True, bidirectional=True)
output, (hidden, cell) = lstm(packed)
print(output.data, hidden, cell)
values, lengths = pad_packed_sequence(output, batch_first=True)
values.sum().backward()
print(lengths, lstm.weight_hh_l0_reverse.grad.norm())
unsorted = pack_padded_sequence(padded.flip(0), [1, 2, 3], True, enforce_sorted=False)
print(unsorted)
output, state = nn.GRU(2, 3, batch_first=True)(unsorted, torch.randn(1, 3, 3))
print(state, pad_packed_sequence(output, batch_first=True, total_length=4)[0])
print(unpad_sequence(padded, torch.tensor([3, 2, 1]), batch_first=True))
try:
    pack_padded_sequence(padded, [1, 2, 3], batch_first=True)
except RuntimeError as error:
    print(error)
