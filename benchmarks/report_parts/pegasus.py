"""The decoder's weights in a Hugging Face model that computes the same: the decoder of Pegasus, pre-norm as ours is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PegasusConfig, PegasusForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

from compress.language.model import ReportDecoder


def as_pegasus(decoder: ReportDecoder) -> Any:
    """A `PegasusForConditionalGeneration` with the same weights; its own encoder is not used."""
    c = decoder.config
    config = PegasusConfig(
        vocab_size=c.vocabulary, d_model=c.width, decoder_layers=c.layers, decoder_attention_heads=c.heads,
        decoder_ffn_dim=4 * c.width, encoder_layers=1, encoder_attention_heads=c.heads, encoder_ffn_dim=8,
        max_position_embeddings=c.longest, activation_function="gelu", scale_embedding=False, tie_word_embeddings=False,
        pad_token_id=0, eos_token_id=None, decoder_start_token_id=0, forced_eos_token_id=None, dropout=0.0,
    )  # fmt: skip
    model = PegasusForConditionalGeneration(config).eval()
    with torch.no_grad():
        inside = model.model.decoder
        inside.embed_tokens.weight.copy_(decoder.embed.weight)
        inside.embed_positions.weight.copy_(decoder.place)
        for theirs, ours in zip(inside.layers, decoder.layers, strict=True):
            _copy_layer(theirs, ours)
        _same(inside.layer_norm, decoder.norm)
        model.lm_head.weight.copy_(decoder.out.weight)
        model.final_logits_bias.copy_(decoder.out.bias[None])
    return model


def seen(decoder: ReportDecoder, tokens_BTC: Tensor) -> Any:
    """What the decoder attends to, as an encoder's output."""
    with torch.inference_mode():
        hidden = decoder.see_in(decoder.see_norm(tokens_BTC)) + decoder.see_place
    return BaseModelOutput(last_hidden_state=hidden)


def _copy_layer(theirs: Any, ours: Any) -> None:
    attention = theirs.self_attn
    for part, weight, bias in zip(
        (attention.q_proj, attention.k_proj, attention.v_proj), ours.qkv.weight.chunk(3), ours.qkv.bias.chunk(3),
        strict=True,
    ):  # fmt: skip
        part.weight.copy_(weight)
        part.bias.copy_(bias)
    _same(attention.out_proj, ours.self_out)
    cross = theirs.encoder_attn
    _same(cross.q_proj, ours.cross_q)
    for part, weight, bias in zip(
        (cross.k_proj, cross.v_proj), ours.cross_kv_of.weight.chunk(2), ours.cross_kv_of.bias.chunk(2), strict=True
    ):
        part.weight.copy_(weight)
        part.bias.copy_(bias)
    _same(cross.out_proj, ours.cross_out)
    _same(theirs.fc1, ours.up)
    _same(theirs.fc2, ours.down)
    for norm, own in zip(
        (theirs.self_attn_layer_norm, theirs.encoder_attn_layer_norm, theirs.final_layer_norm), ours.norms, strict=True
    ):
        _same(norm, own)


def _same(theirs: nn.Module, ours: nn.Module) -> None:
    theirs.load_state_dict(ours.state_dict())
