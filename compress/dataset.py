"""The images a line was photographed with, read from whatever label format they are in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from compress.errors import DataError
from compress.images import Facts, check_images
from compress.readers.bounds import cut_to_image
from compress.readers.classes import class_of, naming
from compress.readers.files import Files, Names, list_files
from compress.readers.find import find_reader
from compress.readers.found import BoxLabel as BoxLabel
from compress.readers.found import Found, FoundImage
from compress.readers.found import PolygonLabel as PolygonLabel
from compress.readers.found import Problem as Problem
from compress.readers.good import is_good
from compress.readers.lists import SPLITS, Index, Lists, read_index, read_lists
from compress.readers.lists import Split as Split
from compress.splits import SHARES, Given, complete, given_splits, groups_across, split_groups
from edge.bundle import ClassKind


@dataclass(frozen=True, slots=True)
class ClassLabel:
    """One class of the data set."""

    name: str
    kind: ClassKind


@dataclass(frozen=True, slots=True)
class Sample:
    """One image and all that is known of it.

    name: unique in the data set: the file's stem, or its relative path where stems repeat.
    group: images of one group show the same part or piece of material and stay in one split.
    localised: whether it is known where its defects are (always so for a good image).
    """

    name: str
    path: Path
    class_name: str
    kind: ClassKind
    split: Split
    group: str
    boxes: tuple[BoxLabel, ...]
    polygons: tuple[PolygonLabel, ...]
    mask_path: Path | None
    localised: bool


@dataclass(frozen=True, slots=True)
class Dataset:
    """Everything read from one folder.

    classes: sorted by name; a sample's class index is the place of its class here.
    places: what says where defects are, for people ("boxes", "polygons", "masks", "image labels only").
    split_source: where the splits come from, a clause for people.
    problems: files that were left out or need a look.
    notes: what was decided for the user and concerns many images at once.
    """

    root: Path
    format: str
    samples: tuple[Sample, ...]
    classes: tuple[ClassLabel, ...]
    places: str
    split_source: str
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_good(self) -> bool:
        """Whether there is a class of good parts, so that escape and overkill have a meaning."""
        return any(c.kind == "good" for c in self.classes)

    def of(self, split: Split) -> tuple[Sample, ...]:
        """The samples of one split, in the order of their names."""
        return tuple(s for s in self.samples if s.split == split)

    def summary(self) -> str:
        """One line for the terminal and the report."""
        return (
            f"read as {self.format}: {len(self.samples):,} images, {len(self.classes)} classes, "
            f"{self.places}; {self.split_source}"
        )


def read_dataset(root: Path, format: str = "auto", seed: int = 0) -> Dataset:
    """Read the images and labels below `root`; `format` is "auto" or the name of a reader.

    A single bad file is left out and listed in `problems`. Splits come from the data where it has them; what
    is missing is made here by groups, the same for the same seed. Raises DataError where nothing usable is
    left, or too little to train, tune and test a classifier.
    """
    files = list_files(root)
    reader = find_reader(files, format)
    found = reader.read(files)
    names = Names(root, files.images)
    lists, index = read_lists(files, names), read_index(files, names)
    given = given_splits(files, lists, index)
    problems = [*files.problems, *found.problems, *lists.problems, *index.problems]
    used = [i for i in found.images if i.path not in lists.left_out and (not given or i.path in given.split_of)]
    images, facts, unusable = _usable(used, found, files, index)
    problems += unusable
    if not images:
        raise DataError(_nothing_left(root, problems))
    unsplit, digests = _unsplit(images, facts, index, files)
    samples, split_source = _split(unsplit, given, seed)
    dataset = Dataset(
        root=root,
        format=reader.name,
        samples=samples,
        classes=_classes(samples),
        places=found.places,
        split_source=split_source,
        problems=(*problems, *_equal_files(samples, digests)),
        notes=(*_left_out(found, lists, given), *_taken_as_good(images, found), *_split_notes(samples)),
    )
    _require_enough(dataset)
    return dataset


def _usable(
    images: Sequence[FoundImage], found: Found, files: Files, index: Index
) -> tuple[list[FoundImage], dict[Path, Facts], list[Problem]]:
    """The images that have a class, can be read and agree with their labels; a Problem for each other one."""
    called = naming(found, index)
    masks = [image.mask_path for image in images if image.mask_path]
    facts, damaged = check_images([*(image.path for image in images), *masks])
    usable: list[FoundImage] = []
    problems = list(damaged)
    for image in images:
        if image.path not in facts or (image.mask_path and image.mask_path not in facts):
            continue
        try:
            named = replace(image, class_name=class_of(image, files, index, called))
            usable.append(_fitted(named, facts))
        except DataError as error:
            problems.append(Problem(image.path, str(error)))
    return usable, facts, problems


def _fitted(image: FoundImage, facts: Mapping[Path, Facts]) -> FoundImage:
    size = (facts[image.path].width, facts[image.path].height)
    if image.mask_path:
        mask = facts[image.mask_path]
        if (mask.width, mask.height) != size:
            raise DataError(f"is not of the size of its mask {image.mask_path.name}; left out")
    return cut_to_image(image, size)


def _unsplit(
    images: Sequence[FoundImage], facts: Mapping[Path, Facts], index: Index, files: Files
) -> tuple[list[Sample], dict[str, str]]:
    """The samples, all in train for now, and their digests by name. Equal files are one group."""
    names = _unique_names([image.path for image in images], files)
    digests = {names[image.path]: facts[image.path].digest for image in images}
    first_of: dict[str, str] = {}
    samples = []
    for image in sorted(images, key=lambda i: names[i.path]):
        name = names[image.path]
        row = index.rows.get(image.path)
        twin = first_of.setdefault(digests[name], name)
        samples.append(_sample(image, name, (row.group if row else None) or twin))
    return samples, digests


def _sample(image: FoundImage, name: str, group: str) -> Sample:
    assert image.class_name is not None
    kind: ClassKind = "good" if is_good(image.class_name) else "defect"
    boxes = tuple(b for b in image.boxes if not is_good(b.class_name))
    polygons = tuple(p for p in image.polygons if not is_good(p.class_name))
    return Sample(
        name=name,
        path=image.path,
        class_name=image.class_name,
        kind=kind,
        split="train",
        group=group,
        boxes=boxes,
        polygons=polygons,
        mask_path=image.mask_path,
        localised=kind == "good" or bool(boxes or polygons or image.mask_path),
    )


def _unique_names(paths: Sequence[Path], files: Files) -> dict[Path, str]:
    """Stems where they are unique, else paths below the root without suffix, else with it."""
    relative = {path: files.relative(path) for path in paths}
    for names in (
        {path: path.stem for path in paths},
        {path: text.removesuffix(path.suffix) for path, text in relative.items()},
    ):
        if len(set(names.values())) == len(paths):
            return names
    return relative


def _split(samples: Sequence[Sample], given: Given | None, seed: int) -> tuple[tuple[Sample, ...], str]:
    """Give each sample its split, and say where the splits come from."""
    classes, groups = [s.class_name for s in samples], [s.group for s in samples]
    splits: list[Split]
    if given is None or _teaches_too_little(samples, given):
        splits = split_groups(classes, groups, seed)
        shares = "/".join(f"{100 * SHARES[split]:.0f}" for split in SPLITS)
        why = f" because train of the {given.source} holds one class only" if given else ""
        source = f"splits made here by groups, {shares} train/val/test (seed {seed}){why}"
    else:
        splits, taken = complete([given.split_of[s.path] for s in samples], classes, groups, seed)
        source = given.source + taken
    return tuple(replace(s, split=split) for s, split in zip(samples, splits, strict=True)), source


def _teaches_too_little(samples: Sequence[Sample], given: Given) -> bool:
    """One-class layouts keep every defect for the test; a classifier has to see some."""
    taught = {s.class_name for s in samples if given.split_of[s.path] == "train"}
    return len(taught) < 2 <= len({s.class_name for s in samples})


def _classes(samples: Iterable[Sample]) -> tuple[ClassLabel, ...]:
    kinds = {s.class_name: s.kind for s in samples}
    return tuple(ClassLabel(name, kinds[name]) for name in sorted(kinds))


def _equal_files(samples: Sequence[Sample], digests: Mapping[str, str]) -> list[Problem]:
    """Files that are equal byte by byte though their splits or classes differ."""
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


def _left_out(found: Found, lists: Lists, given: Given | None) -> list[str]:
    ignored = sum(image.path in lists.left_out for image in found.images)
    in_none = sum(
        image.path not in lists.left_out and given is not None and image.path not in given.split_of
        for image in found.images
    )
    notes = [f"images left out because a list says so: {ignored:,}"] if ignored else []
    return notes + ([f"images left out because they are in no split: {in_none:,}"] if in_none else [])


def _taken_as_good(images: Sequence[FoundImage], found: Found) -> list[str]:
    if not found.unlabelled_are_good:
        return []
    count = sum(image.label_path is None and is_good(image.class_name or "") for image in images)
    return [f"images without a label file, which count as good: {count:,}"] if count else []


def _split_notes(samples: Sequence[Sample]) -> list[str]:
    notes = []
    across = groups_across([s.group for s in samples], [s.split for s in samples])
    if across:
        notes.append(
            f"groups in more than one split, so that scores come out too high: {len(across)}, such as {across[0]}"
        )
    for label in _classes(samples):
        absent = [split for split in SPLITS if not any(s.split == split for s in samples if s.class_name == label.name)]
        notes += [f"class {label.name} has no image in {' and '.join(absent)}"] if absent else []
    if not any(s.kind == "good" for s in samples):
        notes.append(
            "no class is called good, ok, normal or the like, so every part counts as defective "
            "and only its class is in question"
        )
    return notes


def _require_enough(dataset: Dataset) -> None:
    """Raise DataError where no classifier could be trained, tuned or tested."""
    if len(dataset.classes) < 2:
        only = dataset.classes[0].name
        raise DataError(
            f"{dataset.root} (read as {dataset.format}) has images of one class only, {only!r}; "
            "at least two are needed: good and a defect, or two defects"
        )
    for split in SPLITS:
        if not dataset.of(split):
            raise DataError(
                f"{dataset.root} leaves no image for {split} ({dataset.split_source}); add images or groups"
            )


def _nothing_left(root: Path, problems: Sequence[Problem]) -> str:
    first = f"; the first of {len(problems)} problems: {problems[0].path} {problems[0].sentence}" if problems else ""
    return f"{root} holds no image that can be used{first}"
