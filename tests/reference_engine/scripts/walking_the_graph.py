import torch

a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(5.0, requires_grad=True)
loss = ((a * b + a).tanh() - b / a).exp().log()


def walk(node, depth=0):
    print("  " * depth + node.name())
    for following, number in node.next_functions:
        if following is not None:
            walk(following, depth + 1)


walk(loss.grad_fn)
print(type(loss.grad_fn).__name__)
print(loss.grad_fn.next_functions[0][0].next_functions[0][0].name())
m = torch.randn(2, 3, requires_grad=True) @ torch.ones(3, 2)
print(m.sum().grad_fn.next_functions[0][0].name(), torch.relu(m).grad_fn.name(), m[0].grad_fn.name())
print(m.view(-1).grad_fn.name(), m.t().grad_fn.name(), torch.cat([m, m]).grad_fn.name())
