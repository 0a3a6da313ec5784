import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

torch.manual_seed(9)
x = torch.arange(10.0).unsqueeze(1)
y = x ** 2
loader = DataLoader(TensorDataset(x, y), batch_size=4, shuffle=True)
for epoch in range(2):
    for step, (bx, by) in enumerate(loader):
        print(epoch, step, bx.view(-1), by.view(-1))


class Squares(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        return i, float(i * i)


for batch in DataLoader(Squares(), batch_size=2):
    print(batch)
train, test = random_split(TensorDataset(x, y), [7, 3])
print(len(train), len(test), [int(a) for a, _ in test], len(loader), len(loader.dataset))
