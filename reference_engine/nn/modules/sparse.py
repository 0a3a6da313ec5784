"""Tables of vectors, looked up by index."""

from typing import Any, Self

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn import functional as F
from reference_engine.nn.init import normal_
from reference_engine.nn.modules._building import add_parameters, shown
from reference_engine.nn.modules.module import Module
from reference_engine.nn.parameter import Parameter

__all__ = [
    "Embedding",
]


class Embedding(Module):
    """Row i of `weight` (num_embeddings, embedding_dim) for every index i.

    The row `padding_idx` starts as zeros and gets no gradient; rows longer than `max_norm` are
    shrunk when they are looked up.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError("Padding_idx must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        shape = (num_embeddings, embedding_dim)
        if _weight is None:
            add_parameters(self, device, dtype, weight=shape)
            self.reset_parameters()
        elif tuple(_weight.shape) == shape:
            self.weight = Parameter(_weight)
        else:
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        self.weight.requires_grad_(not _freeze)

    def reset_parameters(self) -> None:
        """Draw the rows from the standard normal distribution; zeros for `padding_idx`."""
        normal_(self.weight)
        if self.padding_idx is not None:
            with torch.no_grad():
                torch.select(self.weight, 0, self.padding_idx).fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        usual = {
            "padding_idx": None,
            "max_norm": None,
            "norm_type": 2,
            "scale_grad_by_freq": False,
            "sparse": False,
        }
        unusual = [name for name, value in usual.items() if getattr(self, name) != value]
        settings = f"{self.num_embeddings}, {self.embedding_dim}"
        return f"{settings}, {shown(self, *unusual)}" if unusual else settings

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """A layer over the rows of `embeddings`, not to be trained if `freeze`."""
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        return cls(
            rows,
            columns,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
            _weight=embeddings,
            _freeze=freeze,
        )
