import torch
from torch.autograd import Variable

x = Variable(torch.ones(2, 2), requires_grad=True)
print(x, isinstance(x, Variable), x.data, x.grad)
y = Variable(torch.FloatTensor([[1, 2], [3, 4]]))
out = (x * y).mean()
out.backward()
print(x.grad, x.grad.data)
for use in (
    lambda: x.creator,
    lambda: (x * 2).sum().backward(grad_output=torch.ones(1)),
    lambda: out.data[0],
    lambda: out.backward(torch.Tensor([1.0])),
):
    try:
        use()
    except Exception as error:
        print(type(error).__name__, error)
print(torch.Tensor(2, 3).shape, torch.LongTensor([1, 2]), torch.ByteTensor([1, 0]), torch.Tensor([3]))
print(torch.FloatTensor(3).zero_(), x.data.new(2).fill_(1), y.data.type())
print(torch.arange(0, 4), torch.range(0, 3))
