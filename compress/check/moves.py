"""Near-duplicates on both sides of a split, moved to one: a plan, and the lists that carry it out.

Where to? To train: the picture is known there anyway, learning loses nothing, and what is left in test is unseen.
Only where a class would lose more than half of its pictures in a split that judges does the cluster go there instead:
a test of almost nothing says nothing, and a class can spare a few pictures to learn from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compress.check.duplicates import Duplicates, tie
from compress.data.readers.found import Split
from compress.data.readers.lists import MOVED, SPLITS
from compress.data.samples import Dataset, Sample
from compress.errors import DataError

_MAY_LOSE = 0.5  # the share of its pictures that a class may lose in val or test
_JUDGING: tuple[Split, ...] = ("test", "val")


@dataclass(frozen=True, slots=True)
class Move:
    """One sample that changes its split."""

    sample: Sample
    to: Split


def plan_moves(dataset: Dataset, duplicates: Duplicates) -> tuple[Move, ...]:
    """What has to move so that no near-duplicate stands on two sides.

    A cluster moves together with the groups of its members: else a group would be cut instead.
    """
    in_cluster = {name for cluster in duplicates.leaking(dataset) for name in cluster}
    name_pairs = [(cluster[0], name) for cluster in duplicates.clusters for name in cluster]
    first_of: dict[str, str] = {}
    group_pairs = [(first_of.setdefault(s.group, s.name), s.name) for s in dataset.samples]
    sample_of = {s.name: s for s in dataset.samples}
    had = Counter((s.split, s.class_name) for s in dataset.samples)
    have = Counter(had)
    moves: list[Move] = []
    for unit in tie([*name_pairs, *group_pairs]):
        if in_cluster.isdisjoint(unit):
            continue
        samples = [sample_of[name] for name in unit]
        to = _destination(samples, have, had)
        for sample in samples:
            have[sample.split, sample.class_name] -= 1
            have[to, sample.class_name] += 1
        moves += [Move(sample, to) for sample in samples if sample.split != to]
    return tuple(moves)


def _destination(samples: Sequence[Sample], have: Counter[tuple[Split, str]], had: Counter[tuple[Split, str]]) -> Split:
    """Train, unless that starves a split that judges and train can spare them."""
    leaving = Counter((s.split, s.class_name) for s in samples)
    for split in _JUDGING:
        starved = any(
            have[split, name] - count < (1 - _MAY_LOSE) * had[split, name]
            for (place, name), count in leaving.items()
            if place == split
        )
        spared = all(have["train", s.class_name] > leaving["train", s.class_name] for s in samples)
        if starved and spared:
            return split
    return "train"


def write_moves(dataset: Dataset, moves: Sequence[Move]) -> Path:
    """Write the splits as they are after the moves, as lists in a folder of their own; returns the folder.

    The readers take it before any other split, and no file of the user is touched: to undo, remove the folder.
    Raises DataError where it cannot be written.
    """
    folder = dataset.root / MOVED
    split_of = {move.sample.path: move.to for move in moves}
    try:
        folder.mkdir(exist_ok=True)
        for split in SPLITS:
            lines = [dataset.below(s.path) for s in dataset.samples if split_of.get(s.path, s.split) == split]
            (folder / f"{split}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"cannot write {folder} ({error.strerror}); make the folder writable, or copy the data"
        ) from error
    return folder


def told(moves: Sequence[Move]) -> str:
    """The plan in a sentence."""
    if not moves:
        return "Nothing to move: no near-duplicate stands on two sides of a split."
    counts = Counter((move.sample.split, move.to) for move in moves)
    ways = ", ".join(f"{count:,} from {source} to {to}" for (source, to), count in sorted(counts.items()))
    return f"To put near-duplicates on one side, these pictures change their split: {ways}."
