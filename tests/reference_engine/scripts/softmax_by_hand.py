import torch
import torch.nn.functional as F

torch.manual_seed(4)
logits = torch.randn(5, 3, requires_grad=True)
labels = torch.tensor([0, 2, 1, 1, 0])
exps = torch.exp(logits - logits.max(1, keepdim=True)[0])
probs = exps / exps.sum(1, keepdim=True)
loss = -torch.log(probs[range(5), labels]).mean()
loss.backward()
print(loss, probs.sum(1))
print(logits.grad)
onehot = F.one_hot(labels, 3).float()
print((probs.detach() - onehot) / 5)
print(F.cross_entropy(logits, labels), F.nll_loss(F.log_softmax(logits, dim=1), labels))
print(F.softmax(logits, dim=-1).argmax(1), torch.max(logits, 1).indices)
