import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
attention = nn.MultiheadAttention(8, 2)
print(attention, [(name, tuple(one.shape)) for name, one in attention.named_parameters()])
x = torch.randn(5, 3, 8)
output, weights = attention(x, x, x)
print(output, weights)
output.sum().backward()
print(attention.in_proj_weight.grad[:, 0])
batched = nn.MultiheadAttention(8, 4, batch_first=True)
later = torch.triu(torch.ones(3, 3), 1).bool()
print(batched(x, x, x, attn_mask=later)[1][0])
absent = torch.zeros(5, 3, dtype=torch.bool)
absent[0, 2] = True
print(batched(x, x, x, key_padding_mask=absent, need_weights=False)[0][0])
other = nn.MultiheadAttention(8, 2, kdim=4, vdim=6, add_bias_kv=True, add_zero_attn=True)
output, weights = other(x, torch.randn(2, 3, 4), torch.randn(2, 3, 6))
print(output[0], weights.shape)
print(attention(torch.randn(4, 8), torch.randn(6, 8), torch.randn(6, 8))[0])
print(F.scaled_dot_product_attention(x, x, x, is_causal=True)[0])
try:
    attention(x, x, torch.randn(4, 3, 8))
except AssertionError as error:
    print(error)
