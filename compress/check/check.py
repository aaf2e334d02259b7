"""What is wrong with a data set, found before the long work starts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from compress.check.duplicates import Duplicates, Pair, find_duplicates, grouped
from compress.check.survey import Look, sizes_of, survey
from compress.data.pictures import without
from compress.data.readers.files import list_files
from compress.data.readers.find import find_reader
from compress.data.readers.found import BoxLabel, FoundImage, PolygonLabel
from compress.data.readers.lists import SPLITS
from compress.data.samples import Dataset
from compress.data.sizing import SMALLEST_PX, choose_input
from compress.errors import DataError
from compress.progress import Reporter

_FEW_GROUPS = 3  # one for each split
_LOPSIDED = 20  # times as many pictures of one class as of another
_REACHES_PX = 1.0  # a label that reaches farther than this over the edge is said; rounding is not
_NAMED = 3

Severity = Literal["stops", "harms", "note"]
SEVERITIES: tuple[Severity, ...] = ("stops", "harms", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence. stops: no chain can be run on this data. harms: it can, but scores or parts suffer."""

    severity: Severity
    sentence: str


@dataclass(frozen=True, slots=True)
class Check:
    """All that was found. dataset is without the damaged pictures, which its problems list."""

    dataset: Dataset
    looks: tuple[Look, ...]
    duplicates: Duplicates
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        return all(finding.severity != "stops" for finding in self.findings)


def check_data(listed: Dataset, reporter: Reporter, seed: int = 0) -> Check:
    """Look at every picture of a data set and compare all with all. A damaged one is left out and listed."""
    seen = survey(listed, reporter)
    duplicates = find_duplicates(listed, seen, reporter)
    sizes = sizes_of(seen.looks)
    findings: list[Finding] = []
    try:
        dataset = without(listed, seen.problems)
        findings += _of_small_marks(dataset, sizes, seed)
    except DataError as error:
        dataset, findings = listed, [Finding("stops", str(error))]
    findings += _of_duplicates(dataset, duplicates)
    findings += _of_classes(grouped(dataset, duplicates))
    findings += _of_far_marks(_as_written(listed), sizes)
    findings += _of_looks(seen.looks)
    if dataset.problems:
        findings.append(Finding("harms", f"{len(dataset.problems):,} files are left out or need a look"))
    findings += [Finding("note", note) for note in dataset.notes]
    return Check(dataset, seen.looks, duplicates, tuple(sorted(findings, key=lambda f: SEVERITIES.index(f.severity))))


def class_counts(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Pictures by class and split."""
    counts = Counter((s.class_name, s.split) for s in dataset.samples)
    return {c.name: {split: counts[c.name, split] for split in SPLITS} for c in dataset.classes}


def group_counts(dataset: Dataset) -> dict[str, int]:
    """Groups, that is parts as far as they are told apart, by class."""
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for sample in dataset.samples:
        groups[sample.class_name].add(sample.group)
    return {c.name: len(groups[c.name]) for c in dataset.classes}


def _as_written(dataset: Dataset) -> tuple[FoundImage, ...]:
    """The labels before anything was cut."""
    files = list_files(dataset.root)
    return find_reader(files, dataset.format).read(files).images


def _of_duplicates(dataset: Dataset, duplicates: Duplicates) -> list[Finding]:
    sample_of = {s.name: s for s in dataset.samples}
    findings = []
    across, two_classes = duplicates.across(dataset), duplicates.of_two_classes(dataset)
    if across:
        leaked = {name for cluster in duplicates.leaking(dataset) for name in cluster}
        counts = Counter(sample_of[name].split for name in leaked)
        told = ", ".join(f"{counts[split]:,} in {split}" for split in SPLITS if counts[split])
        sentence = f"{_pairs(across)} on two sides of a split ({told}); --move mends it"
        findings.append(Finding("harms", sentence))
    if two_classes:
        one = two_classes[0]
        said = f"{one.first} is {sample_of[one.first].class_name}, {one.second} is {sample_of[one.second].class_name}"
        sentence = f"{_pairs(two_classes)} with different classes, such as: {said}"
        findings.append(Finding("harms", f"{sentence}; look which label is wrong"))
    inside = len(duplicates.pairs) - len(across)
    if inside:
        sentence = (
            f"{inside:,} pairs of near-duplicates inside a split: they count as one part in intervals, not as two"
        )
        findings.append(Finding("note", sentence))
    return findings


def _pairs(pairs: Sequence[Pair]) -> str:
    return f"{len(pairs):,} {'pair' if len(pairs) == 1 else 'pairs'} of near-duplicates"


def _of_classes(dataset: Dataset) -> list[Finding]:
    findings = []
    findings += _of_letter_case(c.name for c in dataset.classes)
    counts = {name: sum(by_split.values()) for name, by_split in class_counts(dataset).items()}
    for name, groups in group_counts(dataset).items():
        if groups < _FEW_GROUPS and not dataset.only_good:
            sentence = (
                f"class {name} has {groups} {'part' if groups == 1 else 'parts'} only; train, val and test need one"
            )
            findings.append(Finding("harms", f"{sentence} each: photograph more"))
    if counts and max(counts.values()) > _LOPSIDED * min(counts.values()):
        most, fewest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        sentence = f"{counts[most]:,} pictures of {most} and {counts[fewest]:,} of {fewest}"
        findings.append(Finding("harms", f"lopsided: {sentence}; more of {fewest} would help most"))
    return findings


def _of_letter_case(names: Iterable[str]) -> list[Finding]:
    """Two classes of one name are most likely one class that two people wrote."""
    spellings: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        spellings[" ".join(name.casefold().split())].append(name)
    alike = [" and ".join(each) for each in spellings.values() if len(each) > 1]
    sentence = f"classes that only letter case or spaces tell apart: {'; '.join(alike)}; give them one name"
    return [Finding("harms", sentence)] if alike else []


def _of_small_marks(dataset: Dataset, sizes: Mapping[Path, tuple[int, int]], seed: int) -> list[Finding]:
    """Marked defects that shrink below what the model can see."""
    spec, why = choose_input(dataset, seed)
    scale = np.sqrt(spec.height * spec.width)
    small: list[str] = []
    marks = 0
    for sample in dataset.samples:
        width, height = sizes[sample.path]
        areas = [*(box.area for box in sample.boxes), *(polygon.area for polygon in sample.polygons)]
        sides = [scale * np.sqrt(area / (width * height)) for area in areas]
        marks += len(sides)
        small += [sample.name] * sum(side < SMALLEST_PX for side in sides)
    findings = [Finding("note", f"the model would see {spec.width}x{spec.height} px ({why})")]
    if small:
        sentence = f"{len(small):,} of {marks:,} marked defects are below {SMALLEST_PX:g} px on the model's input"
        such = f"such as on {small[0]}; photograph closer, or cut the pictures into tiles"
        findings.append(Finding("harms", f"{sentence}, {such}"))
    return findings


def _of_far_marks(images: Sequence[FoundImage], sizes: Mapping[Path, tuple[int, int]]) -> list[Finding]:
    """Labels that reach over the edge, and were cut there."""
    over = [
        image.path.name
        for image in images
        if image.path in sizes and any(_reach(mark, image, sizes[image.path]) > _REACHES_PX for mark in image.marks)
    ]
    if not over:
        return []
    such = ", ".join(over[:_NAMED])
    return [Finding("note", f"labels of {len(over):,} pictures reach over the edge and are cut there: {such}")]


def _reach(mark: object, image: FoundImage, size: tuple[int, int]) -> float:
    """How far a box or polygon reaches over the edge of its picture, in px."""
    if isinstance(mark, BoxLabel):
        points_N2 = np.array([(mark.x0, mark.y0), (mark.x1, mark.y1)])
    elif isinstance(mark, PolygonLabel):
        points_N2 = np.array(mark.points_N2)
    else:
        return 0.0
    size_2 = np.array(size)
    scaled_N2 = points_N2 * size_2 if image.in_shares else points_N2
    return float(max((-scaled_N2).max(), (scaled_N2 - size_2).max()))


def _of_looks(looks: Sequence[Look]) -> list[Finding]:
    """Pictures of several kinds in one set."""
    depths = Counter((look.bits, "colour" if look.colour else "grey") for look in looks)
    if len(depths) < 2:
        return []
    told = ", ".join(f"{count:,} of {bits} bits {kind}" for (bits, kind), count in depths.most_common())
    return [Finding("note", f"pictures of several kinds: {told}; check that no class has a kind of its own")]
