"""Past verdicts as a table for other programs: CSV by the standard library, Parquet by pyarrow where it is installed.

A file appears under its name when it is complete; what was cut off leaves none.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import msgspec

from edge.errors import EdgevlError
from edge.store.history import StoredVerdict

Cell = str | int | float | bool | None
_PARQUET_ROWS = 10_000
# A cell that begins so is a formula to a spreadsheet, and names come from whoever labelled the pictures.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_TEXT, _WHOLE, _REAL, _TRUTH = "string", "int64", "float64", "bool"
# name -> Parquet's type; boxes are JSON, [{"x":.., "y":.., "w":.., "h":.., "score":..}], in pixels of the frame.
COLUMNS = {
    "id": _TEXT,
    "line": _TEXT,
    "camera": _TEXT,
    "epoch": _TEXT,
    "number": _WHOLE,
    "captured": _TEXT,
    "status": _TEXT,
    "disposition": _TEXT,
    "reason": _TEXT,
    "class_name": _TEXT,
    "probability": _REAL,
    "defect_score": _REAL,
    "boxes": _TEXT,
    "total_ms": _REAL,
    "bundle": _TEXT,
    "engine": _TEXT,
    "stored": _TRUTH,
    "has_picture": _TRUTH,
    # What a person says of a verdict that was wrong: good, defect or unknown, and which defect.
    "marked": _TEXT,
    "marked_class": _TEXT,
    "marked_note": _TEXT,
    "marked_by": _TEXT,
    "marked_at": _TEXT,
}


def write_csv(found: Iterable[StoredVerdict], file: Path, for_excel: bool = False) -> int:
    """Write UTF-8 with a head; how many verdicts. `for_excel` adds the byte order mark that Excel needs for Chinese.

    With `for_excel` a text that Excel would take for a formula gets an apostrophe. Raises EdgevlError.
    """
    with _completed(file) as part, part.open("w", encoding="utf-8-sig" if for_excel else "utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(COLUMNS)
        number = 0
        for stored in found:
            cells = _cells(stored)
            table.writerow([_plain(cell) for cell in cells] if for_excel else cells)
            number += 1
    return number


def write_parquet(found: Iterable[StoredVerdict], file: Path) -> int:
    """Write one table, in groups of rows; how many verdicts. Raises EdgevlError, also without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise EdgevlError("Parquet needs pyarrow: pip install '.[parquet]', or write --csv FILE instead") from None
    schema = pa.schema(list(COLUMNS.items()))
    rows, number = iter(found), 0
    with _completed(file) as part, pq.ParquetWriter(part, schema) as out:
        while chunk := [_cells(stored) for stored in islice(rows, _PARQUET_ROWS)]:
            rows_of_names = [dict(zip(COLUMNS, cells, strict=True)) for cells in chunk]
            out.write_table(pa.Table.from_pylist(rows_of_names, schema=schema))
            number += len(chunk)
    return number


def _cells(stored: StoredVerdict) -> list[Cell]:
    """In the order of COLUMNS."""
    v = stored.verdict
    boxes = msgspec.json.encode(v.boxes).decode()
    place: list[Cell] = [v.id, v.line, v.camera, v.epoch, v.number, v.captured]
    said: list[Cell] = [v.status, v.disposition, v.reason, v.class_name, v.probability, v.defect_score, boxes]
    mark: list[Cell] = [None] * 5
    if stored.mark is not None:
        m = stored.mark
        mark = [m.truth, m.class_name, m.note, m.by, m.time]
    return [*place, *said, v.timings.total_ms, v.bundle, v.engine, v.stored, stored.has_picture, *mark]


def _plain(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


@contextmanager
def _completed(file: Path) -> Iterator[Path]:
    """A file beside it to write to, which takes its name at the end."""
    part = file.with_name(f"{file.name}.part")
    try:
        yield part
        part.replace(file)
    except OSError as error:
        raise EdgevlError(f"cannot write {file} ({error.strerror}); choose another file or free some space") from error
    finally:
        part.unlink(missing_ok=True)
