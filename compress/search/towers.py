"""The two small networks that meet in one space: of a sentence, and of a part."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edge.search.sentence import BUCKETS, UNITS
from edge.search.vectors import DIM

_WIDTH = 64
_HIDDEN = 96


class TextTower(nn.Module):
    """Hashed n-grams, one layer of attention (Vaswani et al. 2017) between units, their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(BUCKETS, _WIDTH, padding_idx=0)
        nn.init.normal_(self.table.weight, std=0.1)
        self.place_LE = nn.Parameter(torch.zeros(UNITS, _WIDTH))
        self.query, self.key, self.value = (nn.Linear(_WIDTH, _WIDTH) for _ in range(3))
        self.before, self.after = nn.LayerNorm(_WIDTH), nn.LayerNorm(_WIDTH)
        self.feed = nn.Sequential(nn.Linear(_WIDTH, 2 * _WIDTH), nn.GELU(), nn.Linear(2 * _WIDTH, _WIDTH))
        self.out = nn.Linear(_WIDTH, DIM)

    def forward(self, ids: Tensor) -> Tensor:
        """ids: int32 [N, UNITS, GRAMS] -> [N, DIM], L2-normalised."""
        return self.read(self.table(ids.long()), ids)

    def read(self, gram_NLGE: Tensor, ids: Tensor) -> Tensor:
        """The same from looked-up n-grams."""
        given_NLG = (ids > 0).to(gram_NLGE.dtype)
        there_NL = given_NLG[:, :, 0]
        unit_NLE = (gram_NLGE * given_NLG[..., None]).sum(2) / given_NLG.sum(2, keepdim=True).clamp(min=1).sqrt()
        unit_NLE = unit_NLE + self.place_LE
        normed = self.before(unit_NLE)
        score_NLL = self.query(normed) @ self.key(normed).transpose(1, 2) / _WIDTH**0.5
        weight_NLL = torch.softmax(score_NLL - 1e4 * (1 - there_NL[:, None]), dim=2)
        unit_NLE = unit_NLE + weight_NLL @ self.value(normed)
        unit_NLE = unit_NLE + self.feed(self.after(unit_NLE))
        mean_NE = (unit_NLE * there_NL[..., None]).sum(1) / there_NL.sum(1, keepdim=True).clamp(min=1)
        return F.normalize(self.out(mean_NE), dim=1)


class SmallTextTower(nn.Module):
    """A learned TextTower whose table, nearly all of its weights, is held in eight bits, a scale for each column."""

    def __init__(self, tower: TextTower) -> None:
        super().__init__()
        self.tower = tower
        weight_VE = tower.table.weight.detach()
        scale_E = weight_VE.abs().amax(dim=0).clamp(min=1e-8) / 127
        self.register_buffer("table_VE", torch.round(weight_VE / scale_E).to(torch.int8))
        self.register_buffer("scale_E", scale_E)
        del tower.table

    def forward(self, ids: Tensor) -> Tensor:
        table_VE, scale_E = cast(Tensor, self.table_VE), cast(Tensor, self.scale_E)
        return self.tower.read(table_VE[ids.long()].float() * scale_E, ids)


class PartTower(nn.Module):
    """What a verdict says (`edge.search.seen.numbers`) and the embedding of its part -> the space of sentences."""

    def __init__(self, embedding_dim: int, seen_dim: int) -> None:
        super().__init__()
        self.look = nn.Linear(embedding_dim, _HIDDEN)
        self.said = nn.Linear(seen_dim, 2 * _HIDDEN)
        self.join = nn.Sequential(
            nn.GELU(), nn.Linear(3 * _HIDDEN, 2 * _HIDDEN), nn.GELU(), nn.Linear(2 * _HIDDEN, DIM)
        )

    def forward(self, embedding: Tensor, seen: Tensor) -> Tensor:
        """embedding: [N, D], seen: [N, F] -> [N, DIM], L2-normalised."""
        return F.normalize(self.join(torch.cat([self.look(embedding), self.said(seen)], dim=1)), dim=1)
