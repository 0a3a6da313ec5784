"""torch.xpu on a machine without Intel's graphics: there is no device."""

from reference_engine.cuda import (
    device_count,
    empty_cache,
    is_available,
    manual_seed,
    manual_seed_all,
)

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all"]
