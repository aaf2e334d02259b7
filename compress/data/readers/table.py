"""Tables of images, CSV or JSON lines: labels or grades, masks, boxes, captions, questions, groups and splits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from compress.data.readers import cells, folders, mask_files
from compress.data.readers.files import Files, Names
from compress.data.readers.found import BoxLabel, Found, FoundImage, Problem, Split
from compress.data.readers.index import INDEX, unknown_splits
from compress.data.readers.lists import SPLIT_FOLDERS
from compress.data.readers.rows import SUFFIXES, Row, Table, header_of, read_table, without_image
from compress.errors import DataError

_LABELS = frozenset({"class", "grade", "mask", "boxes", "bbox", "objects", "x0"})
_TEXTS = frozenset({"caption", "question", "questions"})
_DEFECT = "defect"


@dataclass(slots=True)
class _Told:
    """What all rows say of one image."""

    path: Path
    classes: set[str] = field(default_factory=set)
    boxes: list[BoxLabel] = field(default_factory=list)
    masks: set[Path] = field(default_factory=set)
    captions: list[str] = field(default_factory=list)
    questions: list[tuple[str, str]] = field(default_factory=list)
    size: tuple[int, int] | None = None
    group: str | None = None
    split: Split | None = None


def recognises(files: Files) -> bool:
    """Whether tables with labels name at least half of the images, or any table where no other layout says more.

    index.csv stands beside any layout, so it counts only where folders and masks tell no class.
    """
    columns = {path: header_of(path) for path in _table_paths(files)}
    telling = [path for path, known in columns.items() if "image" in known and known & (_LABELS | _TEXTS)]
    labelled = [path for path in telling if columns[path] & _LABELS and path != files.root / INDEX]
    names = Names(files.root, files.images)
    named = set().union(*(_named_in(path, names) for path in labelled))
    if named and 2 * len(named) >= len(files.images):
        return True
    return bool(telling) and not folders.recognises(files) and not mask_files.recognises(files)


def _named_in(path: Path, names: Names) -> set[Path]:
    """The images and masks that a table names; for a quick look only."""
    try:
        rows = read_table(path).rows
    except DataError:
        return set()
    written = (row.get(column) for row in rows for column in ("image", "mask"))
    return {found[0] for name in written if isinstance(name, str) and (found := names.find(name))}


def read(files: Files) -> Found:
    """Gather every row of every table that names images.

    A number in a column `grade` is a grade of severity: 0 is good. A mask without a label is a defect unless it is
    empty. An image with an empty label, or in no table, has no label. Raises DataError where a table that tells
    splits or groups is damaged: those made up instead would leak.
    """
    reading = _Reading(files)
    for path in _table_paths(files):
        reading.add(path)
    return reading.found()


def _table_paths(files: Files) -> list[Path]:
    return [path for path in files.paths if path.suffix.lower() in SUFFIXES]


class _Reading:
    """Gathers what all tables say, image by image."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.companions = mask_files.companions(files)
        self.names = Names(files.root, files.images)
        self.pictures = Names(files.root, files.without(self.companions).images)
        self.told: dict[Path, _Told] = {}
        self.unusable: set[Path] = set()
        self.problems: list[Problem] = []
        self.sources: list[str] = []

    def add(self, path: Path) -> None:
        """Take one table in, or list it where it as a whole is damaged; one without images speaks of other things."""
        try:
            table = read_table(path)
        except DataError as error:
            if header_of(path) & {"split", "group"}:
                raise
            self.problems.append(Problem(path, f"{str(error).removeprefix(f'{path} ')}; not used"))
            return
        if "image" in table.columns:
            self._add(table)

    def _add(self, table: Table) -> None:
        missing: list[str] = []
        self.problems += [*table.problems, *without_image(table), *unknown_splits(table)]
        for line, row in zip(table.lines, table.rows, strict=True):
            written = str(row.get("image", ""))
            if not written.strip():
                continue
            try:
                image = self._near(written, table.path, self.pictures)
            except DataError:
                missing.append(f"{written!r} in line {line:,}")
                continue
            told = self.told.setdefault(image, _Told(image))
            try:
                self._tell(told, row, table)
            except DataError as error:
                self.unusable.add(image)
                self.problems.append(Problem(table.path, f"{error} for {written!r}; image left out"))
        if missing:
            said = f"names images that are not here or not clear: {len(missing):,}, such as {missing[0]}"
            self.problems.append(Problem(table.path, said))
        if "split" in table.columns:
            self.sources.append(self.files.relative(table.path))

    def _near(self, written: str, table: Path, names: Names) -> Path:
        """Paths may be written from the table's own folder."""
        beside = names.find(f"{self.files.relative(table.parent)}/{written}") if table.parent != self.files.root else ()
        return beside[0] if len(beside) == 1 else names.near(written, table)

    def _tell(self, told: _Told, row: Row, table: Table) -> None:
        name = cells.class_name(row)
        boxes = cells.boxes(row, name or _DEFECT)
        told.boxes += boxes
        if name is not None and not boxes:
            told.classes.add(name)
        if "mask" in row:
            told.masks.add(self._near(str(row["mask"]), table.path, self.names))
        elif "mask" in table.columns and name is None:
            told.classes.add(cells.GOOD)
        told.captions += cells.texts(row.get("caption"))
        told.questions += cells.questions(row)
        told.size = cells.size(row) if boxes else told.size
        told.group = str(row["group"]) if "group" in row else told.group
        self._split(told, SPLIT_FOLDERS.get(str(row.get("split", "")).casefold()))

    def _split(self, told: _Told, split: Split | None) -> None:
        if split and told.split and split != told.split:
            raise DataError(f"has the splits {told.split} and {split}")
        told.split = split or told.split

    def found(self) -> Found:
        masks = {mask for told in self.told.values() for mask in told.masks}
        empty = mask_files.empty_masks(masks)
        images = []
        for path in self.files.images:
            if path in masks or path in self.companions or path in self.unusable:
                continue
            try:
                images.append(_image(self.told[path], empty) if path in self.told else FoundImage(path))
            except DataError as error:
                self.problems.append(Problem(path, str(error)))
        return Found(tuple(images), tuple(self.problems), split_source=", ".join(self.sources))


def _image(told: _Told, empty: Iterable[Path]) -> FoundImage:
    """Raises DataError where the rows of an image contradict each other."""
    marked = told.masks - set(empty)
    classes = told.classes or ({_DEFECT} if marked and not told.boxes else {cells.GOOD} if told.masks else set())
    if len(classes) > 1:
        raise DataError(f"is given several labels ({', '.join(sorted(classes))}) and no boxes; left out")
    if len(marked) > 1:
        raise DataError(f"is given {len(marked)} masks; draw them into one; left out")
    return FoundImage(
        told.path,
        class_name=next(iter(classes), None),
        boxes=tuple(told.boxes),
        mask_path=next(iter(marked), None),
        label_size=told.size,
        captions=tuple(dict.fromkeys(told.captions)),
        questions=tuple(dict.fromkeys(told.questions)),
        group=told.group,
        split=told.split,
    )
