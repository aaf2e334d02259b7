"""What a person should know of a data set before the long work starts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from compress.data.readers.checked import Checked
from compress.data.readers.found import Found, Problem
from compress.data.readers.good import GoodTest
from compress.data.readers.lists import SPLITS, Lists
from compress.data.samples import Dataset, Sample
from compress.data.splits import Given, groups_across


def equal_files(samples: Sequence[Sample], digests: Mapping[str, str]) -> list[Problem]:
    """Files that are equal byte by byte though their splits or classes differ; `digests` by sample name."""
    same: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        same[digests[sample.name]].append(sample)
    problems = []
    for first, *others in same.values():
        for other in others:
            if other.class_name != first.class_name:
                found = f"{first.class_name} here and {other.class_name} there; correct one of them"
                problems.append(Problem(first.path, f"is byte for byte {other.path}, but {found}"))
            elif other.split != first.split:
                found = f"so it is in {first.split} and in {other.split}; scores come out too high"
                problems.append(Problem(first.path, f"is byte for byte {other.path}, {found}"))
    return problems


def left_out(found: Found, checked: Checked, lists: Lists, given: Given | None) -> list[str]:
    """How many images are not used though nothing is wrong with them."""
    ignored = sum(image.path in lists.left_out for image in found.images)
    in_none = sum(given is not None and image.path not in given.split_of for image in checked.labelled)
    notes = [f"images left out because a list says so: {ignored:,}"] if ignored else []
    return notes + ([f"images left out because they are in no split: {in_none:,}"] if in_none else [])


def taken_as_good(checked: Checked, found: Found, is_good: GoodTest) -> list[str]:
    """How many images are good only because nobody marked anything on them."""
    if not found.unlabelled_are_good:
        return []
    count = sum(image.label_path is None and is_good(image.class_name or "") for image in checked.labelled)
    return [f"images without a label file, which count as good: {count:,}"] if count else []


def split_notes(dataset: Dataset) -> list[str]:
    """Leaks between the splits, classes that miss one, and what follows where there is no good or no bad part."""
    samples = dataset.samples
    notes = []
    across = groups_across([s.group for s in samples], [s.split for s in samples])
    if across:
        notes.append(
            f"groups in more than one split, so that scores come out too high: {len(across)}, such as {across[0]}"
        )
    for label in dataset.classes:
        if dataset.only_good and label.kind == "defect":
            continue
        absent = [split for split in SPLITS if not any(s.split == split for s in samples if s.class_name == label.name)]
        notes += [f"class {label.name} has no image in {' and '.join(absent)}"] if absent else []
    return notes + _kind_notes(dataset)


def _kind_notes(dataset: Dataset) -> list[str]:
    defects = sum(s.kind == "defect" for s in dataset.samples)
    if dataset.only_good and defects:
        return [
            f"train and val hold good parts only; all {defects:,} images of defects are in the test "
            "(--defects teach would teach some of them)"
        ]
    if dataset.only_good:
        return ["there are good parts only, so how many defects escape cannot be measured"]
    if not dataset.has_good:
        return [
            "no class is called good, ok, normal or the like, so every part counts as defective "
            "and only its class is in question; --good NAME names a class of good parts"
        ]
    return []


def places(samples: Iterable[Sample]) -> str:
    """What says where defects are."""
    samples = tuple(samples)
    kinds = {
        "masks": any(s.mask_path or s.runs for s in samples),
        "polygons": any(s.polygons for s in samples),
        "boxes": any(s.boxes for s in samples),
    }
    return " and ".join(name for name, there in kinds.items() if there) or "image labels only"
