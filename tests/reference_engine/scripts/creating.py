import torch

print(torch.zeros(2, 3), torch.ones((2,)), torch.full((2, 2), 7), torch.full((2,), 1.5), torch.eye(2, 3))
print(torch.arange(5), torch.arange(1, 2, 0.25), torch.arange(3.0), torch.linspace(-1, 1, 5), torch.logspace(0, 2, 3))
x = torch.ones(2, 2, dtype=torch.float64)
print(torch.zeros_like(x), torch.ones_like(x, dtype=torch.int32), torch.full_like(x, 3), x.new_zeros(2), x.new_tensor([1, 2]))
print(torch.empty(2, 0).shape, torch.tensor(5).shape, torch.tensor([[1]]).shape, torch.as_tensor([1, 2]), torch.scalar_tensor(2))
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print(device, repr(device), x.to(device).device, torch.ones(1, device=device), torch.cuda.device_count())
print(torch.is_tensor(x), torch.get_default_dtype(), x.is_floating_point(), x.nbytes, x.element_size())
print(x.stride(), x.t().is_contiguous(), x[1].storage_offset(), x.untyped_storage().nbytes(), x.new(1, 2).shape)
print(torch.tril(torch.ones(3, 3)), torch.triu_indices(2, 3), torch.vander(torch.tensor([1, 2])))
