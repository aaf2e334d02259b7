"""Pascal VOC: an XML file of boxes per image (Everingham et al. 2010, "The PASCAL visual object classes")."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from compress.data.readers.files import Files
from compress.data.readers.found import BoxLabel, Found
from compress.data.readers.pairs import LabelFile, join, read_label
from compress.errors import DataError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LOOKED_AT = 20


def recognises(files: Files) -> bool:
    """Whether some XML file is a VOC annotation, or all are too broken to tell."""
    kinds = [_kind(path) for path in files.with_suffix(".xml")[:_LOOKED_AT]]
    return "annotation" in kinds or (bool(kinds) and set(kinds) == {"broken"})


def read(files: Files) -> Found:
    """Read every XML file; an image without one is not labelled."""
    images, problems = join(files, files.with_suffix(".xml"), _parse)
    return Found(images, problems)


def _kind(path: Path) -> str:
    try:
        return str(_root_of(path).tag)
    except DataError:
        return "broken"


def _parse(path: Path) -> LabelFile:
    root = _root_of(path)
    if root.tag != "annotation":
        raise DataError(f"is not a Pascal VOC file: it holds <{root.tag}>, not <annotation>; left out")
    boxes = tuple(_box(element, number) for number, element in enumerate(root.iter("object"), 1))
    return LabelFile(path, root.findtext("filename"), _size(root), boxes)


def _root_of(path: Path) -> Element:
    try:
        root: Element = fromstring(read_label(path))
    except DefusedXmlException as error:
        kind = type(error).__name__
        raise DataError(f"uses XML entities, which can exhaust the machine ({kind}); left out") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise DataError(f"is not valid XML ({error}); save it again as UTF-8; left out") from error
    return root


def _size(root: Element) -> tuple[int, int] | None:
    """Width and height; None where they are absent or 0, as some tools write."""
    try:
        width, height = (int(root.findtext(f"size/{side}") or 0) for side in ("width", "height"))
    except ValueError:
        return None
    return (width, height) if width > 0 and height > 0 else None


def _box(element: Element, number: int) -> BoxLabel:
    """VOC counts pixels from 1 and includes both ends."""
    name = (element.findtext("name") or "").strip()
    if not name:
        raise DataError(f"has no <name> in object {number}; left out")
    xmin, ymin, xmax, ymax = (_number(element, corner, number) for corner in ("xmin", "ymin", "xmax", "ymax"))
    return BoxLabel(xmin - 1, ymin - 1, xmax, ymax, name)


def _number(element: Element, corner: str, number: int) -> float:
    text = element.findtext(f"bndbox/{corner}")
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"has no number in <{corner}> of object {number} (it says {text!r}); left out")
    return value
