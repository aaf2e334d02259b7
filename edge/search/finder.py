"""Searches the history for other programs: a sentence, or the id of a verdict; one search at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edge.bundle.load import Bundle, load_bundle
from edge.errors import BundleError, EdgevlError
from edge.messages import PartReport
from edge.search.question import checked_sentence, is_verdict_id
from edge.search.results import Hit
from edge.search.search import open_search
from edge.store.database import DATABASE
from edge.store.history import History
from edge.store.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Found:
    """Best first; reports: of the parts that have one, by the id of the verdict.

    error: one sentence where the question could not be answered.
    """

    hits: tuple[Hit, ...] = ()
    reports: Mapping[str, PartReport] = field(default_factory=dict)
    error: str | None = None


class Finder:
    """Use from any thread; whoever asks while another search runs waits for it."""

    def __init__(self, data_dir: Path, bundles: Sequence[Path]) -> None:
        """bundles: folders of those that judge the parts; one that cannot be read is done without."""
        self._data_dir = data_dir
        self._folders = bundles
        self._bundles: list[Bundle] | None = None
        self._asking = threading.Lock()

    def find(self, question: str, wanted: Wanted, most: int) -> Found:
        """The parts that a sentence describes, or that look like the part of a verdict."""
        try:
            sentence = None if is_verdict_id(question) else checked_sentence(question)
            with self._asking:
                hits = tuple(self._find(sentence or question, sentence is None, wanted, most))
            return Found(hits, History(self._data_dir).reports([hit.stored.verdict.id for hit in hits]))
        except (EdgevlError, OSError, ValueError, sqlite3.Error) as error:
            return Found(error=str(error))

    def _find(self, question: str, is_id: bool, wanted: Wanted, most: int) -> list[Hit]:
        if not (self._data_dir / DATABASE).is_file():
            return []
        if self._bundles is None:
            self._bundles = []
            for folder in self._folders:
                with suppress(BundleError):
                    self._bundles.append(load_bundle(folder))
        with open_search(self._data_dir, self._bundles, lambda _sentence: None) as search:
            search.catch_up()
            if is_id:
                return search.by_look(search.look_of(question), wanted, most)
            return search.by_sentence(question, wanted, most)
