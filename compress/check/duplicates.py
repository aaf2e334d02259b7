"""Near-duplicates in a data set: pairs, the clusters they form, and those that stand in more than one split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from compress.check.copies import find_copies
from compress.check.fingerprint import TURNS
from compress.check.survey import Survey, survey
from compress.data.readers.lists import SPLITS
from compress.data.samples import Dataset, Sample
from compress.progress import Reporter

_NAMED_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two samples, by name, that show the same picture.

    similarity: 1 for the same pixels; `compress.check.copies.THRESHOLD` at least.
    transform: what makes the second of the first, in words, one of `compress.check.fingerprint.TURNS`.
    """

    first: str
    second: str
    similarity: float
    transform: str


@dataclass(frozen=True, slots=True)
class Duplicates:
    """pairs: the surest first. clusters: the names of samples tied together by pairs, the largest first."""

    pairs: tuple[Pair, ...] = ()
    clusters: tuple[tuple[str, ...], ...] = ()

    def across(self, dataset: Dataset) -> tuple[Pair, ...]:
        """The pairs on two sides of a split."""
        split_of = {s.name: s.split for s in dataset.samples}
        return tuple(p for p in self.pairs if split_of[p.first] != split_of[p.second])

    def of_two_classes(self, dataset: Dataset) -> tuple[Pair, ...]:
        """The pairs that carry different labels: one of them is likely wrong."""
        class_of = {s.name: s.class_name for s in dataset.samples}
        return tuple(p for p in self.pairs if class_of[p.first] != class_of[p.second])

    def leaking(self, dataset: Dataset) -> tuple[tuple[str, ...], ...]:
        """The clusters that stand in more than one split."""
        split_of = {s.name: s.split for s in dataset.samples}
        return tuple(c for c in self.clusters if len({split_of[name] for name in c}) > 1)


def find_duplicates(dataset: Dataset, seen: Survey, reporter: Reporter) -> Duplicates:
    """The near-duplicates among the pictures of a survey, whatever their split and class."""
    name_of = {sample.path: sample.name for sample in dataset.samples}
    names = [name_of[look.path] for look in seen.looks]
    copies = find_copies(seen.thumb_NHW, reporter)
    pairs = tuple(Pair(names[c.first], names[c.second], c.similarity, TURNS[c.turn]) for c in copies)
    return Duplicates(pairs, tie((pair.first, pair.second) for pair in pairs))


def tie(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """The clusters that pairs make, each sorted, the largest first."""
    root_of: dict[str, str] = {}

    def root(name: str) -> str:
        root_of.setdefault(name, name)
        while root_of[name] != name:
            root_of[name] = root_of[root_of[name]]
            name = root_of[name]
        return name

    for first, second in pairs:
        root_of[root(first)] = root(second)
    members: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(root_of):
        members[root(name)].append(name)
    return tuple(sorted(map(tuple, members.values()), key=lambda cluster: (-len(cluster), cluster)))


def same_part(dataset: Dataset, clusters: Sequence[Sequence[str]]) -> Mapping[Path, str]:
    """A group for each picture that has copies: theirs and their own groups become one."""
    group_of = {s.name: s.group for s in dataset.samples}
    tied = tie((group_of[cluster[0]], group_of[name]) for cluster in clusters for name in cluster)
    one_of = {group: groups[0] for groups in tied for group in groups}
    return {s.path: one_of[s.group] for s in dataset.samples if s.group in one_of}


def grouped(dataset: Dataset, duplicates: Duplicates) -> Dataset:
    """The data set with near-duplicates as one group, splits as they were: intervals then count them as one part."""
    group_of = same_part(dataset, duplicates.clusters)
    samples = tuple(replace(s, group=group_of.get(s.path, s.group)) for s in dataset.samples)
    return replace(dataset, samples=samples)


def duplicates_note(dataset: Dataset, reporter: Reporter) -> tuple[str, ...]:
    """What to warn of at the start of a run, a sentence each; nothing where no copy crosses a split."""
    return notes(dataset, find_duplicates(dataset, survey(dataset, reporter), reporter))


def notes(dataset: Dataset, duplicates: Duplicates) -> tuple[str, ...]:
    """The same, of duplicates that are known already."""
    across = duplicates.across(dataset)
    if not across:
        return ()
    sample_of = {s.name: s for s in dataset.samples}
    such = ", ".join(_said(sample_of[p.first], sample_of[p.second]) for p in across[:_NAMED_PAIRS])
    more = f" and {len(across) - _NAMED_PAIRS:,} more" if len(across) > _NAMED_PAIRS else ""
    leaked = {name for cluster in duplicates.leaking(dataset) for name in cluster}
    tested = sum(s.name in leaked and s.split == SPLITS[-1] for s in dataset.samples)
    return (
        f"near-duplicates on both sides of a split, so that scores come out too high: {such}{more}; "
        f"test pictures concerned: {tested:,} of {len(dataset.of('test')):,} "
        "(`edgevl data check DIR --html FILE` shows them, `--move` puts them on one side)",
    )


def _said(first: Sample, second: Sample) -> str:
    return f"{first.name} ({first.split}) = {second.name} ({second.split})"
