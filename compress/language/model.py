"""The small decoder: a Transformer (Vaswani et al. 2017, pre-norm) that attends to visual tokens and to facts.

About a million weights. Keys and values can be kept between pieces, so that each costs one row (see
`edge.language.decoder` for the graphs). One row costs so little that a step is bound by how many operations it has
and how many arrays it is given: hence keys and values of a layer in one array.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from compress.kept import filled, keep, kept


class DecoderConfig(msgspec.Struct, frozen=True):
    """All that is needed to build a decoder anew. tokens, channels: of the visual tokens; longest: pieces in all."""

    vocabulary: int
    tokens: int
    channels: int
    width: int = 128
    layers: int = 3
    heads: int = 4
    longest: int = 256


@dataclass(frozen=True, slots=True)
class Kept:
    """What a later piece needs of a layer. self_BGPd: keys, then values of the pieces (G: twice the heads), if any.

    keys_BHdT, values_BHTd: of the visual tokens; the keys turned, as they are multiplied.
    """

    self_BGPd: Tensor | None
    keys_BHdT: Tensor
    values_BHTd: Tensor


class ReportDecoder(nn.Module):
    """ids_BS, tokens_BTC -> logits_BSV, looks_BST: how much each token was looked at, over all heads and layers."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embed = nn.Embedding(config.vocabulary, width)
        self.place = nn.Parameter(0.02 * torch.randn(config.longest, width))
        self.see_norm = nn.LayerNorm(config.channels)
        self.see_in = nn.Linear(config.channels, width)
        self.see_place = nn.Parameter(0.02 * torch.randn(config.tokens, width))
        self.layers = nn.ModuleList(_Layer(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.vocabulary)
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, ids_BS: Tensor, tokens_BTC: Tensor) -> tuple[Tensor, Tensor]:
        at_1S = torch.arange(ids_BS.shape[1], device=ids_BS.device)[None]
        x_BSW, _, looks = self.read(ids_BS, at_1S, self.see(tokens_BTC))
        return self.out(x_BSW), torch.stack(looks).mean((0, 2))

    def see(self, tokens_BTC: Tensor) -> list[Kept]:
        """What each layer needs of the visual tokens; no piece was read yet."""
        seen_BTW = self.see_in(self.see_norm(tokens_BTC)) + self.see_place
        return [Kept(None, *layer.see(seen_BTW)) for layer in self._layers()]

    def read(self, ids_BS: Tensor, at_1S: Tensor, kept: Sequence[Kept]) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Some pieces more, the `at`th ones, from 0: x_BSW, and of each layer `self_BGPd` with them and look_BHST."""
        x_BSW = self.embed(ids_BS) + F.embedding(at_1S, self.place)
        past = kept[0].self_BGPd
        hidden_SP = None if ids_BS.shape[1] == 1 else _later(at_1S[0], 0 if past is None else past.shape[2])
        longer, looks = [], []
        for layer, of_layer in zip(self._layers(), kept, strict=True):
            x_BSW, self_BGPd, look_BHST = layer(x_BSW, of_layer, hidden_SP)
            longer.append(self_BGPd)
            looks.append(look_BHST)
        return self.norm(x_BSW), longer, looks

    def _layers(self) -> list[_Layer]:
        return cast("list[_Layer]", list(self.layers))

    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = 1 / math.sqrt(width // heads)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.qkv = nn.Linear(width, 3 * width)
        self.self_out = nn.Linear(width, width)
        self.cross_q = nn.Linear(width, width)
        self.cross_kv_of = nn.Linear(width, 2 * width)
        self.cross_out = nn.Linear(width, width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def see(self, seen_BTW: Tensor) -> tuple[Tensor, Tensor]:
        """keys_BHdT, values_BHTd of the visual tokens."""
        keys_BHTd, values_BHTd = self._parted(self.cross_kv_of(seen_BTW), 2 * self.heads).chunk(2, dim=1)
        return keys_BHTd.transpose(2, 3), values_BHTd

    def forward(self, x_BSW: Tensor, kept: Kept, hidden_SP: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        parted = self._parted(self.qkv(self.norms[0](x_BSW)), 3 * self.heads)
        query, self_BGPd = parted.split((self.heads, 2 * self.heads), dim=1)  # type: ignore[no-untyped-call]
        if kept.self_BGPd is not None:
            self_BGPd = torch.cat((kept.self_BGPd, self_BGPd), dim=2)
        key, value = self_BGPd.chunk(2, dim=1)
        read, _ = self._attend(query, key.transpose(2, 3), value, hidden_SP)
        x_BSW = x_BSW + self.self_out(_joined(read))
        query = self._parted(self.cross_q(self.norms[1](x_BSW)), self.heads)
        read, look_BHST = self._attend(query, kept.keys_BHdT, kept.values_BHTd, None)
        x_BSW = x_BSW + self.cross_out(_joined(read))
        return x_BSW + self.down(F.gelu(self.up(self.norms[2](x_BSW)))), self_BGPd, look_BHST

    def _parted(self, x_BSW: Tensor, heads: int) -> Tensor:
        batch, size, width = x_BSW.shape
        if size == 1:  # of one row there is nothing to turn
            return x_BSW.reshape(batch, heads, 1, width // heads)
        return x_BSW.reshape(batch, size, heads, width // heads).transpose(1, 2)

    def _attend(
        self, query_BHSd: Tensor, keys_BHdP: Tensor, value_BHPd: Tensor, hidden_SP: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Written out, and not by torch's fused attention: where it looked is wanted too."""
        scores_BHSP = query_BHSd @ keys_BHdP
        if self.scale != 1:
            scores_BHSP = self.scale * scores_BHSP
        if hidden_SP is not None:
            scores_BHSP = scores_BHSP.masked_fill(hidden_SP, float("-inf"))
        weights_BHSP = scores_BHSP.softmax(-1)
        return weights_BHSP @ value_BHPd, weights_BHSP


def _later(at_S: Tensor, past: int) -> Tensor:
    """hidden_SP: for each piece, which of all pieces come after it."""
    return torch.arange(past + at_S.shape[0], device=at_S.device)[None] > at_S[:, None]


def _joined(x_BHSd: Tensor) -> Tensor:
    batch, heads, size, depth = x_BHSd.shape
    if size == 1:
        return x_BHSd.reshape(batch, 1, heads * depth)
    return x_BHSd.transpose(1, 2).flatten(2)


def with_scaled_queries(decoder: ReportDecoder) -> ReportDecoder:
    """A copy that computes the same, with the scale of the attention in the weights of its queries.

    ONNX Runtime multiplies a single row by a matrix faster where no factor goes with it.
    """
    scaled = copy.deepcopy(decoder)
    with torch.no_grad():
        for layer in scaled.layers:
            assert isinstance(layer, _Layer)
            width = layer.cross_q.out_features
            for weights in (layer.qkv.weight[:width], layer.qkv.bias[:width], *layer.cross_q.parameters()):
                weights.mul_(layer.scale)
            layer.scale = 1.0
    return scaled


def save_decoder(decoder: ReportDecoder, folder: Path) -> None:
    keep(decoder.config, decoder.state_dict(), folder)


def load_decoder(folder: Path) -> ReportDecoder:
    """What `save_decoder` left. Raises TeacherError where a file is missing, damaged, or of another model."""
    return kept(folder, DecoderConfig, lambda config, tensors: filled(ReportDecoder(config), tensors))
