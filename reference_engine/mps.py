"""torch.mps on a machine without Apple's graphics: there is no device."""

from reference_engine.cuda import (
    device_count,
    empty_cache,
    is_available,
    manual_seed,
    seed,
)

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "seed"]
