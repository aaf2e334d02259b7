"""The text of a report, with phrases that one can point at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nicegui import ui

from edge.dashboard.picture import PictureElement
from edge.geometry import Region
from edge.messages import Phrase


class PhrasesElement(ui.element, component="phrases.js"):
    """A text; `phrases` of it, in order, show their places on `picture`."""

    def __init__(self, text: str, phrases: Sequence[Phrase], picture: PictureElement) -> None:
        super().__init__()
        self._props["pieces"] = list(_pieces(text, phrases))
        self._props["picture"] = picture.id


def _pieces(text: str, phrases: Sequence[Phrase]) -> Iterator[dict[str, Any]]:
    at = 0
    for phrase in phrases:
        yield {"text": text[at : phrase.start]}
        yield {"text": text[phrase.start : phrase.end], "place": _place(phrase)}
        at = phrase.end
    yield {"text": text[at:]}


def _place(phrase: Phrase) -> dict[str, Any]:
    """As `light` in picture.js takes it."""
    looked = phrase.attention
    return {
        "regions": [_corner_and_size(region) for region in phrase.regions],
        "attention": looked and {"region": _corner_and_size(looked.region), "rows": looked.rows},
    }


def _corner_and_size(region: Region) -> tuple[int, int, int, int]:
    return region.x, region.y, region.w, region.h
