"""Labels held against the real size of their image."""

from __future__ import annotations

from dataclasses import replace

from compress.data.readers.found import BoxLabel, FoundImage, PolygonLabel
from compress.errors import DataError

Size = tuple[int, int]


def cut_to_image(image: FoundImage, size: Size) -> FoundImage:
    """The image with its boxes and polygons cut to `size` = (width, height) in pixels.

    Annotators reach over the edge, so that is cut. A box that is inverted, empty or wholly outside, or a
    label made for another size, means that the whole label cannot be trusted. Raises DataError for those.
    """
    for stated in (image.label_size, *(runs.size for runs in image.runs)):
        if stated not in (None, size):
            raise DataError(f"is {_by(size)} pixels, but its label is for {_by(stated)}; left out")
    if image.in_shares:
        image = _in_pixels(image, size)
    boxes = tuple(_cut_box(box, size) for box in image.boxes)
    polygons = tuple(_cut_polygon(polygon, size) for polygon in image.polygons)
    return replace(image, boxes=boxes, polygons=polygons)


def _by(size: Size | None) -> str:
    return "none" if size is None else f"{size[0]}x{size[1]}"


def _in_pixels(image: FoundImage, size: Size) -> FoundImage:
    w, h = size
    boxes = tuple(BoxLabel(b.x0 * w, b.y0 * h, b.x1 * w, b.y1 * h, b.class_name) for b in image.boxes)
    polygons = tuple(PolygonLabel(tuple((x * w, y * h) for x, y in p.points_N2), p.class_name) for p in image.polygons)
    return replace(image, boxes=boxes, polygons=polygons, in_shares=False)


def _cut_box(box: BoxLabel, size: Size) -> BoxLabel:
    where = f"{box.x0:g},{box.y0:g} to {box.x1:g},{box.y1:g}"
    if box.x1 <= box.x0 or box.y1 <= box.y0:
        raise DataError(f"has a {box.class_name} box that is inverted or empty ({where}); left out")
    width, height = size
    cut = BoxLabel(max(0, box.x0), max(0, box.y0), min(width, box.x1), min(height, box.y1), box.class_name)
    if cut.x1 <= cut.x0 or cut.y1 <= cut.y0:
        raise DataError(f"has a {box.class_name} box outside its {width}x{height} pixels ({where}); left out")
    return cut


def _cut_polygon(polygon: PolygonLabel, size: Size) -> PolygonLabel:
    """Each corner is moved to the nearest point of the image, which keeps the part inside nearly as it is."""
    width, height = size
    xs, ys = zip(*polygon.points_N2, strict=True)
    if max(xs) <= 0 or max(ys) <= 0 or min(xs) >= width or min(ys) >= height:
        raise DataError(f"has a {polygon.class_name} polygon outside its {width}x{height} pixels; left out")
    points = tuple((min(max(x, 0.0), width), min(max(y, 0.0), height)) for x, y in polygon.points_N2)
    return PolygonLabel(points, polygon.class_name)
