"""Train the decoder: facts in any of their wordings, then what was told of the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from compress.data.dataset import Dataset
from compress.language.look import Look, Seen
from compress.language.model import DecoderConfig, ReportDecoder, load_decoder, save_decoder
from compress.language.told import TellingResult, joined, texts_of
from compress.progress import Reporter
from edge.facts import Facts, Titles
from edge.language.course import stages_of
from edge.language.decoder import LONGEST_WORDS
from edge.language.grammar.languages import LANGUAGES
from edge.language.grammar.slots import fill
from edge.language.vocabulary import (
    END,
    PAD,
    Vocabulary,
    load_vocabulary,
    new_vocabulary,
    prompt_of,
    save_vocabulary,
    split,
)

_BATCH = 32
_RATE = 2e-3
_COMMON = 2  # a word that was told less often is not worth a place in the vocabulary
VOCABULARY = "vocabulary.json"
_IGNORED = -100
_LOOK = 0.1  # what looking at the defect is worth against the next piece


@dataclass(frozen=True, slots=True)
class Learnt:
    """A trained decoder and its vocabulary. unwritten: tellings left out because of rare words."""

    decoder: ReportDecoder
    vocabulary: Vocabulary
    unwritten: int


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A picture in one language. tellings: its prose as pieces, empty where none was told."""

    place: int
    language: str
    facts: tuple[Facts, ...]
    tellings: tuple[tuple[int, ...], ...]


class _Record(msgspec.Struct, frozen=True):
    unwritten: int


def learn(
    folder: Path, dataset: Dataset, look: Look, telling: TellingResult, titles: Titles, steps: int, seed: int,
    reporter: Reporter,
) -> None:  # fmt: skip
    """Train on the train split and save the decoder into `folder`. Deterministic for a seed."""
    torch.manual_seed(seed)
    train = {sample.name for sample in dataset.of("train")}
    told = [each for each in telling.told if each.name in train]
    vocabulary = vocabulary_for(tuple(titles.all("en")), texts_of(told))
    lessons, unwritten = _lessons(look, train, telling, vocabulary)
    tokens, channels = look.tokens_NTC.shape[1:]
    decoder = ReportDecoder(DecoderConfig(len(vocabulary), tokens, channels)).train()
    speaks = {lesson.language for lesson in lessons if lesson.tellings}
    optimiser = torch.optim.AdamW(decoder.parameters(), _RATE, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps, pct_start=0.1)
    rng = np.random.default_rng(seed)
    with reporter.bar("the decoder learns", steps) as advance:
        for _ in range(steps):
            chosen = [lessons[n] for n in rng.integers(len(lessons), size=_BATCH)]
            ids_BS, target_BS, own_BS = _batch(chosen, vocabulary, titles, speaks, rng)
            tokens_BTC = torch.from_numpy(np.stack([look.tokens_NTC[lesson.place] for lesson in chosen]))
            marked_BT = torch.from_numpy(np.stack([look.marked_NT[lesson.place] for lesson in chosen]))
            logits_BSV, looks_BST = decoder(ids_BS, tokens_BTC)
            loss = F.cross_entropy(logits_BSV.flatten(0, 1), target_BS.flatten(), ignore_index=_IGNORED)
            loss = loss + _LOOK * _looked_away(looks_BST, own_BS, marked_BT)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch's stub
            torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
            optimiser.step()
            rate.step()
            advance(1, f"loss {loss.item():.2f}")
    save_decoder(decoder, folder)
    save_vocabulary(vocabulary, folder / VOCABULARY)
    (folder / "learnt.json").write_bytes(msgspec.json.encode(_Record(unwritten)))


def _looked_away(looks_BST: Tensor, own_BS: Tensor, marked_BT: Tensor) -> Tensor:
    """Minus the logarithm of how much it looked at the defect while it chose its own words (after Liu et al. 2017).

    Parts without a marked place have no say in it.
    """
    inside_BS = (looks_BST * marked_BT[:, None]).sum(-1)
    counts_BS = own_BS & marked_BT.any(-1, keepdim=True)
    return (-(inside_BS + 1e-6).log() * counts_BS).sum() / counts_BS.sum().clamp(min=1)


def read_learnt(folder: Path) -> Learnt:
    record = msgspec.json.decode((folder / "learnt.json").read_bytes(), type=_Record)
    return Learnt(load_decoder(folder), load_vocabulary(folder / VOCABULARY), record.unwritten)


def vocabulary_for(classes: Sequence[str], texts: Sequence[str]) -> Vocabulary:
    """Every piece of the fact grammar, and of what was told those that are met more than once."""
    counted = Counter(piece for text in texts for piece in split(text))
    words = {piece for piece, count in counted.items() if count >= _COMMON}
    for language in LANGUAGES.values():
        for ways in language.sentences.values():
            for way in ways:
                for text in _openings(way):
                    words |= set(split(text)) | set(split(language.gap + text))
    return new_vocabulary(classes, LANGUAGES, words)


def _openings(way: str) -> tuple[str, str]:
    """A sentence with all of its options and with none: their pieces are the pieces of whatever is between."""
    without = way
    while "[" in without:
        without = without[: without.index("[")] + without[without.index("]") + 1 :]
    return way.replace("[", "").replace("]", ""), without


def _lessons(look: Look, train: set[str], telling: TellingResult, vocabulary: Vocabulary) -> tuple[list[_Lesson], int]:
    told = telling.of()
    lessons, unwritten = [], 0
    for place, seen in enumerate(look.seen):
        if seen.name not in train:
            continue
        for code in LANGUAGES:
            texts = [joined(sentences, code) for sentences in told.get((seen.name, code), [])]
            ids = [vocabulary.ids(split(text)) for text in texts]
            unwritten += ids.count(None)
            fit = tuple(tuple(each[:LONGEST_WORDS]) for each in ids if each is not None)
            lessons.append(_Lesson(place, code, _facts(seen), fit))
    return lessons, unwritten


def _facts(seen: Seen) -> tuple[Facts, ...]:
    """What a verdict may say of it: the labels, and the bundle's own verdict where it has the right class."""
    truth = seen.truth or seen.verdict
    return (truth, seen.verdict) if seen.verdict.class_name == seen.class_name else (truth,)


def _batch(
    lessons: Sequence[_Lesson], vocabulary: Vocabulary, titles: Titles, speaks: set[str], rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """ids_BS; what is to come after each, _IGNORED where nothing is to be learnt; whether that is a word of its own."""
    rows = [_row(lesson, vocabulary, titles, speaks, rng) for lesson in lessons]
    longest = max(len(ids) for ids, *_ in rows) - 1
    ids_BS: NDArray[np.int64] = np.full((len(rows), longest), vocabulary.numbers[PAD], np.int64)
    target_BS: NDArray[np.int64] = np.full((len(rows), longest), _IGNORED, np.int64)
    own_BS: NDArray[np.bool_] = np.zeros((len(rows), longest), np.bool_)
    for number, (ids, learnt, prose) in enumerate(rows):
        ids_BS[number, : len(ids) - 1] = ids[:-1]
        own_BS[number, len(ids) - 2 - prose : len(ids) - 2] = True
        following = np.where(learnt[1:], ids[1:], _IGNORED)
        target_BS[number, : len(ids) - 1] = following
    return torch.from_numpy(ids_BS), torch.from_numpy(target_BS), torch.from_numpy(own_BS)


def _row(
    lesson: _Lesson, vocabulary: Vocabulary, titles: Titles, speaks: set[str], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_], int]:
    """One report as pieces, which of them are to be learnt, and how many before the last are the model's own words."""
    language = LANGUAGES[lesson.language]
    facts = lesson.facts[rng.integers(len(lesson.facts))]
    prompt = vocabulary.ids(prompt_of(facts, language.code)) or []
    said: list[int] = []
    chosen: list[bool] = []
    for ways in stages_of(language, fill(facts, language, titles), vocabulary):
        way = ways[rng.integers(len(ways))]
        said += way
        chosen += _choices(way, ways)
    tells = bool(lesson.tellings)
    prose = [*lesson.tellings[rng.integers(len(lesson.tellings))]] if tells else []
    # Where others are told of and this picture is not, silence is no example.
    ends = tells or lesson.language not in speaks
    ids = np.array([*prompt, *said, *prose, vocabulary.numbers[END]], np.int64)
    learnt = np.array([*[False] * len(prompt), *chosen, *[True] * len(prose), ends], np.bool_)
    return ids, learnt, len(prose)


def _choices(way: Sequence[int], ways: Sequence[Sequence[int]]) -> list[bool]:
    """At which pieces the grammar leaves a choice; where it leaves none there is nothing to learn."""
    return [
        len({other[at] for other in ways if len(other) > at and other[:at] == way[:at]}) > 1 for at in range(len(way))
    ]
