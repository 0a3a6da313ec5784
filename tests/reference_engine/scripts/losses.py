import torch
import torch.nn as nn

torch.manual_seed(21)
pred = torch.randn(4, 3, requires_grad=True)
target = torch.randn(4, 3)
labels = torch.tensor([2, 0, 1, 1])
for loss in (nn.MSELoss(), nn.MSELoss(reduction="sum"), nn.L1Loss(), nn.SmoothL1Loss(), nn.HuberLoss(delta=0.5)):
    value = loss(pred, target)
    print(loss, value.data, torch.autograd.grad(value, pred)[0][0])
print(nn.CrossEntropyLoss()(pred, labels), nn.CrossEntropyLoss(reduction="none")(pred, labels))
print(nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5]))(pred, labels))
print(nn.BCEWithLogitsLoss()(pred, (target > 0).float()), nn.BCELoss()(pred.sigmoid(), (target > 0).float()))
print(nn.KLDivLoss(reduction="batchmean")(pred.log_softmax(1), target.softmax(1)), nn.PoissonNLLLoss()(pred, target.exp()))
