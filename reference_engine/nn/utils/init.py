"""torch.nn.utils.init: modules without the initialisation of their parameters."""

from typing import Any

import reference_engine as torch


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A module of this class whose parameters are not set; the generator stays where it is."""
    with torch.random.fork_rng():
        return module_cls(*args, **kwargs)
