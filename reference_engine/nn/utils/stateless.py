"""torch.nn.utils.stateless: where `functional_call` was before it came to torch.func."""

import warnings
from typing import Any

from reference_engine import func

__all__ = ["functional_call"]


def functional_call(
    module: Any, parameters_and_buffers: Any, args: Any = None, **options: Any
) -> Any:
    """As `torch.func.functional_call`, which one should use."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be "
        "removed in a future version of PyTorch. Please use `torch.func.functional_call` instead "
        "which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return func.functional_call(module, parameters_and_buffers, args, **options)
