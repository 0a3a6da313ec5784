"""torch.backends.cuda of a build without CUDA."""


def is_built() -> bool:
    """False."""
    return False
