import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, size):
        super(Block, self).__init__()
        self.linears = nn.ModuleList([nn.Linear(size, size) for _ in range(2)])
        self.scale = nn.Parameter(torch.ones(size))
        self.register_buffer("steps", torch.tensor(0))

    def forward(self, x):
        for linear in self.linears:
            x = torch.relu(linear(x)) * self.scale
        self.steps += 1
        return x


torch.manual_seed(18)
block = Block(3)
print(block)
print([name for name, _ in block.named_parameters()], [name for name, _ in block.named_children()])
print(sum(p.numel() for p in block.parameters()), sum(p.numel() for p in block.parameters() if p.requires_grad))
out = block(torch.ones(2, 3))
print(out, block.steps)
out.sum().backward()
print(block.scale.grad, block.scale)
block.linears[0].weight.requires_grad = False
print(sum(p.numel() for p in block.parameters() if p.requires_grad), block.training, block.eval().training)
block.zero_grad()
print(block.scale.grad)
