"""index.csv beside the images: class, split, group and sentences of each, whatever format the labels are in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from compress.data.readers import cells, rows
from compress.data.readers.files import Files, Names
from compress.data.readers.found import Problem, Split
from compress.data.readers.lists import SPLIT_FOLDERS
from compress.errors import DataError

INDEX = "index.csv"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index says of one image; None where it does not, and for a split of an unknown name."""

    class_name: str | None
    split: Split | None
    group: str | None
    captions: tuple[str, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Index:
    """index.csv by image, empty where there is none."""

    entries: dict[Path, Entry] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_index(files: Files, names: Names) -> Index:
    """Read index.csv. Raises DataError where it is damaged: splits made up instead would leak silently."""
    path = files.root / INDEX
    if path not in files.paths:
        return Index()
    table = rows.read_table(path)
    if "image" not in table.columns:
        return Index(problems=(Problem(path, "names no images: it needs a column path, image or name; not used"),))
    found: dict[Path, Entry] = {}
    problems = [*table.problems, *rows.without_image(table), *unknown_splits(table)]
    missing: list[str] = []
    for line, row in zip(table.lines, table.rows, strict=True):
        written = str(row.get("image", ""))
        if not written.strip():
            continue
        images = names.find(written)
        if len(images) > 1:
            problems.append(Problem(path, f"names {written!r}, which {len(images)} images are called; not used"))
        elif images:
            problems += _add(found, images[0], row, path)
        else:
            missing.append(f"{written!r} in line {line:,}")
    if missing:
        said = f"names images that are not here: {len(missing):,}, such as {missing[0]}"
        problems.append(Problem(path, said))
    return Index(found, tuple(problems))


def unknown_splits(table: rows.Table) -> list[Problem]:
    """What stands in the column split and is none; its rows count as if nothing stood there."""
    written = [text for row in table.rows if (text := str(row.get("split", "")).strip())]
    unknown = [text for text in written if text.casefold() not in SPLIT_FOLDERS]
    if not unknown:
        return []
    said = f"has {len(unknown):,} splits called neither train, val nor test, such as {unknown[0]!r}; not used"
    return [Problem(table.path, said)]


def _add(found: dict[Path, Entry], image: Path, row: rows.Row, path: Path) -> list[Problem]:
    try:
        entry = _entry(row)
    except DataError as error:
        return [Problem(path, f"{error} for {image.name}; row not used")]
    if found.setdefault(image, entry) != entry:
        return [Problem(path, f"has two different rows for {row['image']!r}; the first is used")]
    return []


def _entry(row: rows.Row) -> Entry:
    split = SPLIT_FOLDERS.get(row.get("split", "").casefold())
    texts = tuple(cells.texts(row.get("caption")))
    return Entry(row.get("class"), split, row.get("group"), texts, tuple(cells.questions(row)))
