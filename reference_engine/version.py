"""torch.version: the PyTorch whose behaviour this is, in a build for the CPU."""

__version__ = "2.13.0"
debug = False
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
git_version = "Unknown"
