"""labelme: one JSON file of shapes per image (Wada, https://github.com/wkentaro/labelme)."""

from __future__ import annotations

import base64
import binascii
import math
from pathlib import Path

import msgspec
import numpy as np

from camera.image_file import ImageFileError
from compress.data.images import decode_mask
from compress.data.readers.files import Files
from compress.data.readers.found import BoxLabel, Found, PolygonLabel, RunsLabel
from compress.data.readers.pairs import LabelFile, join, read_label
from compress.data.readers.runs import MAX_SIDE_PX, runs_of
from compress.errors import DataError

_LOOKED_AT = 20
_CIRCLE_CORNERS = 32
_MOST_PIXELS = 2**28

_Point = tuple[float, float]
_Size = tuple[int, int]


class _Shape(msgspec.Struct, frozen=True):
    label: str
    points: list[_Point]
    shape_type: str | None = "polygon"
    mask: str | None = None


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
    width, height = content.image_width or 0, content.image_height or 0
    size = (width, height) if width > 0 and height > 0 else None
    places = [_place(shape, number, size) for number, shape in enumerate(content.shapes, 1)]
    return LabelFile(
        path,
        content.image_path,
        size,
        boxes=tuple(p for p in places if isinstance(p, BoxLabel)),
        polygons=tuple(p for p in places if isinstance(p, PolygonLabel)),
        runs=tuple(p for p in places if isinstance(p, RunsLabel)),
        class_name=_flag(content.flags or {}) if not places else None,
    )


def _flag(flags: dict[str, bool]) -> str | None:
    """labelme's way to give the image as a whole a class."""
    chosen = [name for name, is_set in flags.items() if is_set]
    if len(chosen) > 1:
        raise DataError(f"sets several flags ({', '.join(chosen)}), so its class is unclear; left out")
    return chosen[0] if chosen else None


def _place(shape: _Shape, number: int, size: _Size | None) -> BoxLabel | PolygonLabel | RunsLabel:
    label = shape.label.strip()
    if not label:
        raise DataError(f"has no label in shape {number}; left out")
    if not all(math.isfinite(value) for point in shape.points for value in point):
        raise DataError(f"has a corner that is no number in shape {number}; left out")
    match shape.shape_type or "polygon", len(shape.points):
        case "polygon" | "oriented_rectangle", count if count >= 3:
            return PolygonLabel(tuple(shape.points), label)
        case "circle", 2:
            return PolygonLabel(_circle(*shape.points), label)
        case "mask", 2 if shape.mask:
            return _mask(shape.points, shape.mask, label, number, size)
        case "rectangle" | "mask", count if count >= 2:
            return _bounding_box(shape.points, label, least=0.0)
        case "line" | "linestrip" | "point" | "points", count if count >= 1:
            return _bounding_box(shape.points, label, least=1.0)
        case kind, count:
            said = f"has a {kind!r} of {count} points in shape {number}"
            raise DataError(f"{said}, which means no place here; draw it as a polygon; left out")


def _mask(points: list[_Point], text: str, label: str, number: int, size: _Size | None) -> RunsLabel:
    """A PNG in base64 that lies between two corners, the last pixel included; what is marked is not 0."""
    where = f"in shape {number}"
    if size is None:
        raise DataError(f"has a mask {where} but no imageWidth and imageHeight; save it again in labelme; left out")
    width, height = size
    if max(size) > MAX_SIDE_PX or width * height > _MOST_PIXELS:
        raise DataError(f"has a mask {where} for an image of {width}x{height} pixels, which is too large; left out")
    try:
        mask_HW = decode_mask(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, ImageFileError) as error:
        raise DataError(f"has a mask {where} that is no PNG in base64; draw it again; left out") from error
    (x0, x1), (y0, y1) = (sorted(math.floor(value) for value in values) for values in zip(*points, strict=True))
    if abs(x1 - x0 + 1 - mask_HW.shape[1]) > 1 or abs(y1 - y0 + 1 - mask_HW.shape[0]) > 1:
        raise DataError(f"has a mask {where} of another size than its corners say; draw it again; left out")
    drawn_HW = np.zeros((height, width), dtype=np.bool_)
    inside_HW = mask_HW[max(0, -y0) : max(0, height - y0), max(0, -x0) : max(0, width - x0)]
    top, left = max(0, y0), max(0, x0)
    drawn_HW[top : top + inside_HW.shape[0], left : left + inside_HW.shape[1]] = inside_HW
    if not drawn_HW.any():
        raise DataError(f"has a mask {where} that marks nothing on the image; draw it again or remove it; left out")
    return runs_of(drawn_HW, label)


def _circle(centre: _Point, rim: _Point) -> tuple[_Point, ...]:
    radius = math.dist(centre, rim)
    angles = [2 * math.pi * corner / _CIRCLE_CORNERS for corner in range(_CIRCLE_CORNERS)]
    return tuple((centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles)


def _bounding_box(points: list[_Point], label: str, least: float) -> BoxLabel:
    """Around all points, at least `least` pixels wide and high: a line has no area of its own."""
    xs, ys = zip(*points, strict=True)
    x0, y0 = min(xs), min(ys)
    return BoxLabel(x0, y0, max(max(xs), x0 + least), max(max(ys), y0 + least), label)
