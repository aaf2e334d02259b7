"""What was found as one page that needs nothing else: a contact sheet to look at, to print or to send on."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np

from camera.image_file import ImageFileError, read_image
from edge.geometry import Box, Region
from edge.messages import Verdict
from edge.search.results import Hit
from edge.store.history import History

_SIDE_PX = 240
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body {{ font: 15px/1.4 system-ui, "Noto Sans TC", "Microsoft JhengHei", sans-serif; margin: 2rem; color: #1c2326 }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.25rem }}
figure {{ margin: 0; break-inside: avoid }}
img, .none {{ width: 100%; aspect-ratio: 1; object-fit: contain; background: #eef1f2; color: #5b686d;
  display: grid; place-items: center }}
figcaption b {{ display: block }} small {{ color: #5b686d; overflow-wrap: anywhere }}
</style></head><body><h1>{title}</h1><p>{summary}</p><main>
{figures}
</main></body></html>
"""


def contact_sheet(question: str, hits: Sequence[Hit], history: History) -> str:
    """HTML with the pictures inside it, best first."""
    figures = "\n".join(_figure(rank, hit, history) for rank, hit in enumerate(hits, start=1))
    language = "zh-Hant-TW" if any("\u4e00" <= letter <= "\u9fff" for letter in question) else "en"
    return _PAGE.format(language=language, title=escape(question), summary=f"{len(hits)} parts", figures=figures)


def _figure(rank: int, hit: Hit, history: History) -> str:
    v = hit.stored.verdict
    picture = history.picture_path(v.id) if hit.stored.has_picture else None
    jpeg = None if picture is None else _thumbnail(picture, v)
    screen = (
        '<div class="none">no picture kept</div>'
        if jpeg is None
        else f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
    )
    what = escape(v.class_name or v.reason or "")
    return (
        f"<figure>{screen}<figcaption><b>{rank}. {v.status} {what}</b>{escape(v.camera)}, {v.captured}<br>"
        f"<small>{escape(v.id)}</small></figcaption></figure>"
    )


def _thumbnail(path: Path, verdict: Verdict) -> bytes | None:
    """The inspected region with its boxes; None where the file cannot be read."""
    try:
        image_HWC = read_image(path)
    except ImageFileError:
        return None
    scale = image_HWC.shape[1] / verdict.frame_width
    for box in verdict.boxes:
        (left, top), (right, bottom) = ((round(x * scale), round(y * scale)) for x, y in _corners(box))
        cv2.rectangle(image_HWC, (left, top), (right, bottom), (40, 40, 230), max(1, round(scale)))
    (left, top), (right, bottom) = ((round(x * scale), round(y * scale)) for x, y in _corners(verdict.region))
    part_HWC = image_HWC[top:bottom, left:right]
    part_HWC = part_HWC if part_HWC.size else image_HWC
    smaller = min(1.0, _SIDE_PX / max(part_HWC.shape[:2]))
    size = (max(1, round(part_HWC.shape[1] * smaller)), max(1, round(part_HWC.shape[0] * smaller)))
    encoded, jpeg = cv2.imencode(".jpg", cv2.resize(part_HWC, size, interpolation=cv2.INTER_AREA))
    return np.asarray(jpeg).tobytes() if encoded else None


def _corners(place: Box | Region) -> tuple[tuple[int, int], tuple[int, int]]:
    return (place.x, place.y), (place.x + place.w, place.y + place.h)
