"""Transformers: layers of attention and of two linear layers, stacks of them, and both stacks."""

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn import functional as F
from reference_engine.nn import init
from reference_engine.nn._multi_head import additive_mask
from reference_engine.nn.modules.activation import GELU, ReLU
from reference_engine.nn.modules.container import ModuleList
from reference_engine.nn.modules.dropout import Dropout
from reference_engine.nn.modules.linear import Linear
from reference_engine.nn.modules.module import Module
from reference_engine.nn.modules.multihead import MultiheadAttention
from reference_engine.nn.modules.normalization import LayerNorm

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip

Activation = str | Callable[[Any], Any]


def _activation(given: Activation) -> Callable[[Any], Any]:
    if given not in ("relu", "gelu") and isinstance(given, str):
        raise RuntimeError(f"activation should be relu/gelu, not {given}")
    return getattr(F, given) if isinstance(given, str) else given


def _copies(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


class _Layer(Module):
    """What both kinds of layer have: attention to itself, two linear layers, norms, dropout."""

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = F.relu, layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        super().__init__()
        attends_to = ["self_attn", "multihead_attn"][: self._attentions]
        for name in attends_to:
            attention = MultiheadAttention(
                d_model, nhead, dropout=dropout, batch_first=batch_first, **made
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        self.norm_first = norm_first
        blocks = range(1, len(attends_to) + 2)
        for place in blocks:
            setattr(self, f"norm{place}", LayerNorm(d_model, eps=layer_norm_eps, **made))
        for place in blocks:
            setattr(self, f"dropout{place}", Dropout(dropout))
        self.activation = _activation(activation)

    _attentions = 1

    def _around(self, values: Any, place: int, block: Callable[[Any], Any]) -> Any:
        """The values with what a block adds, normalised before it or after."""
        norm: Any = getattr(self, f"norm{place}")
        dropped: Any = getattr(self, f"dropout{place}")
        if self.norm_first:
            return values + dropped(block(norm(values)))
        return norm(values + dropped(block(values)))

    def _feed_forward(self, values: Any) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(values))))


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, then two linear layers, each beside what it is given."""

    self_attn: MultiheadAttention

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Tensor:
        """A sequence of the same shape; `src_mask` (length, length) says what may not be seen."""
        padding = additive_mask(
            src_key_padding_mask,
            "src_key_padding_mask",
            src.dtype,
            other=src_mask,
            other_name="src_mask",
        )
        mask = additive_mask(src_mask, "src_mask", src.dtype)

        def attended(values: Any) -> Any:
            return self.self_attn(
                values, values, values, attn_mask=mask, key_padding_mask=padding,
                need_weights=False, is_causal=is_causal,
            )[0]  # fmt: skip

        return self._around(self._around(src, 1, attended), 2, self._feed_forward)  # type: ignore[no-any-return]


class TransformerDecoderLayer(_Layer):
    """Attention of a sequence to itself, then to `memory`, then two linear layers."""

    _attentions = 2
    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """A sequence of the shape of `tgt`."""

        def attended(values: Any) -> Any:
            return self.self_attn(
                values, values, values, attn_mask=tgt_mask, key_padding_mask=tgt_key_padding_mask,
                is_causal=tgt_is_causal, need_weights=False,
            )[0]  # fmt: skip

        def looked_up(values: Any) -> Any:
            return self.multihead_attn(
                values, memory, memory, attn_mask=memory_mask,
                key_padding_mask=memory_key_padding_mask, is_causal=memory_is_causal,
                need_weights=False,
            )[0]  # fmt: skip

        found = self._around(self._around(tgt, 1, attended), 2, looked_up)
        return self._around(found, 3, self._feed_forward)  # type: ignore[no-any-return]


def _causal_mask(size: int, device: Any = None, dtype: Any = None) -> Any:
    return torch.triu(torch.full((size, size), -math.inf, dtype=dtype, device=device), diagonal=1)


def _is_causal(mask: Any, given: bool | None, length: int) -> bool:
    """Whether a mask hides just what comes later."""
    if given is not None or mask is None:
        return bool(given)
    return mask.size() == (length, length) and bool((mask == _causal_mask(length)).all())


def _length(sequence: Any, *, batch_first: bool) -> int:
    return int(sequence.size(1 if batch_first and sequence.dim() == 3 else 0))


class TransformerEncoder(Module):
    """`num_layers` copies of a layer, one after the other, and `norm` behind them."""

    def __init__(
        self,
        encoder_layer: Any,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm: Any = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        reason = _why_padding_stays(encoder_layer)
        self.use_nested_tensor = enable_nested_tensor and not reason
        if enable_nested_tensor and reason:
            warnings.warn(
                "enable_nested_tensor is True, but self.use_nested_tensor is False because "
                f"{reason}",
                stacklevel=2,
            )

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """A sequence of the same shape."""
        padding = additive_mask(
            src_key_padding_mask, "src_key_padding_mask", src.dtype, other=mask, other_name="mask"
        )
        mask = additive_mask(mask, "mask", src.dtype)
        first: Any = self.layers[0]
        length = _length(src, batch_first=first.self_attn.batch_first)
        causal = _is_causal(mask, is_causal, length)
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, is_causal=causal, src_key_padding_mask=padding)
        if padding is not None and mask is None and self._drops_padding(src):
            output = output.masked_fill((padding != 0).unsqueeze(-1), 0.0)
        return output if self.norm is None else self.norm(output)  # type: ignore[no-any-return]

    def _drops_padding(self, src: Any) -> bool:
        """Whether PyTorch computes only what is no padding, and leaves zeros in its place."""
        tracked = any(one.requires_grad for one in (src, *self.layers.parameters()))
        return (
            self.use_nested_tensor
            and not self.layers[0].training
            and src.dim() == 3
            and not (torch.is_grad_enabled() and tracked)
        )


def _why_padding_stays(layer: Any) -> str:
    """What keeps PyTorch from leaving padding out of a stack of such layers; empty if nothing."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    attention = layer.self_attn
    reasons = {
        "norm_first was True": layer.norm_first,
        "self_attn.batch_first was not True(use batch_first for better inference performance)": (
            not attention.batch_first
        ),
        "self_attn was passed bias=False": attention.in_proj_bias is None,
        "activation_relu_or_gelu was not True": not (
            layer.activation in (F.relu, F.gelu) or isinstance(layer.activation, ReLU | GELU)
        ),
        "self_attn.num_heads is odd": attention.num_heads % 2 == 1,
    }
    found = next((text for text, holds in reasons.items() if holds), "")
    return f"encoder_layer.{found}" if found else ""


class TransformerDecoder(Module):
    """`num_layers` copies of a layer, one after the other, and `norm` behind them."""

    def __init__(self, decoder_layer: Any, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm: Any = norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """A sequence of the shape of `tgt`."""
        first: Any = self.layers[0]
        length = _length(tgt, batch_first=first.self_attn.batch_first)
        causal = _is_causal(tgt_mask, tgt_is_causal, length)
        output = tgt
        for layer in self.layers:
            output = layer(
                output, memory, tgt_mask=tgt_mask, memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )  # fmt: skip
        return output if self.norm is None else self.norm(output)  # type: ignore[no-any-return]


class Transformer(Module):
    """An encoder of one sequence and a decoder of another that looks at what was encoded."""

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6,
        num_decoder_layers: int = 6, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = F.relu, custom_encoder: Any = None, custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5, batch_first: bool = False, norm_first: bool = False,
        bias: bool = True, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        layer = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, device, dtype,
        )  # fmt: skip
        norm: dict[str, Any] = {
            "eps": layer_norm_eps, "bias": bias, "device": device, "dtype": dtype
        }  # fmt: skip
        self.encoder: Any = custom_encoder
        if custom_encoder is None:
            self.encoder = TransformerEncoder(
                TransformerEncoderLayer(*layer), num_encoder_layers, LayerNorm(d_model, **norm)
            )
        self.decoder: Any = custom_decoder
        if custom_decoder is None:
            self.decoder = TransformerDecoder(
                TransformerDecoderLayer(*layer), num_decoder_layers, LayerNorm(d_model, **norm)
            )
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """A sequence of the shape of `tgt`."""
        batch = 0 if self.batch_first else 1
        if src.dim() == 3 and src.size(batch) != tgt.size(batch):
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(  # type: ignore[no-any-return]
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(size: int, device: Any = None, dtype: Any = None) -> Any:
        """A mask (size, size) that hides what comes later: minus infinity above the diagonal."""
        return _causal_mask(size, device, dtype)
