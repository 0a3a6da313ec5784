"""torch.utils.hooks: the handle by which a hook is taken away again."""

from reference_engine._graph import RemovableHandle

__all__ = ["RemovableHandle"]
