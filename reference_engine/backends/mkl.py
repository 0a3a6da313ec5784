"""torch.backends.mkl: Intel's library is not used."""


def is_available() -> bool:
    """False."""
    return False
