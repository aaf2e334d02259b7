"""What is written down about the language half of a bundle, for machines; `page` makes it a page for people."""

from __future__ import annotations

from pathlib import Path

import msgspec

from compress.language.asked import AsAnswered
from compress.language.measure import Figures, Overlap
from compress.search.stage import SentenceFigures
from edge.bundle.manifest import Precision


class Example(msgspec.Struct, frozen=True):
    """One test picture in words. text, words per language; label: its class in the data."""

    name: str
    label: str
    text: dict[str, str]
    words: dict[str, str]


class LanguageReport(msgspec.Struct, frozen=True):
    """One run of `edgevl language`.

    told: how many tellings were learnt from, by source; dropped: sentences that may contradict the labels. figures: of
    each precision on the test split. teacher: per language, its sentences against the captions, where both are there.
    kb: of the decoder's files that ship. sees_places: whether the graph gives a token for each place.
    search: per language, how well parts are found by sentences. asked: by kind, whether questions that the data brings
    with its test pictures are answered as the data answers them.
    """

    bundle: str
    base: str
    data: str
    command: str
    parameters: int
    vocabulary: int
    steps: int
    seed: int
    sees_places: bool
    told: dict[str, int]
    dropped: dict[str, int]
    unwritten: int
    shipped: Precision
    why: str
    kb: float
    figures: dict[Precision, Figures]
    teacher: dict[str, Overlap]
    examples: tuple[Example, ...]
    seconds: dict[str, float]
    search: dict[str, SentenceFigures] = {}
    asked: dict[str, AsAnswered] = {}


def write_language_report(report: LanguageReport, file: Path) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))


def read_language_report(file: Path) -> LanguageReport:
    return msgspec.json.decode(file.read_bytes(), type=LanguageReport)
