"""Label files and the images they speak of: one file per image, beside it or in a folder of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from compress.data.readers.files import Files, Names, nearness
from compress.data.readers.found import BoxLabel, FoundImage, PolygonLabel, Problem, RunsLabel
from compress.errors import DataError

MAX_LABEL_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What one label file says.

    image_name: the image it names; trusted less than its own name, because images get renamed.
    size: (width, height) of the image in pixels; None where it is not said.
    class_name: the class of the image as a whole, where the file says one.
    in_shares: whether its places are shares of the image's width and height.
    """

    path: Path
    image_name: str | None
    size: tuple[int, int] | None
    boxes: tuple[BoxLabel, ...] = ()
    polygons: tuple[PolygonLabel, ...] = ()
    runs: tuple[RunsLabel, ...] = ()
    class_name: str | None = None
    in_shares: bool = False


def join(
    files: Files, label_paths: Iterable[Path], parse: Callable[[Path], LabelFile]
) -> tuple[tuple[FoundImage, ...], tuple[Problem, ...]]:
    """All images, each with its label where it has one, and the label files that could not be used.

    The image of a broken label file is left out, and all that an unclear one could mean: without their label they
    could pass for good ones.
    """
    names = Names(files.root, files.images)
    labels_of: defaultdict[Path, list[LabelFile]] = defaultdict(list)
    unusable: set[Path] = set()
    problems: list[Problem] = []
    for path in label_paths:
        try:
            label = parse(path)
        except DataError as error:
            problems.append(Problem(path, str(error)))
            unusable.update(names.find(path.stem))
            continue
        try:
            labels_of[_image_of(label, names)].append(label)
        except DataError as error:
            problems.append(Problem(path, str(error)))
            unusable.update(names.find(path.stem))
    images = []
    for image in files.images:
        nearest_first = sorted(labels_of[image], key=lambda label: -nearness(label.path, image))
        images += [_labelled(image, nearest_first)] if image not in unusable else []
        problems += [
            Problem(other.path, f"labels {image.name}, which {nearest_first[0].path} labels already; left out")
            for other in nearest_first[1:]
        ]
    return tuple(images), tuple(problems)


def read_label(path: Path) -> bytes:
    """The bytes of a label file. Raises DataError where it cannot be read or is far too large to be one."""
    try:
        if path.stat().st_size > MAX_LABEL_BYTES:
            raise DataError(f"is larger than {MAX_LABEL_BYTES // 2**20} MiB; left out")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}; left out") from error


def _labelled(image: Path, labels: list[LabelFile]) -> FoundImage:
    if not labels:
        return FoundImage(image)
    label = labels[0]
    return FoundImage(
        image,
        class_name=label.class_name,
        boxes=label.boxes,
        polygons=label.polygons,
        runs=label.runs,
        label_path=label.path,
        label_size=label.size,
        in_shares=label.in_shares,
    )


def _image_of(label: LabelFile, names: Names) -> Path:
    """The image of a label. Raises DataError where there is none, or several equally likely."""
    named = PurePosixPath((label.image_name or "").replace("\\", "/")).name
    candidates = names.find(label.path.stem) or (names.find(named) if named else ())
    if not candidates:
        raise DataError(f"has no image: neither {label.path.stem}.* nor {named or 'another'} is here; left out")
    candidates = tuple(c for c in candidates if c.name == named) or candidates
    found = [nearness(label.path, c) for c in candidates]
    nearest = [c for c, near in zip(candidates, found, strict=True) if near == max(found)]
    if len(nearest) > 1:
        raise DataError(f"could label {nearest[0]} or {nearest[1]}; give them different names; left out")
    return nearest[0]
