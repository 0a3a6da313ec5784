"""torch.backends.mkldnn: oneDNN is not used."""


def is_available() -> bool:
    """False."""
    return False
