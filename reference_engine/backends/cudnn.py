"""torch.backends.cudnn: its switches may be set, and change nothing."""

enabled = True
deterministic = False
benchmark = False
allow_tf32 = True


def is_available() -> bool:
    """False."""
    return False


def version() -> None:
    """None: there is none."""
