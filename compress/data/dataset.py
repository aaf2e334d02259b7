"""The images a line was photographed with, read from whatever label format they are in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from compress.data.assign import Defects as Defects
from compress.data.assign import assign_splits
from compress.data.dataset_notes import equal_files, left_out, places, split_notes, taken_as_good
from compress.data.images import Facts
from compress.data.readers.checked import Checked, check
from compress.data.readers.classes import naming
from compress.data.readers.files import Files, Names, list_files
from compress.data.readers.find import find_reader, known_layouts
from compress.data.readers.found import BoxLabel as BoxLabel
from compress.data.readers.found import FoundImage
from compress.data.readers.found import PolygonLabel as PolygonLabel
from compress.data.readers.found import Problem as Problem
from compress.data.readers.found import RunsLabel as RunsLabel
from compress.data.readers.found import Split as Split
from compress.data.readers.good import GoodTest
from compress.data.readers.index import Index, read_index
from compress.data.readers.lists import SPLITS, read_lists
from compress.data.readers.mask_files import companions
from compress.data.samples import ClassLabel as ClassLabel
from compress.data.samples import Dataset as Dataset
from compress.data.samples import Sample as Sample
from compress.data.samples import Unlabelled as Unlabelled
from compress.data.splits import given_splits
from compress.errors import DataError
from compress.progress import Reporter

_GroupOf = Callable[[Path], str | None]


def read_dataset(
    root: Path,
    format: str = "auto",
    seed: int = 0,
    *,
    defects: Defects = "auto",
    group_pattern: str | None = None,
    good: Sequence[str] = (),
    allow_unlabelled: bool = False,
    same_part: Mapping[Path, str] | None = None,
    reporter: Reporter | None = None,
    to_train: bool = True,
) -> Dataset:
    """Read the images and labels below `root`; `format` is "auto" or the name of a reader.

    defects: see `assign_splits`. group_pattern: a regular expression searched in each file name, else in its path; its
    first group, or all it matches, is the image's group. good: names of classes that hold good parts, beside those that
    `is_good` knows. allow_unlabelled: whether a folder without any label is welcome; its data set has no samples then.
    to_train: whether it must be enough to train, tune and test, and hold every class of `good`. same_part: groups that
    go before all others, as `compress.check.duplicates.same_part` finds them.

    A single bad file is left out and listed in `problems`. Splits come from the data where it has them; what
    is missing is made here by groups, the same for the same seed. Raises DataError where nothing usable is
    left, or too little to train, tune and test.
    """
    files = list_files(root)
    reader = find_reader(files, format)
    masks = companions(files)
    found = reader.read(files if reader.has_masks else files.without(masks))
    names = Names(root, files.without(masks).images)
    lists = read_lists(files, names)
    index = Index() if reader.has_index else read_index(files, names)
    called = naming(found, index, good)
    checked = check([i for i in found.images if i.path not in lists.left_out], files, index, called, reporter)
    problems = (*files.problems, *found.problems, *lists.problems, *index.problems, *checked.problems)
    given = given_splits(files, found, lists, index)
    used = [i for i in checked.labelled if given is None or i.path in given.split_of]
    unlabelled = tuple(Unlabelled(i.path, i.captions, i.questions) for i in checked.unlabelled)
    if not used and not (unlabelled and allow_unlabelled):
        raise DataError(_nothing_left(root, checked, problems))
    group_of, pattern_notes = _groups(used, index, group_pattern, root)
    unsplit, digests = _unsplit(used, checked.facts, _first(same_part, group_of), files, called.is_good)
    samples, split_source = assign_splits(unsplit, given, defects, seed) if unsplit else ((), "")
    dataset = Dataset(
        root=root,
        format=reader.name,
        samples=samples,
        classes=_classes(samples),
        places=places(samples),
        split_source=split_source,
        problems=(*problems, *equal_files(samples, digests)),
        notes=(*found.notes, *left_out(found, checked, lists, given), *taken_as_good(checked, found, called.is_good)),
        unlabelled=unlabelled,
    )
    if to_train:
        _require_named(dataset, good)
        _require_enough(dataset)
    return replace(dataset, notes=(*dataset.notes, *pattern_notes, *split_notes(dataset)))


def _groups(images: Sequence[FoundImage], index: Index, pattern: str | None, root: Path) -> tuple[_GroupOf, list[str]]:
    """Tells an image's group from its file name where a pattern is given, else from index.csv or its label."""
    if pattern is None:
        labelled = {image.path: image.group for image in images}
        entries = index.entries
        return lambda path: (entries[path].group if path in entries else None) or labelled[path], []
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise DataError(f"--group {pattern!r} is not a regular expression: {error}") from error
    matches = {image.path: match for image in images if (match := _search(compiled, image.path, root))}
    if images and not matches:
        raise DataError(f"--group {pattern!r} matches no file name, such as {images[0].path.name!r}")
    groups = {path: (match.group(1) if compiled.groups else None) or match.group() for path, match in matches.items()}
    note = f"{len(set(groups.values())):,} groups by file name"
    if len(groups) < len(images):
        other = next(image.path.name for image in images if image.path not in groups)
        note += (
            f"; {len(images) - len(groups):,} of {len(images):,} names do not match, such as {other!r}: each by itself"
        )
    return groups.get, [note]


def _search(pattern: re.Pattern[str], path: Path, root: Path) -> re.Match[str] | None:
    """In the file name, else in the path below the root: some have a folder for each part."""
    return pattern.search(path.name) or pattern.search(path.relative_to(root).as_posix())


def _first(same_part: Mapping[Path, str] | None, group_of: _GroupOf) -> _GroupOf:
    known = same_part or {}
    return lambda path: known.get(path) or group_of(path)


def _unsplit(
    images: Sequence[FoundImage], facts: Mapping[Path, Facts], group_of: _GroupOf, files: Files, is_good: GoodTest
) -> tuple[list[Sample], dict[str, str]]:
    """The samples, all in train for now, and their digests by name. Equal files are one group."""
    names = _unique_names([image.path for image in images], files)
    digests = {names[image.path]: facts[image.path].digest for image in images}
    first_of: dict[str, str] = {}
    samples = []
    for image in sorted(images, key=lambda i: names[i.path]):
        name = names[image.path]
        twin = first_of.setdefault(digests[name], name)
        samples.append(_sample(image, name, group_of(image.path) or twin, is_good))
    return samples, digests


def _sample(image: FoundImage, name: str, group: str, is_good: GoodTest) -> Sample:
    assert image.class_name is not None
    marks = [mark for mark in image.marks if not is_good(mark.class_name)]
    good = is_good(image.class_name)
    return Sample(
        name=name,
        path=image.path,
        class_name=image.class_name,
        kind="good" if good else "defect",
        split="train",
        group=group,
        boxes=tuple(mark for mark in marks if isinstance(mark, BoxLabel)),
        polygons=tuple(mark for mark in marks if isinstance(mark, PolygonLabel)),
        mask_path=image.mask_path,
        localised=good or bool(marks or image.mask_path),
        runs=tuple(mark for mark in marks if isinstance(mark, RunsLabel)),
        captions=image.captions,
        questions=image.questions,
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


def _classes(samples: Iterable[Sample]) -> tuple[ClassLabel, ...]:
    kinds = {s.class_name: s.kind for s in samples}
    return tuple(ClassLabel(name, kinds[name]) for name in sorted(kinds))


def _require_named(dataset: Dataset, good: Sequence[str]) -> None:
    """Raise DataError where the user calls a class good that is not there: a typing error would teach it as bad."""
    there = {c.name.casefold() for c in dataset.classes}
    absent = [name for name in good if name.strip().casefold() not in there]
    if absent and dataset.samples:
        classes = ", ".join(c.name for c in dataset.classes)
        raise DataError(f"--good {absent[0]!r}: no class of {dataset.root} is called that; there are: {classes}")


def _require_enough(dataset: Dataset) -> None:
    """Raise DataError where nothing could be trained, tuned or tested."""
    if not dataset.samples:
        return
    if len(dataset.classes) < 2 and not dataset.has_good:
        only = dataset.classes[0].name
        raise DataError(
            f"{dataset.root} (read as {dataset.format}) has images of one class only, {only!r}; "
            f"add good parts or another defect, or say --good {only!r} if these parts are good"
        )
    for split in SPLITS:
        if not dataset.of(split):
            raise DataError(
                f"{dataset.root} leaves no image for {split} ({dataset.split_source}); add images or groups"
            )


def _nothing_left(root: Path, checked: Checked, problems: Sequence[Problem]) -> str:
    if checked.labelled:
        return f"{root}: none of its {len(checked.labelled):,} labelled images is in a split; correct the split lists"
    first = f"; the first of {len(problems)} problems: {problems[0].path} {problems[0].sentence}" if problems else ""
    if any(image.captions for image in checked.unlabelled):
        return (
            f"{root} holds captions of its {len(checked.unlabelled):,} images and no labels; a caption is no class: "
            f"add a column label to the table, or let a teacher label them with `edgevl compress --prompts`{first}"
        )
    if checked.unlabelled and problems:
        return f"{root} holds {len(checked.unlabelled):,} images, but no label that can be used{first}"
    if checked.unlabelled:
        return (
            f"{root} holds {len(checked.unlabelled):,} images, but in no layout that is known here "
            f"({known_layouts()}); if all parts are good, put them into a folder called good"
        )
    return f"{root} holds no image that can be used{first}"
