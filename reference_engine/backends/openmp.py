"""torch.backends.openmp: there are no threads."""


def is_available() -> bool:
    """False."""
    return False
