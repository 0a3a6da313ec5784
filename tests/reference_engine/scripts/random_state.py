import torch

torch.manual_seed(10)
before = torch.get_rng_state()
a = torch.rand(3)
torch.set_rng_state(before)
b = torch.rand(3)
print(a, b, torch.equal(a, b), before.shape, before.dtype, torch.initial_seed())
with torch.random.fork_rng():
    torch.manual_seed(99)
    print(torch.rand(2))
print(torch.rand(2))
for seed in (0, 1, 2):
    torch.manual_seed(seed)
    print(seed, torch.rand(1).item(), torch.randn(1).item())
torch.manual_seed(-1)
print(torch.rand(1), torch.default_generator.initial_seed())
