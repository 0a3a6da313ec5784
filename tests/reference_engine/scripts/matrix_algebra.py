import torch

A = torch.tensor([[4.0, 1.0], [2.0, 3.0]])
b = torch.tensor([1.0, 2.0])
print(A @ b, A.mm(A), torch.matmul(A, A.T), A.mv(b), b.dot(b), torch.dot(b, b))
print(torch.inverse(A), A.det(), torch.linalg.solve(A, b), A.trace())
print(torch.outer(b, b), torch.einsum("ij,j->i", A, b), torch.bmm(A.unsqueeze(0), A.unsqueeze(0)))
print(A.norm(), A.norm(p=1), torch.linalg.norm(A, dim=0), torch.diag(A), torch.eye(2) * 3)
print(torch.triu(A), torch.tril_indices(2, 2), torch.linalg.matrix_rank(A))
values, vectors = torch.linalg.eigh(A + A.T)
print(values, vectors.abs())
A.requires_grad_()
A.inverse().sum().backward()
print(A.grad)
