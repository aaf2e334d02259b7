"""labelme: one JSON file of shapes per image (Wada, https://github.com/wkentaro/labelme)."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from compress.data.readers.files import Files
from compress.data.readers.found import BoxLabel, Found, PolygonLabel
from compress.data.readers.pairs import LabelFile, join, read_label
from compress.errors import DataError

_LOOKED_AT = 20
_CIRCLE_CORNERS = 32


class _Shape(msgspec.Struct, frozen=True):
    label: str
    points: list[tuple[float, float]]
    shape_type: str | None = "polygon"


class _File(msgspec.Struct, frozen=True, rename="camel"):
    shapes: list[_Shape]
    image_path: str | None = None
    image_height: int | None = None
    image_width: int | None = None
    flags: dict[str, bool] | None = None


def recognises(files: Files) -> bool:
    """Whether some JSON file has labelme's shapes, or all are too broken to tell but named as images are."""
    paths = files.with_suffix(".json")[:_LOOKED_AT]
    kinds = {_kind(path) for path in paths}
    stems = {path.stem for path in files.images}
    return "labelme" in kinds or (kinds == {"broken"} and all(path.stem in stems for path in paths))


def read(files: Files) -> Found:
    """Read every JSON file. An image without one is good: labelme saves none where nothing was marked."""
    images, problems = join(files, files.with_suffix(".json"), _parse)
    return Found(images, problems, unlabelled_are_good=True)


def _kind(path: Path) -> str:
    """A file with shapes is labelme's even where a value in it is wrong."""
    try:
        keys = msgspec.json.decode(_text(path), type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return "other"
    except (DataError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "broken"
    return "labelme" if "shapes" in keys else "other"


def _text(path: Path) -> bytes:
    return read_label(path).removeprefix(b"\xef\xbb\xbf")


def _parse(path: Path) -> LabelFile:
    try:
        content = msgspec.json.decode(_text(path), type=_File)
    except msgspec.ValidationError as error:
        raise DataError(f"is not a labelme file: {error}; left out") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"is not valid JSON ({error}); save it again as UTF-8; left out") from error
    places = [_place(shape, number) for number, shape in enumerate(content.shapes, 1)]
    width, height = content.image_width or 0, content.image_height or 0
    return LabelFile(
        path,
        content.image_path,
        (width, height) if width > 0 and height > 0 else None,
        boxes=tuple(p for p in places if isinstance(p, BoxLabel)),
        polygons=tuple(p for p in places if isinstance(p, PolygonLabel)),
        class_name=_flag(content.flags or {}) if not places else None,
    )


def _flag(flags: dict[str, bool]) -> str | None:
    """labelme's way to give the image as a whole a class."""
    chosen = [name for name, is_set in flags.items() if is_set]
    if len(chosen) > 1:
        raise DataError(f"sets several flags ({', '.join(chosen)}), so its class is unclear; left out")
    return chosen[0] if chosen else None


def _place(shape: _Shape, number: int) -> BoxLabel | PolygonLabel:
    label = shape.label.strip()
    if not label:
        raise DataError(f"has no label in shape {number}; left out")
    if not all(math.isfinite(value) for point in shape.points for value in point):
        raise DataError(f"has a corner that is no number in shape {number}; left out")
    match shape.shape_type or "polygon", len(shape.points):
        case "polygon", count if count >= 3:
            return PolygonLabel(tuple(shape.points), label)
        case "circle", 2:
            return PolygonLabel(_circle(*shape.points), label)
        case "rectangle" | "mask", count if count >= 2:
            return _bounding_box(shape.points, label, least=0.0)
        case "line" | "linestrip" | "point" | "points", count if count >= 1:
            return _bounding_box(shape.points, label, least=1.0)
        case kind, count:
            raise DataError(f"has a {kind!r} of {count} points in shape {number}, which means no place; left out")


def _circle(centre: tuple[float, float], rim: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    radius = math.dist(centre, rim)
    angles = [2 * math.pi * corner / _CIRCLE_CORNERS for corner in range(_CIRCLE_CORNERS)]
    return tuple((centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles)


def _bounding_box(points: list[tuple[float, float]], label: str, least: float) -> BoxLabel:
    """Around all points, at least `least` pixels wide and high: a line has no area of its own."""
    xs, ys = zip(*points, strict=True)
    x0, y0 = min(xs), min(ys)
    return BoxLabel(x0, y0, max(max(xs), x0 + least), max(max(ys), y0 + least), label)
