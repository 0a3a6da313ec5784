import copy

import torch
from torch import nn

torch.manual_seed(17)
model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1))
for name, value in model.state_dict().items():
    print(name, tuple(value.shape), value.flatten()[:2])
twin = copy.deepcopy(model)
with torch.no_grad():
    for p in model.parameters():
        p.zero_()
print(model(torch.ones(1, 2)), twin(torch.ones(1, 2)))
model.load_state_dict(twin.state_dict())
print(torch.equal(model(torch.ones(1, 2)), twin(torch.ones(1, 2))))
try:
    nn.Linear(2, 3).load_state_dict({"weight": torch.zeros(3, 2)})
except RuntimeError as error:
    print(error)
