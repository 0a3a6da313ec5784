import torch
from torch import nn

torch.manual_seed(14)
words = {"the": 0, "cat": 1, "sat": 2}
table = nn.Embedding(len(words), 4)
ids = torch.LongTensor([words[w] for w in "the cat sat the".split()])
vectors = table(ids)
print(vectors)
vectors.sum().backward()
print(table.weight.grad)
scores = nn.Linear(4, 3)(vectors.mean(0))
print(torch.log_softmax(scores, dim=0), nn.NLLLoss()(torch.log_softmax(scores, 0).view(1, -1), torch.tensor([1])))
