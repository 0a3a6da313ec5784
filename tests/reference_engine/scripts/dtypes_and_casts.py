import torch

for values in ([1, 2], [1.0, 2.0], [True, False], [1, 2.5]):
    t = torch.tensor(values)
    print(t, t.dtype, t.type())
a = torch.tensor([1.7, -1.7, 2.5])
print(a.int(), a.long(), a.double(), a.half(), a.bool())
print(a.type(torch.LongTensor), a.type("torch.DoubleTensor"), a.type_as(torch.ones(1, dtype=torch.int32)))
print((torch.ones(2, dtype=torch.int64) + 1.5).dtype, (torch.ones(2, dtype=torch.int64) / 2).dtype)
print(torch.ones(2) + torch.ones(2, dtype=torch.float64))
print(torch.tensor(3) // 2, torch.tensor(-7) % 3, torch.tensor(7) / 2)
print(torch.result_type(torch.tensor([1]), 1.0), torch.promote_types(torch.int8, torch.float16))
print(torch.finfo(torch.float32).eps, torch.iinfo(torch.int16).max)
torch.set_default_dtype(torch.float64)
print(torch.tensor([1.5]), torch.zeros(2).dtype)
print(torch.tensor([1.5], dtype=torch.float32))
