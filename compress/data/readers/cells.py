"""What stands in one row of a table: label or grade, boxes, captions, questions. All raise DataError for nonsense."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from compress.data.readers.found import BoxLabel
from compress.data.readers.rows import Row
from compress.errors import DataError

GOOD = "good"
_CORNERS = ("x0", "y0", "x1", "y1")


def class_name(row: Row) -> str | None:
    """The class of a row's label or grade; None where it has none."""
    grade = row.get("grade")
    if grade is None:
        name = row.get("class")
        if name is not None and not isinstance(name, str | int):
            raise DataError(f"has the label {name!r}, which is not a word")
        return str(name).strip() or None if name is not None else None
    try:
        number = float(grade)
    except (TypeError, ValueError):
        return str(grade).strip()
    if not math.isfinite(number) or number < 0:
        raise DataError(f"has the grade {grade!r}; grades count from 0, which is good")
    return GOOD if number == 0 else f"grade {number:g}"


def boxes(row: Row, class_name: str) -> list[BoxLabel]:
    """From corner columns, `boxes` (corners), `bbox` (x, y, width, height), or `objects` as Hugging Face has it."""
    found: list[BoxLabel] = []
    if any(corner in row for corner in _CORNERS):
        found.append(_corner_box([row.get(corner) for corner in _CORNERS], class_name))
    found += [_any_box(box, class_name, _corner_box) for box in _nested(row.get("boxes"))]
    found += [_any_box(box, class_name, _sized_box) for box in _nested(row.get("bbox"))]
    objects = row.get("objects")
    if objects is not None:
        found += _objects(objects, class_name)
    return found


def _objects(objects: Any, class_name: str) -> list[BoxLabel]:
    if not isinstance(objects, dict) or not isinstance(objects.get("bbox"), list):
        raise DataError('has `objects` that are not {"bbox": [[x, y, width, height], ...], "category": [...]}')
    names = objects.get("category") or objects.get("categories") or [class_name] * len(objects["bbox"])
    if not isinstance(names, list) or len(names) != len(objects["bbox"]):
        raise DataError("has `objects` with another number of categories than of boxes")
    return [_sized_box(box, str(name)) for box, name in zip(objects["bbox"], names, strict=True)]


def _nested(value: Any) -> list[Any]:
    """A list of boxes, or one box alone, as JSON has it or as its text in a CSV cell."""
    if value is None:
        return []
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise DataError(f"has boxes {value!r} that are not written as [[x, y, x, y], ...]") from error
    if not isinstance(value, list):
        raise DataError(f"has boxes that are not a list ({value!r})")
    return [value] if value and not isinstance(value[0], list | dict) else value


def _any_box(box: Any, class_name: str, of: Callable[[Any, str], BoxLabel]) -> BoxLabel:
    """Four numbers, four numbers and a class, or an object with corners and a class."""
    if isinstance(box, dict):
        named = box.get("class") or box.get("label") or box.get("category") or class_name
        corners = [box.get("xmin", box.get("x0")), box.get("ymin", box.get("y0")),
                   box.get("xmax", box.get("x1")), box.get("ymax", box.get("y1"))]  # fmt: skip
        return _corner_box(corners, str(named))
    if isinstance(box, list) and len(box) == 5:
        return of(box[:4], str(box[4]))
    return of(box, class_name)


def _corner_box(corners: Any, class_name: str) -> BoxLabel:
    x0, y0, x1, y1 = _four(corners)
    return BoxLabel(x0, y0, x1, y1, class_name)


def _sized_box(box: Any, class_name: str) -> BoxLabel:
    x, y, width, height = _four(box)
    return BoxLabel(x, y, x + width, y + height, class_name)


def _four(values: Any) -> tuple[float, float, float, float]:
    try:
        a, b, c, d = (float(value) for value in values)
    except (TypeError, ValueError):
        a = b = c = d = math.nan
    if not all(map(math.isfinite, (a, b, c, d))):
        raise DataError(f"has a box {values!r} that is not four numbers")
    return a, b, c, d


def texts(value: Any) -> list[str]:
    """One sentence or a list of them; empty ones left out."""
    texts = value if isinstance(value, list) else [value]
    return [str(text).strip() for text in texts if text is not None and str(text).strip()]


def questions(row: Row) -> list[tuple[str, str]]:
    """(question, answer) of the row, and of its list `questions`."""
    pairs = [(row["question"], row["answer"])] if "question" in row and "answer" in row else []
    listed = row.get("questions", [])
    if isinstance(listed, str):
        try:
            listed = msgspec.json.decode(listed)
        except msgspec.DecodeError as error:
            raise DataError("has `questions` that are not a JSON list") from error
    if not isinstance(listed, list):
        raise DataError("has `questions` that are not a list")
    return [(str(q).strip(), str(a).strip()) for q, a in (*pairs, *map(_question, listed))]


def _question(pair: Any) -> tuple[Any, Any]:
    if isinstance(pair, Mapping) and "question" in pair and "answer" in pair:
        return pair["question"], pair["answer"]
    if isinstance(pair, list) and len(pair) == 2:
        return pair[0], pair[1]
    raise DataError("has a question without an answer")


def size(row: Row) -> tuple[int, int] | None:
    """(width, height) of the image in pixels, where the row says both."""
    try:
        width, height = int(row.get("width", 0)), int(row.get("height", 0))
    except (TypeError, ValueError):
        return None
    return (width, height) if width > 0 and height > 0 else None
