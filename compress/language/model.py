"""The small decoder: a Transformer (Vaswani et al. 2017, pre-norm) that attends to visual tokens and to facts.

About a million weights. Keys and values can be kept between pieces, so that each costs one row (see
`edge.language.decoder` for the two graphs).
"""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F


class DecoderConfig(msgspec.Struct, frozen=True):
    """All that is needed to build a decoder anew. tokens, channels: of the visual tokens; longest: pieces in all."""

    vocabulary: int
    tokens: int
    channels: int
    width: int = 128
    layers: int = 3
    heads: int = 4
    longest: int = 256


class ReportDecoder(nn.Module):
    """ids_BS, tokens_BTC -> logits_BSV, looks_BST: how much each token was looked at, over all heads and layers."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embed = nn.Embedding(config.vocabulary, width)
        self.place = nn.Parameter(0.02 * torch.randn(config.longest, width))
        self.see_norm = nn.LayerNorm(config.channels)
        self.see = nn.Linear(config.channels, width)
        self.see_place = nn.Parameter(0.02 * torch.randn(config.tokens, width))
        self.layers = nn.ModuleList(_Layer(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.vocabulary)
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, ids_BS: Tensor, tokens_BTC: Tensor) -> tuple[Tensor, Tensor]:
        x_BSW, _, _, looks_BST = self.read(ids_BS, tokens_BTC)
        return self.out(x_BSW), looks_BST

    def read(self, ids_BS: Tensor, tokens_BTC: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Everything at once: x_BSW; keys and values of both attentions (see `edge.language.decoder`); looks_BST."""
        seen_BTW = self.see(self.see_norm(tokens_BTC)) + self.see_place
        x_BSW = self.embed(ids_BS) + self.place[: ids_BS.shape[1]]
        size = ids_BS.shape[1]
        after_SS = torch.ones(size, size, dtype=torch.bool, device=ids_BS.device).tril().logical_not()
        kept, seen, looks = [], [], []
        for layer in self.layers:
            assert isinstance(layer, _Layer)
            cross_2BHTd = layer.cross_kv(seen_BTW)
            x_BSW, self_2BHSd, look_BHST = layer(x_BSW, None, cross_2BHTd, after_SS)
            looks.append(look_BHST)
            kept.append(self_2BHSd)
            seen.append(cross_2BHTd)
        return self.norm(x_BSW), torch.stack(kept), torch.stack(seen), torch.stack(looks).mean((0, 2))

    def step(self, id_B1: Tensor, self_L2BHPd: Tensor, cross_L2BHTd: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One piece more: logits_BV, the keys and values with it, attention_BT."""
        past = self_L2BHPd.shape[4]
        x_B1W = self.embed(id_B1) + self.place[past : past + 1]
        kept, looks = [], []
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, _Layer)
            x_B1W, self_2BHSd, look_BHST = layer(x_B1W, self_L2BHPd[number], cross_L2BHTd[number], None)
            kept.append(self_2BHSd)
            looks.append(look_BHST)
        attention_BT = torch.stack(looks).mean((0, 2, 3))
        return self.out(self.norm(x_B1W))[:, -1], torch.stack(kept), attention_BT

    def parameters_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.qkv = nn.Linear(width, 3 * width)
        self.self_out = nn.Linear(width, width)
        self.cross_q = nn.Linear(width, width)
        self.cross_kv_of = nn.Linear(width, 2 * width)
        self.cross_out = nn.Linear(width, width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def cross_kv(self, seen_BTW: Tensor) -> Tensor:
        keys, values = self.cross_kv_of(seen_BTW).chunk(2, dim=-1)
        return torch.stack((self._parted(keys), self._parted(values)))

    def forward(
        self, x_BSW: Tensor, past_2BHPd: Tensor | None, cross_2BHTd: Tensor, after_SS: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = (self._parted(x) for x in self.qkv(self.norms[0](x_BSW)).chunk(3, dim=-1))
        kept = torch.stack((key, value))
        if past_2BHPd is not None:
            kept = torch.cat((past_2BHPd, kept), dim=3)
        read, _ = _attend(query, kept[0], kept[1], after_SS)
        x_BSW = x_BSW + self.self_out(_joined(read))
        read, look_BHST = _attend(
            self._parted(self.cross_q(self.norms[1](x_BSW))), cross_2BHTd[0], cross_2BHTd[1], None
        )
        x_BSW = x_BSW + self.cross_out(_joined(read))
        return x_BSW + self.down(F.gelu(self.up(self.norms[2](x_BSW)))), kept, look_BHST

    def _parted(self, x_BSW: Tensor) -> Tensor:
        batch, size, width = x_BSW.shape
        if size == 1:  # of one row there is nothing to turn: a step is bound by the number of its operations
            return x_BSW.reshape(batch, self.heads, 1, width // self.heads)
        return x_BSW.reshape(batch, size, self.heads, width // self.heads).transpose(1, 2)


def _attend(query: Tensor, key: Tensor, value: Tensor, hidden: Tensor | None) -> tuple[Tensor, Tensor]:
    """Written out, and not by torch's fused attention: where it looked is wanted too."""
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    if hidden is not None:
        scores = scores.masked_fill(hidden, float("-inf"))
    weights = scores.softmax(-1)
    return weights @ value, weights


def _joined(x_BHSd: Tensor) -> Tensor:
    batch, heads, size, depth = x_BHSd.shape
    if size == 1:
        return x_BHSd.reshape(batch, 1, heads * depth)
    return x_BHSd.transpose(1, 2).flatten(2)


def save_decoder(decoder: ReportDecoder, folder: Path) -> None:
    """`decoder.json` and `decoder.safetensors`: plain data, no pickle."""
    (folder / "decoder.json").write_bytes(msgspec.json.encode(decoder.config))
    save_file({k: v.contiguous() for k, v in decoder.state_dict().items()}, folder / "decoder.safetensors")


def load_decoder(folder: Path) -> ReportDecoder:
    decoder = ReportDecoder(msgspec.json.decode((folder / "decoder.json").read_bytes(), type=DecoderConfig))
    decoder.load_state_dict(load_file(folder / "decoder.safetensors"))
    return decoder.eval()
