"""Attention with several heads, as a layer that has the projections."""

from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn import init
from reference_engine.nn._multi_head import additive_mask, multi_head_attention_forward
from reference_engine.nn.modules._building import add_parameters
from reference_engine.nn.modules.linear import Linear
from reference_engine.nn.modules.module import Module
from reference_engine.nn.parameter import Parameter

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A linear layer under the name that PyTorch gives the output projection."""


class MultiheadAttention(Module):
    """Attention of `num_heads` heads over an embedding of `embed_dim` features.

    Inputs are (length, batch, features), (batch, length, features) with `batch_first`, or without a
    batch (length, features). Returns (output, weights); the weights are None unless wanted.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True,
        add_bias_kv: bool = False, add_zero_attn: bool = False, kdim: int | None = None,
        vdim: int | None = None, batch_first: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, got "
                f"embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if embed_dim % num_heads:
            raise AssertionError("embed_dim must be divisible by num_heads")
        same = self._qkv_same_embed_dim
        add_parameters(
            self,
            device,
            dtype,
            q_proj_weight=None if same else (embed_dim, embed_dim),
            k_proj_weight=None if same else (embed_dim, self.kdim),
            v_proj_weight=None if same else (embed_dim, self.vdim),
            in_proj_weight=(3 * embed_dim, embed_dim) if same else None,
            in_proj_bias=(3 * embed_dim,) if bias else None,
        )
        self.out_proj = NonDynamicallyQuantizableLinear(
            embed_dim, embed_dim, bias=bias, device=device, dtype=dtype
        )
        self.bias_k: Any = None
        self.bias_v: Any = None
        if add_bias_kv:
            empty = {"device": device, "dtype": dtype}
            self.bias_k = Parameter(torch.empty((1, 1, embed_dim), **empty))
            self.bias_v = Parameter(torch.empty((1, 1, embed_dim), **empty))
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        names = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")
        for name in names:
            weight = getattr(self, name)
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """(output, weights averaged over the heads, of each head, or None)."""
        key_padding_mask = additive_mask(
            key_padding_mask,
            "key_padding_mask",
            query.dtype,
            other=attn_mask,
            other_name="attn_mask",
        )
        attn_mask = additive_mask(attn_mask, "attn_mask", query.dtype)
        turns = self.batch_first and query.dim() == 3
        if turns:
            turned: dict[int, Any] = {}
            for one in (query, key, value):
                turned.setdefault(id(one), one.transpose(1, 0))
            query, key, value = (turned[id(one)] for one in (query, key, value))
        output: Any
        output, weights = multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight,
            self.in_proj_bias, self.bias_k, self.bias_v, self.add_zero_attn, self.dropout,
            self.out_proj.weight, self.out_proj.bias, training=self.training,
            key_padding_mask=key_padding_mask, need_weights=need_weights, attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight, k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight, average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )  # fmt: skip
        return output.transpose(1, 0) if turns else output, weights
