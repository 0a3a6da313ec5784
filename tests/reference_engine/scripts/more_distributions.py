import torch
from torch import distributions as D
from torch.distributions.kl import kl_divergence

torch.manual_seed(0)
half, third = torch.tensor([0.5]), torch.tensor([0.3, 0.7])
kinds = [
    D.Exponential(half),
    D.Laplace(half, 2.0),
    D.Gumbel(half, 1.0),
    D.Cauchy(0.0, half),
    D.HalfNormal(half),
    D.LogNormal(half, 0.5),
    D.Gamma(torch.tensor([0.5, 3.0]), 2.0),
    D.Beta(half, 2.0),
    D.Dirichlet(torch.tensor([0.5, 0.8, 3.0])),
    D.StudentT(torch.tensor([3.0])),
    D.Poisson(torch.tensor([2.0, 30.0])),
    D.Geometric(third),
    D.Binomial(40, third),
    D.Multinomial(10, third),
    D.OneHotCategorical(third),
    D.Bernoulli(logits=third),
    D.Categorical(logits=third),
    D.MultivariateNormal(torch.zeros(2), torch.tensor([[2.0, 0.5], [0.5, 1.0]])),
    D.Independent(D.Normal(torch.zeros(3), torch.ones(3)), 1),
    D.MixtureSameFamily(D.Categorical(third), D.Normal(torch.tensor([-1.0, 1.0]), torch.ones(2))),
]
for one in kinds:
    drawn = one.sample((3,))
    print(one, drawn, one.log_prob(drawn), one.mean, one.variance, one.batch_shape, one.event_shape)
for one in kinds[:-1]:
    if not isinstance(one, (D.Poisson, D.LogNormal)):
        print(type(one).__name__, one.entropy())
print(kl_divergence(D.Normal(0.0, 1.0), D.Normal(1.0, 2.0)))
print(kl_divergence(D.Categorical(third), D.Categorical(logits=torch.zeros(2))))
print(kl_divergence(kinds[17], D.MultivariateNormal(torch.ones(2), torch.eye(2))))
print(kl_divergence(kinds[18], D.Independent(D.Normal(torch.ones(3), 2.0), 1)))
print(kl_divergence(D.Beta(half, half), D.Beta(half, 1.0)), kl_divergence(kinds[6], kinds[6]))
moved = D.TransformedDistribution(
    D.Normal(0.0, 1.0), [D.AffineTransform(1.0, 2.0), D.SigmoidTransform()]
)
print(moved.sample((2,)), moved.log_prob(torch.tensor(0.3)), moved.transforms[1].inv)
logits = torch.randn(2, 3, requires_grad=True)
chosen = D.Categorical(logits=logits)
(-chosen.log_prob(torch.tensor([0, 2])).sum()).backward()
print(chosen, logits.grad, chosen.probs, chosen.entropy())
for wrong in (
    lambda: D.Normal(0.0, -1.0),
    lambda: D.Categorical(torch.tensor([-1.0, 2.0])),
    lambda: D.Categorical(),
    lambda: D.Bernoulli(half).log_prob(torch.tensor([0.5])),
    lambda: D.Uniform(1.0, 0.0),
    lambda: kl_divergence(kinds[0], kinds[1]),
):
    try:
        wrong()
    except (ValueError, NotImplementedError) as error:
        print(type(error).__name__, error)
