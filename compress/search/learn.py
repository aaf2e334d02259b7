"""Teach the two towers to meet: a sentence near all parts it is true of (supervised contrastive, Khosla et al. 2020).

A batch is made of parts as the bundle saw them, each with a query that is true of it. Half of them get other places
than they had, drawn at random with the embedding kept: there are a few hundred pictures, but no end of places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from compress.progress import Reporter
from compress.search.parts import Parts
from compress.search.query import Query, draw, fits
from compress.search.towers import PartTower, TextTower
from compress.search.wording import LANGUAGES, LEARNT, say
from compress.students.optimise import OneCycle
from edge.search.seen import Patch, Seen, numbers, width_of
from edge.search.sentence import hashed

_BATCH = 96
_RATE = 4e-3
_SHARPNESS = 16.0
_MOVED = 0.5  # share of the batch that gets other places
_CAPTIONED = 0.3  # share of parts with captions that are asked for by one of them
_DROPPED_GRAMS = 0.1

Names = Mapping[str, Mapping[str, Sequence[str]]]  # class -> language -> what it may be called


@dataclass(frozen=True, slots=True)
class Towers:
    """What was learned, in eval mode."""

    text: TextTower
    part: PartTower


def learn(parts: Parts, classes: Sequence[str], names: Names, steps: int, seed: int, reporter: Reporter) -> Towers:
    """Train on one split for so many steps; the same seed gives the same towers on the same machine."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    text, part = TextTower(), PartTower(parts.embedding_ND.shape[1], width_of(len(classes)))
    optimiser = OneCycle([*text.parameters(), *part.parameters()], _RATE, steps)
    embedding_ND = torch.from_numpy(parts.embedding_ND)
    with reporter.bar("learning to search", steps) as advance:
        for step in range(steps):
            rows = rng.integers(len(parts), size=_BATCH)
            said, true = _some(parts, rows, rng)
            sentences, true_QP = _asked(parts, rows, true, classes, names, rng)
            ids = _dropped(np.stack([hashed(sentence) for sentence in sentences]), rng)
            number_PF = np.stack([numbers(one, classes) for one in said])
            part_PE = part(embedding_ND[rows], torch.from_numpy(number_PF))
            loss = contrast(text(torch.from_numpy(ids)), part_PE, torch.from_numpy(true_QP))
            optimiser.step(loss)
            advance(note=f"loss {loss.item():.2f}" if step % 20 == 0 else "")
    return Towers(text.eval(), part.eval())


def contrast(text_QE: Tensor, part_PE: Tensor, true_QP: Tensor) -> Tensor:
    """From sentences to parts and back: the mean log-likelihood of all that is true, at a fixed sharpness."""
    score_QP = text_QE @ part_PE.T * _SHARPNESS
    weight_QP = true_QP.float()
    losses = []
    for score, weight in ((score_QP, weight_QP), (score_QP.T, weight_QP.T)):
        log_share = torch.log_softmax(score, dim=1)
        losses.append(-((log_share * weight).sum(1) / weight.sum(1).clamp(min=1)).mean())
    return losses[0] + 0.5 * losses[1]


def _some(parts: Parts, rows: NDArray[np.int64], rng: np.random.Generator) -> tuple[list[Seen], list[Seen]]:
    """Parts as they are said and as they are, some with other places."""
    said, true = [], []
    for row in rows:
        one_said, one_true = parts.said[row], parts.true[row]
        if one_true.patches and rng.random() < _MOVED:
            patches = tuple(_anywhere(rng) for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])))
            one_true = replace(one_true, patches=tuple(sorted(patches, key=lambda patch: -patch.w * patch.h)))
            one_said = replace(one_said, patches=tuple(_shaken(patch, rng) for patch in one_true.patches))
        said.append(one_said)
        true.append(one_true)
    return said, true


def _anywhere(rng: np.random.Generator) -> Patch:
    w, h = np.exp(rng.uniform(np.log(0.05), np.log(0.5), 2))
    return Patch(float(rng.uniform(w / 2, 1 - w / 2)), float(rng.uniform(h / 2, 1 - h / 2)), float(w), float(h))


def _shaken(patch: Patch, rng: np.random.Generator) -> Patch:
    """As a defect map would have it: a little off, and a little too large or too small."""
    du, dv = rng.normal(0, 0.02, 2)
    grow_w, grow_h = np.exp(rng.normal(0, 0.15, 2))
    w, h = min(1.0, patch.w * grow_w), min(1.0, patch.h * grow_h)
    return Patch(float(np.clip(patch.u + du, 0, 1)), float(np.clip(patch.v + dv, 0, 1)), float(w), float(h))


def _asked(
    parts: Parts,
    rows: NDArray[np.int64],
    true: Sequence[Seen],
    classes: Sequence[str],
    names: Names,
    rng: np.random.Generator,
) -> tuple[list[str], NDArray[np.bool_]]:
    """A sentence for each part, and which parts of the batch each is true of. A caption is true of its own alone."""
    queries = [draw(one, rng) for one in true]
    true_QP = fits(queries, true, classes)
    sentences = [worded(query, str(rng.choice(LANGUAGES)), names, rng) for query in queries]
    for n, row in enumerate(rows):
        captions = parts.captions[row]
        if captions and true[n] is parts.true[row] and rng.random() < _CAPTIONED:
            sentences[n] = captions[int(rng.integers(len(captions)))]
            true_QP[n] = rows == row
    return sentences, true_QP


def worded(query: Query, language: str, names: Names, rng: np.random.Generator) -> str:
    """A query in words to learn from."""
    called = names[query.class_name][language] if query.class_name is not None else ()
    return say(query, LEARNT[language], called, rng)


def _dropped(ids_NLG: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.int32]:
    """Without some n-grams, so that no word hangs on one of them; the first of a unit says that there is one."""
    lost_NLG = rng.random(ids_NLG.shape) < _DROPPED_GRAMS
    lost_NLG[:, :, 0] = False
    return np.where(lost_NLG, 0, ids_NLG).astype(np.int32)
