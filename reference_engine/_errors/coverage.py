"""What is said of PyTorch's names that the engine does not have."""

from collections.abc import Container

NOT_COVERED = (
    "torch.{name} is not covered by the reference engine; run with --torch real to use PyTorch."
)


NO_NAME = "module 'torch.{module}' has no attribute '{name}'"


class NotCovered(AttributeError):  # noqa: N818 - says what a name is, as PyTorch's own do
    """A name of PyTorch's that the engine does not have; `name` is "nn.Linear", "Tensor.fft"."""

    def __init__(self, name: str) -> None:
        super().__init__(NOT_COVERED.format(name=name), name=name)


def missing(module: str, name: str, known: Container[str]) -> AttributeError:
    """The error for a name that a module ("linalg") lacks: NotCovered for those PyTorch knows."""
    if name in known:
        return NotCovered(f"{module}.{name}")
    return AttributeError(NO_NAME.format(module=module, name=name))
