"""Methods under a layer's own name, where layers share their code: Python's errors tell the name.

`nn.Conv2d(1, 2)` lacks an argument of `Conv2d.__init__`, whatever class that was written in.
"""

from types import FunctionType

_SHARED_IN_PYTORCH = frozenset(
    {
        "_AdaptiveAvgPoolNd.__init__", "_AdaptiveMaxPoolNd.__init__", "_BatchNorm.__init__",
        "_BatchNorm.forward", "_DropoutNd.__init__", "_LPPoolNd.__init__", "_Loss.__init__",
        "_MaxPoolNd.__init__", "_WeightedLoss.__init__",
    }
)  # fmt: skip
"""What is told by the name of a private class in PyTorch, too."""


def own_methods(cls: type) -> None:
    """Give a class of the engine's its own copies of the methods of a private base."""
    for name in ("__init__", "forward"):
        shared = getattr(cls, name)
        if not shared.__qualname__.startswith("_") or shared.__qualname__ in _SHARED_IN_PYTORCH:
            continue
        qualified = f"{cls.__name__}.{name}"
        is_told = qualified in _SHARED_IN_PYTORCH or not qualified.startswith("_")
        if is_told and shared.__module__.startswith("reference_engine."):
            own = FunctionType(
                shared.__code__, shared.__globals__, name, shared.__defaults__, shared.__closure__
            )
            own.__qualname__ = qualified
            own.__kwdefaults__ = shared.__kwdefaults__
            own.__annotations__ = shared.__annotations__
            own.__doc__ = shared.__doc__
            setattr(cls, name, own)
