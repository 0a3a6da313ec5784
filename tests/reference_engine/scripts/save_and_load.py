import io

import torch
from torch import nn

torch.manual_seed(23)
net = nn.Linear(2, 2)
buffer = io.BytesIO()
torch.save(net.state_dict(), buffer)
buffer.seek(0)
state = torch.load(buffer)
print(list(state), state["weight"])
other = nn.Linear(2, 2)
print(other.load_state_dict(state), torch.equal(other.weight, net.weight))
buffer = io.BytesIO()
torch.save({"epoch": 3, "loss": torch.tensor(0.25), "sizes": [1, 2]}, buffer)
buffer.seek(0)
print(torch.load(buffer))
