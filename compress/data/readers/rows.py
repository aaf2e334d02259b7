"""Tables of images (CSV, TSV, JSON lines) as rows with the house's column names, whatever people call them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from compress.data.readers.found import Problem
from compress.errors import DataError

_JSON_LINES = (".jsonl", ".ndjson")
_SHOWN_LINES = 5
SUFFIXES = (".csv", ".tsv", *_JSON_LINES)

# Ours: what people write, the clearest first. Compared in lower case, with _ for spaces and dashes.
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "image": (
        "path", "image", "file", "filename", "file_name", "image_path", "image_file", "image_name", "filepath",
        "file_path", "img", "img_path", "picture", "name", "影像", "圖片", "图片", "檔名", "文件名",
    ),
    "class": (
        "class", "label", "class_name", "label_name", "category", "category_name", "target", "defect", "defect_type",
        "類別", "类别", "標籤", "标签",
    ),
    "grade": ("grade", "severity", "level", "等級", "等级", "嚴重度", "严重度"),
    "mask": ("mask", "mask_path", "mask_file", "segmentation_mask", "遮罩"),
    "boxes": ("boxes",),
    "bbox": ("bbox", "bboxes"),
    "objects": ("objects",),
    "x0": ("x0", "xmin", "x_min", "left"),
    "y0": ("y0", "ymin", "y_min", "top"),
    "x1": ("x1", "xmax", "x_max", "right"),
    "y1": ("y1", "ymax", "y_max", "bottom"),
    "width": ("width", "image_width", "img_width"),
    "height": ("height", "image_height", "img_height"),
    "caption": ("caption", "captions", "text", "sentence", "sentences", "description", "描述", "說明", "说明"),
    "question": ("question", "提問", "問題", "问题"),
    "answer": ("answer", "回答", "答案"),
    "questions": ("questions", "qa", "question_answers"),
    "group": ("group", "group_id", "part_id", "serial", "serial_number", "群組", "组别"),
    "split": ("split", "subset", "partition", "phase", "資料集"),
}  # fmt: skip

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file. A row holds only columns known here, by the house's name, and no empty values.

    columns: all known columns of the table. lines: where each row ends in the file, counted from 1. problems: its rows
    that could not be read.
    """

    path: Path
    columns: frozenset[str]
    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    problems: tuple[Problem, ...]


def read_table(path: Path) -> Table:
    """Read one table. Raises DataError, with the path, where the file as a whole is damaged."""
    text = text_of(path)
    if path.suffix.lower() in _JSON_LINES:
        return _from_json_lines(path, text)
    return _from_csv(path, text)


def header_of(path: Path) -> frozenset[str]:
    """The known columns that the first line names, by the house's name, however damaged the rest is."""
    return frozenset(_known(columns_of(path)))


def columns_of(path: Path) -> tuple[str, ...]:
    """The columns that the first line names, as they are written; none where it cannot be read."""
    try:
        first = text_of(path).split("\n", 1)[0]
        if path.suffix.lower() in _JSON_LINES:
            return tuple(msgspec.json.decode(first, type=dict[str, msgspec.Raw]))
    except (DataError, msgspec.DecodeError, RecursionError):
        return ()
    return tuple(name.strip('" \r') for name in re.split(r"[,;\t]", first))


def text_of(path: Path) -> str:
    """A text file. Raises DataError, with the path, where it cannot be read or is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text; save it again as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def without_image(table: Table) -> list[Problem]:
    """The rows that name no image, by their lines."""
    lines = [line for line, row in zip(table.lines, table.rows, strict=True) if not str(row.get("image", "")).strip()]
    if not lines:
        return []
    shown = ", ".join(f"{line:,}" for line in lines[:_SHOWN_LINES]) + (", ..." if len(lines) > _SHOWN_LINES else "")
    return [Problem(table.path, f"has rows without an image: {len(lines):,}, in line {shown}; not used")]


def _from_csv(path: Path, text: str) -> Table:
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    rows: list[Row] = []
    lines: list[int] = []
    problems: list[Problem] = []
    try:
        reader = csv.DictReader(text.splitlines(), delimiter=delimiter, strict=True)
        ours = _known(reader.fieldnames or ())
        for line in reader:
            if None in line:
                problems.append(
                    Problem(path, f"has more values than columns in line {reader.line_num}; quote texts; row not used")
                )
                continue
            values = {name: (line[written] or "").strip() for name, written in ours.items()}
            rows.append({name: value for name, value in values.items() if value})
            lines.append(reader.line_num)
    except csv.Error as error:
        raise DataError(f"{path} is not a valid CSV file ({error}); repair or remove it") from error
    return Table(path, frozenset(ours), tuple(rows), tuple(lines), tuple(problems))


def _from_json_lines(path: Path, text: str) -> Table:
    decoder = msgspec.json.Decoder(dict[str, Any])
    rows: list[Row] = []
    lines: list[int] = []
    problems: list[Problem] = []
    columns: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            content = decoder.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            problems.append(Problem(path, f"has no JSON object in line {number} ({error}); row not used"))
            continue
        ours = _known(content)
        columns.update(ours)
        rows.append({name: content[written] for name, written in ours.items() if content[written] not in (None, "")})
        lines.append(number)
    return Table(path, frozenset(columns), tuple(rows), tuple(lines), tuple(problems))


def _known(written: Iterable[str]) -> dict[str, str]:
    """The house's name of each known column: as it is written."""
    by_key = {re.sub(r"[\s-]+", "_", name.strip().casefold()): name for name in reversed(list(written))}
    found = {ours: next((s for s in spellings if s in by_key), None) for ours, spellings in _SPELLINGS.items()}
    return {ours: by_key[spelling] for ours, spelling in found.items() if spelling is not None}
