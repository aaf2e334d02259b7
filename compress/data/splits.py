"""Which images to learn from, to tune on and to test on, so that no group stands on two sides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compress.data.readers.files import Files
from compress.data.readers.found import Found, Split
from compress.data.readers.index import INDEX, Index
from compress.data.readers.lists import SPLITS, Lists, folder_split

SHARES: Mapping[Split, float] = {"train": 0.60, "val": 0.15, "test": 0.25}


@dataclass(frozen=True, slots=True)
class Given:
    """The splits that came with the data; images in none are left out. `source` is a clause for people."""

    split_of: dict[Path, Split]
    source: str


def given_splits(files: Files, found: Found, lists: Lists, index: Index) -> Given | None:
    """From split lists, else the labels, train/val/test folders, index.csv; None where none has two splits."""
    by_folder = {path: split for path in files.images if (split := folder_split(files.folders_of(path)))}
    by_label = {image.path: image.split for image in found.images if image.split}
    by_index = {path: entry.split for path, entry in index.entries.items() if entry.split}
    candidates = (
        Given(dict(lists.split_of), f"splits from {', '.join(lists.files)}"),
        Given(by_label, f"splits from {found.split_source}"),
        Given(by_folder, "splits from the train/val/test folders"),
        Given(by_index, f"splits from {INDEX}"),
    )
    return next((g for g in candidates if len(set(g.split_of.values())) >= 2), None)


def split_groups(
    classes: Sequence[str], groups: Sequence[str], seed: int, shares: Mapping[Split, float] = SHARES
) -> list[Split]:
    """A split for each image: whole groups, each class near its share in each split.

    Iterative stratification (Sechidis et al. 2011, "On the stratification of multi-label data") over groups:
    the rarest class first, its largest group first, each to the split that lacks most of that class. A class
    reaches every split before any gets a second group of it. The seed shuffles groups of equal size.
    """
    members: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, group in zip(classes, groups, strict=True):
        members[group][name] += 1
    total = Counter(classes)
    names = sorted(members)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    total_share = sum(shares.values())
    wanted = {s: {c: total[c] * share / total_share for c in total} for s, share in shares.items()}
    have: dict[Split, Counter[str]] = {split: Counter() for split in shares}
    split_of: dict[str, Split] = {}
    for name in sorted(total, key=lambda c: (total[c], c)):
        for group in sorted((g for g in order if members[g][name]), key=lambda g: -members[g].total()):
            if group in split_of:
                continue
            split_of[group] = max(shares, key=lambda s: (not have[s][name], wanted[s][name] - have[s][name]))
            have[split_of[group]].update(members[group])
    return [split_of[group] for group in groups]


def complete(
    given: Sequence[Split], classes: Sequence[str], groups: Sequence[str], seed: int
) -> tuple[list[Split], str]:
    """Take the missing splits out of train, by groups; the clause says which, "" where none was."""
    missing = [split for split in SPLITS if split not in given]
    if not missing:
        return list(given), ""
    shares = {split: SHARES[split] for split in SPLITS if split == "train" or split in missing}
    train = [i for i, split in enumerate(given) if split == "train"]
    new = split_groups([classes[i] for i in train], [groups[i] for i in train], seed, shares)
    completed = list(given)
    for i, split in zip(train, new, strict=True):
        completed[i] = split
    return completed, f", {' and '.join(missing)} taken from train by groups (seed {seed})"


def groups_across(groups: Iterable[str], splits: Iterable[Split]) -> tuple[str, ...]:
    """The groups that stand in more than one split: a leak."""
    seen: defaultdict[str, set[Split]] = defaultdict(set)
    for group, split in zip(groups, splits, strict=True):
        seen[group].add(split)
    return tuple(sorted(group for group, splits_of in seen.items() if len(splits_of) > 1))
