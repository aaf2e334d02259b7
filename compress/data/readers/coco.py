"""COCO: one JSON file for many images, with boxes, polygons, run lengths or captions (Lin et al. 2014)."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from compress.data.readers.files import Files, Names
from compress.data.readers.found import BoxLabel, Found, FoundImage, PolygonLabel, Problem, RunsLabel, Split
from compress.data.readers.lists import SPLIT_FOLDERS, SPLITS, folder_split
from compress.data.readers.pairs import read_label
from compress.data.readers.runs import runs_label
from compress.errors import DataError

_LOOKED_AT = 20
_KEYS = ("images", "annotations", "categories")
_Id = int | str  # some tools write 1 here and "1" there: compared as text


class _Image(msgspec.Struct, frozen=True):
    id: _Id
    file_name: str
    width: float | None = None  # some tools write 640.0
    height: float | None = None


class _Category(msgspec.Struct, frozen=True):
    id: _Id
    name: str


class _Runs(msgspec.Struct, frozen=True):
    size: tuple[int, int]
    counts: list[int] | str


class _Owner(msgspec.Struct, frozen=True):
    image_id: _Id


class _Annotation(msgspec.Struct, frozen=True):
    category_id: _Id | None = None
    bbox: list[float] | None = None
    segmentation: list[list[float]] | _Runs | None = None
    caption: str | None = None


class _File(msgspec.Struct, frozen=True):
    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw] = []
    categories: list[msgspec.Raw] = []


@dataclass(slots=True)
class _Told:
    """What the files say of one image; `labelled` by the first file that marks places."""

    labelled: Path | None = None
    size: tuple[int, int] | None = None
    split: Split | None = None
    marks: list[BoxLabel | PolygonLabel | RunsLabel] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)


def recognises(files: Files) -> bool:
    """Whether some JSON file lists images with annotations, or is cut off but speaks of them."""
    return any(_is_coco(path) for path in files.with_suffix(".json")[:_LOOKED_AT])


def read(files: Files) -> Found:
    """Read every such file. An image it lists without a mark is good; one that no file lists has no label.

    The split of a file is in its name (`instances_train.json`) or its folder (`train/_annotations.coco.json`).
    """
    reading = _Reading(files)
    for path in (p for p in files.with_suffix(".json") if _is_coco(p)):
        reading.add(path)
    return reading.found()


def _is_coco(path: Path) -> bool:
    try:
        text = _text(path)
        keys = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.ValidationError, DataError):
        return False
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return b'"images"' in text or b'"annotations"' in text
    return "images" in keys and not keys.keys().isdisjoint(_KEYS[1:])


def _text(path: Path) -> bytes:
    return read_label(path).removeprefix(b"\xef\xbb\xbf")


class _Reading:
    """Gathers what all files say, image by image."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.names = Names(files.root, files.images)
        self.told: defaultdict[Path, _Told] = defaultdict(_Told)
        self.unusable: set[Path] = set()
        self.problems: list[Problem] = []

    def add(self, path: Path) -> None:
        """Take one file in, or list it where it as a whole cannot be used."""
        try:
            content = _parse(path)
            self._add(path, content, _classes(content))
        except DataError as error:
            self.problems.append(Problem(path, str(error)))

    def _add(self, path: Path, content: _File, classes: dict[str, str]) -> None:
        split = _split_of(self.files, path)
        images = self._images(path, content, split)
        marks_places = bool(content.annotations and classes)
        listed = {image for image in images.values() if image is not None}
        fresh = {image for image in listed if marks_places and self.told[image].labelled in (None, path)}
        for each in fresh:
            self.told[each].labelled = path
        lost = 0
        for number, raw in enumerate(content.annotations, 1):
            owner = _owner(raw)
            lost += owner not in images
            image = images.get(owner)
            if image is None:
                continue
            try:
                self._annotate(image, msgspec.json.decode(raw, type=_Annotation), classes, image in fresh)
            except (DataError, msgspec.ValidationError) as error:
                self.unusable.add(image)
                self.problems.append(Problem(path, f"{error} in annotation {number}, of {image.name}; image left out"))
        if lost:
            for told in map(self.told.__getitem__, fresh):
                told.labelled = path if told.marks else None
            said = (
                f"has annotations of images that it does not list: {lost:,}; its unmarked images do not count as good"
            )
            self.problems.append(Problem(path, said))

    def _images(self, path: Path, content: _File, split: Split | None) -> dict[str, Path | None]:
        """The images it lists, by id, None for one that is not here. Two of one id are left out: whose is the label?"""
        found: dict[str, Path | None] = {}
        missing: list[str] = []
        for number, raw in enumerate(content.images, 1):
            try:
                listed = msgspec.json.decode(raw, type=_Image)
            except msgspec.ValidationError as error:
                self.problems.append(Problem(path, f"has an image {number} that cannot be read ({error})"))
                continue
            try:
                image = self._near(listed.file_name, path, split)
            except DataError:
                missing.append(listed.file_name)
                found.setdefault(str(listed.id), None)
                continue
            other = found.setdefault(str(listed.id), image)
            if other is not None and other != image:
                self.unusable.update((image, other))
                both = f"{other.name} and {image.name}"
                self.problems.append(Problem(path, f"gives the id {listed.id!r} to {both}; both are left out"))
            self._describe(image, listed, split)
        if missing:
            self.problems.append(
                Problem(path, f"lists images that are not here: {len(missing):,}, such as {missing[0]!r}")
            )
        return found

    def _near(self, written: str, path: Path, split: Split | None) -> Path:
        """Of several images of that name, the one in the folder of the file's split."""
        here = [c for c in self.names.find(written) if split and folder_split(self.files.folders_of(c)) == split]
        return here[0] if len(here) == 1 else self.names.near(written, path)

    def _describe(self, image: Path, listed: _Image, split: Split | None) -> None:
        told = self.told[image]
        if listed.width and listed.height:
            told.size = (int(listed.width), int(listed.height))
        if split and told.split and split != told.split:
            later = max(split, told.split, key=SPLITS.index)
            self.problems.append(Problem(image, f"is listed for {told.split} and for {split}; used for {later} only"))
            told.split = later
        told.split = told.split or split

    def _annotate(self, image: Path, annotation: _Annotation, classes: dict[str, str], fresh: bool) -> None:
        if annotation.caption:
            self.told[image].captions.append(annotation.caption.strip())
        if not fresh or (annotation.caption is not None and annotation.category_id is None):
            return
        name = classes.get(str(annotation.category_id))
        if name is None:
            raise DataError(f"has no category {annotation.category_id!r}")
        self.told[image].marks += _marks(annotation, name)

    def found(self) -> Found:
        images = tuple(_image(p, self.told.get(p)) for p in self.files.images if p not in self.unusable)
        unmarked = sum(i.label_path is not None and not i.marks for i in images)
        note = f"images listed without any mark, which count as good: {unmarked:,}"
        sources = sorted({self.files.relative(t.labelled) for t in self.told.values() if t.split and t.labelled})
        return Found(
            images,
            tuple(self.problems),
            split_source=", ".join(sources) or "the names of the label files",
            notes=(note,) if unmarked else (),
        )


def _parse(path: Path) -> _File:
    try:
        text = _text(path)
        text.decode()  # the pieces are parsed one by one later on
        return msgspec.json.decode(text, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"is not a whole COCO file ({error}); export it again; not used") from error


def _classes(content: _File) -> dict[str, str]:
    try:
        categories = [msgspec.json.decode(raw, type=_Category) for raw in content.categories]
    except msgspec.ValidationError as error:
        raise DataError(f"has a category that cannot be read ({error}); not used") from error
    classes: dict[str, str] = {}
    for category in categories:
        name = category.name.strip()
        if not name or classes.setdefault(str(category.id), name) != name:
            raise DataError(f"gives the category id {category.id!r} no name or two; not used")
    return classes


def _split_of(files: Files, path: Path) -> Split | None:
    """From the words of the file's name, `instances_train2017`, else from its folders."""
    words = re.findall(r"[a-z]+", path.stem.casefold())
    named = next((SPLIT_FOLDERS[word] for word in words if word in SPLIT_FOLDERS), None)
    return named or folder_split(files.folders_of(path))


def _owner(raw: msgspec.Raw) -> str:
    """The id of its image, as text; "" where it names none."""
    try:
        return str(msgspec.json.decode(raw, type=_Owner).image_id)
    except msgspec.ValidationError:
        return ""


def _marks(annotation: _Annotation, name: str) -> Sequence[BoxLabel | PolygonLabel | RunsLabel]:
    """Its region where it has one, else its box."""
    match annotation.segmentation:
        case _Runs(size=(height, width), counts=counts):
            return [runs_label(height, width, counts, name)]
        case list(outlines) if any(outlines):
            return [_polygon(numbers, name) for numbers in outlines if numbers]
    match annotation.bbox:
        case [x, y, w, h] if all(map(math.isfinite, (x, y, w, h))):
            return [BoxLabel(x, y, x + w, y + h, name)]
    raise DataError("has neither a region nor a box of four numbers")


def _polygon(numbers: list[float], name: str) -> PolygonLabel:
    if len(numbers) < 6 or len(numbers) % 2 or not all(map(math.isfinite, numbers)):
        raise DataError(f"has a polygon of {len(numbers)} numbers, which means no place,")
    return PolygonLabel(tuple(zip(numbers[::2], numbers[1::2], strict=True)), name)


def _image(path: Path, told: _Told | None) -> FoundImage:
    if told is None:
        return FoundImage(path)
    return FoundImage(
        path,
        boxes=tuple(m for m in told.marks if isinstance(m, BoxLabel)),
        polygons=tuple(m for m in told.marks if isinstance(m, PolygonLabel)),
        runs=tuple(m for m in told.marks if isinstance(m, RunsLabel)),
        label_path=told.labelled,
        label_size=told.size if told.labelled else None,
        captions=tuple(dict.fromkeys(told.captions)),
        split=told.split,
    )
