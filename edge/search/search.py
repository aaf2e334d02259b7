"""Search a line's history: by sentence, by picture, by a part that looks alike; only what the filters allow.

A sentence is asked of two indexes, and what they say is put together by rank: of meaning (`edge.search.meaning`), where
a bundle at hand was made for it, and of words. A look is asked of the short vectors of the same bundle's parts; the
best of them are put in order by their whole embeddings.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.errors import EdgevlError
from edge.search import source, wordlist
from edge.search.index import FOLDER, STATUSES, Index, Known, Space
from edge.search.meaning import meaning_of
from edge.search.results import By, Hit, Look, fused
from edge.search.vectors import as_bytes, nearest
from edge.store.database import DATABASE
from edge.store.history import History, reading
from edge.store.wanted import Wanted, nanoseconds

# The short vectors choose so many times what is asked for, and at least so many; whole embeddings put them in order.
_TIMES, _LEAST = 10, 200
# From each index, before ranks are put together.
_RANKED = 200
# Words are looked up before filters are known to them.
_WORDS = 20_000


class NothingStoredError(EdgevlError):
    """A look was asked for, but no verdict has an embedding to compare it with."""


class Search:
    """Questions to one history. Use `open_search`; one thread at a time."""

    def __init__(self, data_dir: Path, folder: Path, bundles: Sequence[Bundle]) -> None:
        self._data_dir = data_dir
        self._known = {bundle.manifest.bundle_id: _known(bundle) for bundle in bundles}
        self._index = Index(data_dir, folder, self._known)
        self._history = History(data_dir)

    @property
    def understands_sentences(self) -> bool:
        """Whether a bundle at hand has a text encoder; else sentences are found by their words only."""
        return any(known.meaning is not None for known in self._known.values())

    def catch_up(self, tell: Callable[[int, int], None] = lambda _done, _all: None) -> None:
        """See `Index.catch_up`; do it before a question."""
        self._index.catch_up(tell)

    def by_sentence(self, text: str, wanted: Wanted, most: int) -> list[Hit]:
        """The parts that a sentence describes (`edge.search.question.checked_sentence`), best first."""
        allowed = self._allowed(wanted)
        rankings: dict[By, list[int]] = {"meaning": self._by_meaning(text, wanted), "words": []}
        found = self._by_words(text)
        rankings["words"] = [row for row in found if allowed is None or row in allowed][:_RANKED]
        best = fused(rankings, most)
        ways = {row: tuple(by for by, ranking in rankings.items() if row in ranking) for row, _ in best}
        return self._hits(best, ways)

    def by_look(self, look: Look, wanted: Wanted, most: int) -> list[Hit]:
        """The parts that look most like this one, best first. Raises NothingStoredError."""
        space = self._index.spaces().get(look.bundle)
        if space is None or not len(space.slots()):
            raise NothingStoredError(
                f"no part of bundle {look.bundle} in {self._data_dir} has an embedding to compare with; "
                "lines keep them from this version of edgevl on: let the line run, or search by a sentence"
            )
        query_K = space.files.basis().codes(look.embedding_D[None])[0]
        places = nearest(space.codes("look"), query_K, max(_LEAST, _TIMES * most), self._mask(space, wanted))
        rows = [int(row) for row in space.slots()["row_id"][places]]
        with reading(self._data_dir / DATABASE) as connection:
            whole = source.embeddings(connection, rows)
        cosines = {row: _cosine(look.embedding_D, vector_D) for row, vector_D in whole.items()}
        best = sorted(cosines.items(), key=lambda one: (-one[1], -one[0]))[: most + 1]
        hits = self._hits(best, dict.fromkeys(cosines, ("look",)))
        return [hit for hit in hits if hit.stored.verdict.id != look.leave_out][:most]

    def look_of(self, verdict_id: str) -> Look:
        """How the part of a verdict looks. Raises NothingStoredError where nothing is kept of it."""
        stored = self._history.verdict(verdict_id)
        if stored is None:
            raise NothingStoredError(f"no verdict {verdict_id!r} is in {self._data_dir}; see `edgevl history`")
        with reading(self._data_dir / DATABASE) as connection:
            found = source.embeddings(connection, [stored.row_id])
        if not found:
            raise NothingStoredError(
                f"verdict {verdict_id} has no embedding: it was UNDECIDED without the model, or is of an older edgevl"
            )
        return Look(stored.verdict.bundle, found[stored.row_id], verdict_id)

    def _by_words(self, text: str) -> list[int]:
        try:
            return wordlist.find(self._index.generation, text, _WORDS)
        except wordlist.DamagedWordsError:
            self._index.give_up()
            self._index.catch_up()
            return wordlist.find(self._index.generation, text, _WORDS)

    def _by_meaning(self, text: str, wanted: Wanted) -> list[int]:
        """Over all bundles that have one; vectors of different bundles are compared by their distance."""
        found: list[tuple[int, int]] = []
        for bundle, space in self._index.spaces().items():
            known = self._known.get(bundle)
            if known is None or known.meaning is None:
                continue
            query_K, code_NK = as_bytes(known.meaning.of_sentence(text)), space.codes("meaning")
            places = nearest(code_NK, query_K, _RANKED, self._mask(space, wanted, len(code_NK)))
            far = ((code_NK[places].astype(np.int32) - query_K.astype(np.int32)) ** 2).sum(axis=1)
            found += zip(far.tolist(), space.slots()["row_id"][places].tolist(), strict=True)
        return [row for _, row in sorted(found, key=lambda one: (one[0], -one[1]))][:_RANKED]

    def _mask(self, space: Space, wanted: Wanted, count: int | None = None) -> NDArray[np.bool_] | None:
        """Which slots the filters allow; None where there are no filters."""
        slot_N: NDArray[Any] = space.slots()[:count]
        state = self._index.state
        asked = {
            "camera": _number(wanted.camera, state.cameras),
            "class_name": _number(wanted.class_name, state.classes),
            "status": _number(wanted.status, STATUSES),
        }
        tests = [slot_N[column] == number for column, number in asked.items() if number is not None]
        if wanted.since is not None:
            tests.append(slot_N["captured_ns"] >= nanoseconds(wanted.since))
        if wanted.until is not None:
            tests.append(slot_N["captured_ns"] < nanoseconds(wanted.until))
        return np.logical_and.reduce(tests) if tests else None

    def _allowed(self, wanted: Wanted) -> frozenset[int] | None:
        """The rows that the filters allow; None where there are no filters."""
        where, values = wanted.where()
        if not where:
            return None
        with reading(self._data_dir / DATABASE) as connection:
            rows = connection.execute(f"SELECT row_id FROM verdicts {where}", values)  # noqa: S608
            return frozenset(row for (row,) in rows)

    def _hits(self, best: Sequence[tuple[int, float]], ways: Mapping[int, tuple[By, ...]]) -> list[Hit]:
        stored = self._history.of_rows([row for row, _ in best])
        return [Hit(stored[row], score, ways[row]) for row, score in best if row in stored]


@contextmanager
def open_search(data_dir: Path, bundles: Sequence[Bundle], say: Callable[[str], None]) -> Iterator[Search]:
    """Search the history of a data folder. bundles: those at hand, of which the parts may be.

    Where this account may not write there, the index is made for this search alone, and `say` is told.
    """
    folder = data_dir / FOLDER
    at = folder if folder.exists() else data_dir
    if os.access(at, os.W_OK):
        yield Search(data_dir, folder, bundles)
        return
    say(f"{at} is not ours to write, so the search index is made for this search alone")
    with tempfile.TemporaryDirectory(prefix="edgevl-search-") as temporary:
        yield Search(data_dir, Path(temporary), bundles)


def _known(bundle: Bundle) -> Known:
    return Known({spec.name: spec.titles for spec in bundle.manifest.all_classes}, meaning_of(bundle))


def _number(name: str | None, names: Sequence[str]) -> int | None:
    """None for no filter; -2, which nothing has, for a name that never came."""
    if name is None:
        return None
    return names.index(name) if name in names else -2


def _cosine(a_D: NDArray[np.float32], b_D: NDArray[np.float32]) -> float:
    return float(a_D @ b_D / max(1e-12, float(np.linalg.norm(a_D) * np.linalg.norm(b_D))))
