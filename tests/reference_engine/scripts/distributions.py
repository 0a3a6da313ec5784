import torch
from torch.distributions import Bernoulli, Categorical, Normal, Uniform

torch.manual_seed(24)
d = Normal(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.1]))
print(d, d.sample(), d.sample((2,)), d.mean, d.stddev)
print(d.log_prob(torch.tensor([0.5, 0.9])), d.entropy(), d.cdf(torch.tensor([0.0, 1.0])))
u = Uniform(-1.0, 2.0)
print(u, u.sample(), u.sample((3,)), u.log_prob(torch.tensor(0.0)), u.mean)
mu = torch.tensor(0.3, requires_grad=True)
z = Normal(mu, 1.0).rsample((4,))
(z ** 2).mean().backward()
print(z, mu.grad)
c = Categorical(torch.tensor([0.1, 0.2, 0.7]))
a = c.sample((6,))
print(a, c.log_prob(a), c.entropy())
print(Bernoulli(torch.tensor([0.2, 0.8])).sample((3,)))
