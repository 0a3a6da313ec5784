import warnings

import torch

warnings.simplefilter("ignore")
weight, slope = torch.ones(2), torch.tensor([1.0, 2.0])
weight.data.add_(-0.1, slope)
print(weight, weight.sub_(0.5, slope), torch.add(weight, 2, slope), weight.sub(2, slope))
print(weight.mul_(0.9).add_(0.1, slope), weight.addcmul_(2, slope, slope))
print(weight.addcdiv_(-1, slope, slope), torch.addcmul(weight, 0.5, slope, slope))
square = torch.ones(2, 2)
print(torch.addmm(2, square, 3, square, square), square.addmm(2, square, square))
print(square.addmm_(0, 1, torch.eye(2), torch.ones(2, 2)))
leaf = torch.tensor([2.0, 3.0], requires_grad=True)
slope.add(3, leaf * leaf).sum().backward()
print(leaf.grad)
for wrong in (lambda: weight.add_(slope, slope), lambda: weight.add_(1, 2, 3)):
    try:
        wrong()
    except TypeError as error:
        print(str(error).splitlines()[0])
