# ruff: noqa: E501 - a snippet is one line, however long
"""The recorded snippets that do not do what they did in PyTorch, and why.

`test_semantics` expects each to differ, and fails once one no longer does: then take it out here.
"""

GROUPS = {
    "NumPy warns where PyTorch is silent": [
        "print(-torch.tensor([0.0, 1.0]), torch.tensor([-0.0]), torch.tensor([1e38 * 10]), torch.tensor(-5))",
        "x = leaf([0.0, -0.0]); (1 / x).sum().backward(); print(x.grad)",
        "x = leaf([0.0, 1.0]); (x * x.log()).sum().backward(); print(x.grad)",
    ],
    "another state after an unusual sequence of steps": [
        "x = leaf([2.0]); print((x / 3).grad_fn._saved_other, (x * 3).grad_fn._saved_other, (x * 3).grad_fn._saved_self, (x + 1).grad_fn._saved_alpha)",
    ],
    "bfloat16 is not covered": [
        "x = torch.ones(2, dtype=torch.bfloat16); print(x)",
    ],
    "complex128 is not covered": [
        "print(torch.tensor([1+2j]))",
    ],
    "imports torch by name, which the facade answers where it is installed": [
        "from torch.autograd import Variable\nv=Variable(torch.ones(2), requires_grad=True); print(v, type(v).__name__, isinstance(v, Variable), isinstance(v, torch.Tensor)); (v*2).sum().backward(); print(v.grad, v.grad.data, v.data)",
    ],
    "writing through overlapping memory": [
        "t = torch.ones(2, 3); u = t.as_strided((2, 2), (1, 1)); u.add_(1); print(t)",
    ],
}
"""The snippets' code, by the reason why they differ."""

DIFFERENCES = {code: reason for reason, codes in GROUPS.items() for code in codes}
"""The reason, by the snippet's code."""
