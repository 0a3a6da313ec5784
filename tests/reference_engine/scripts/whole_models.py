import io
import pickle

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
x = torch.randn(2, 4)
file = io.BytesIO()
torch.save(model, file)
before = model(x)
with torch.no_grad():
    model[0].weight.zero_()
file.seek(0)
loaded = torch.load(file, weights_only=False)
print(loaded, torch.equal(loaded(x), before), loaded is model)
file.seek(0)
try:
    torch.load(file)
except pickle.UnpicklingError as error:
    print(str(error).split("WeightsUnpickler")[1])
file = io.BytesIO()
torch.save({"model": model, "epoch": 3, "losses": [torch.tensor(0.5)]}, file)
file.seek(0)
found = torch.load(file, weights_only=False)
print(found["epoch"], found["losses"], found["model"][2].bias.shape)
