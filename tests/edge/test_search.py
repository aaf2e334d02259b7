"""Search over a history: what is found, by which filters, and what becomes of the index whatever happens to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.geometry import Box
from edge.search.index import FOLDER
from edge.search.results import Look
from edge.search.search import NothingStoredError, Search, open_search
from edge.search.terms import match, terms
from edge.search.vectors import as_bytes, fitted, nearest
from edge.store.database import DATABASE
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import Store, StoreLimits
from edge.store.wanted import Wanted
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED, Origin, Part, verdict_of
from tests.edge.test_store import NOON, silent

D = 96
UPPER_LEFT = Part("NG", "scratch", 0.9, boxes=(Box(20, 20, 60, 50, 0.9),))
BUNDLE = verdict_of(GOOD, Origin(), (800, 600)).bundle


def store_parts(
    store: Store, parts: list[tuple[Part, NDArray[np.float32] | None]], first: int = 0, epoch: str = "1"
) -> list[str]:
    """One a minute from noon; their ids."""
    rows = []
    for number, (part, embedding_D) in enumerate(parts, start=first):
        wall_ns = int((NOON + timedelta(minutes=number)).timestamp()) * 10**9
        rows.append(NewVerdict(verdict_of(part, Origin(epoch, number=number), (800, 600)), wall_ns, embedding_D))
    store.append(rows)
    return [row.verdict.id for row in rows]


def looks(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Embeddings, L2-normalised."""
    vector_ND = np.random.default_rng(seed).normal(size=(count, D)).astype(np.float32)
    return np.asarray(vector_ND / np.linalg.norm(vector_ND, axis=1, keepdims=True))


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Forty parts, every fourth scratched, one of them at the upper left, one without an embedding."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        parts = [(SCRATCHED if n % 4 == 0 else GOOD, look_D) for n, look_D in enumerate(looks(40))]
        parts[8] = (UPPER_LEFT, parts[8][1])
        store_parts(store, [*parts, (DOUBTFUL, None)])
    return tmp_path


@pytest.fixture
def search(data_dir: Path) -> Iterator[Search]:
    with open_search(data_dir, [], silent) as found:
        found.catch_up()
        yield found


def numbers(search: Search, look_D: NDArray[np.float32], wanted: Wanted, most: int = 5) -> list[int]:
    return [hit.stored.verdict.number for hit in search.by_look(Look(BUNDLE, look_D), wanted, most)]


def test_a_part_is_found_by_how_it_looks_within_the_filters(search: Search) -> None:
    """The same order as comparing all embeddings; class, status, camera and time each leave out what they must."""
    look_ND = looks(40)
    wanted_order = np.argsort(-(look_ND @ look_ND[12]))
    assert numbers(search, look_ND[12], Wanted(), 40) == wanted_order.tolist()
    assert numbers(search, look_ND[12], Wanted(status="NG"), 3) == [n for n in wanted_order if n % 4 == 0][:3]
    assert numbers(search, look_ND[12], Wanted(class_name="good"), 3) == [n for n in wanted_order if n % 4][:3]
    late = Wanted(since=NOON + timedelta(minutes=30), until=NOON + timedelta(minutes=33))
    assert sorted(numbers(search, look_ND[12], late)) == [30, 31, 32]
    assert numbers(search, look_ND[12], Wanted(camera="none such")) == []
    look = search.look_of(f"1-belt-{12}")
    assert [hit.stored.verdict.number for hit in search.by_look(look, Wanted(), 3)] == wanted_order[1:4].tolist()


def test_words_find_parts_in_both_languages(search: Search) -> None:
    """A place of two Chinese characters, and an English word; the best match comes first; filters hold."""
    for sentence in ("左上", "Scratches, upper left"):
        found = search.by_sentence(sentence, Wanted(), 5)
        assert found[0].stored.verdict.number == 8
        assert found[0].by == ("words",)
    assert [hit.stored.verdict.number for hit in search.by_sentence("stain", Wanted(), 5)] == [40]
    for other_name in ("刮痕", "scuffed"):
        assert search.by_sentence(other_name, Wanted(), 5)[0].stored.verdict.class_name == "scratch"
    assert search.by_sentence("scratch", Wanted(status="OK"), 5) == []
    assert search.by_sentence("xylophone", Wanted(), 5) == []


def test_what_is_stored_later_is_found_and_what_is_forgotten_is_not(tmp_path: Path) -> None:
    """The index follows the line through its limit of rows; a part whose row has gone is never shown."""
    look_ND = looks(60)
    with open_store(tmp_path, StoreLimits(verdicts=20), silent) as store, open_search(tmp_path, [], silent) as search:
        for start in range(0, 60, 10):
            store_parts(store, [(GOOD, look_D) for look_D in look_ND[start : start + 10]], start)
            search.catch_up()
            kept = set(range(max(0, start - 10), start + 10))
            assert set(numbers(search, look_ND[0], Wanted(), 100)) == kept


def test_a_history_without_embeddings_says_so(tmp_path: Path) -> None:
    """For a look, and for a verdict that has none, or is none; words still work."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        store_parts(store, [(SCRATCHED, None)])
    with open_search(tmp_path, [], silent) as search:
        search.catch_up()
        for question in (lambda: numbers(search, looks(1)[0], Wanted()), lambda: search.look_of("1-belt-0")):
            with pytest.raises(NothingStoredError, match=r"has an embedding|has no embedding"):
                question()
        with pytest.raises(NothingStoredError, match="no verdict"):
            search.look_of("1-belt-7")
        assert len(search.by_sentence("scratch", Wanted(), 5)) == 1


def test_an_index_of_another_database_is_made_anew(data_dir: Path, search: Search) -> None:
    """The database was set aside, or restored from a copy: rows with the same numbers are other parts."""
    for file in data_dir.glob(f"{DATABASE}*"):
        file.unlink()
    with open_store(data_dir, StoreLimits(), silent) as store:
        store_parts(store, [(GOOD, look_D) for look_D in looks(41, seed=1)], epoch="2")
    search.catch_up()
    assert numbers(search, looks(41, seed=1)[3], Wanted())[0] == 3
    assert search.by_sentence("scratch", Wanted(), 5) == []


@settings(max_examples=25, deadline=None)
@given(file=st.sampled_from(["slots", "look", "basis.npz", "state.json", "words.sqlite3"]), cut=st.floats(0, 1))
def test_a_cut_or_lost_file_costs_only_time(tmp_path_factory: pytest.TempPathFactory, file: str, cut: float) -> None:
    """Whatever is left of the index after a crash, the next search answers as if nothing had been."""
    data_dir = tmp_path_factory.mktemp("cut")
    with open_store(data_dir, StoreLimits(), silent) as store:
        store_parts(store, [(SCRATCHED, look_D) for look_D in looks(12)])
    with open_search(data_dir, [], silent) as search:
        search.catch_up()
    (damaged,) = (path for path in (data_dir / FOLDER).rglob("*") if path.name.endswith(file))
    damaged.write_bytes(damaged.read_bytes()[: int(cut * damaged.stat().st_size)])
    with open_search(data_dir, [], silent) as search:
        search.catch_up()
        assert numbers(search, looks(12)[5], Wanted())[0] == 5
        assert len(search.by_sentence("scratch", Wanted(), 20)) == 12


def test_a_folder_that_is_not_ours_to_write_is_searched_all_the_same(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index is made for the one search, beside nobody's data. (Tests run as root, whom no mode forbids writing.)"""
    monkeypatch.setattr("os.access", lambda *_: False)
    said: list[str] = []
    with open_search(data_dir, [], said.append) as search:
        search.catch_up()
        assert numbers(search, looks(40)[3], Wanted())[0] == 3
    assert len(said) == 1
    assert not (data_dir / FOLDER).exists()


def test_short_vectors_keep_the_order_of_whole_ones() -> None:
    """Of embeddings that lie in a few directions, as real ones do, the nearest by bytes are the nearest."""
    rng = np.random.default_rng(3)
    whole_ND = (rng.normal(size=(500, 20)) @ rng.normal(size=(20, 300))).astype(np.float32)
    code_NK = fitted(whole_ND).codes(whole_ND)
    true_N = np.argsort(((whole_ND - whole_ND[7]) ** 2).sum(axis=1))
    assert len(set(nearest(code_NK, code_NK[7], 10).tolist()) & set(true_N[:10].tolist())) >= 8
    assert nearest(code_NK, code_NK[7], 1)[0] == 7
    assert as_bytes(np.array([-9.0, -1.0, 0.0, 1.0, 9.0], np.float32)).tolist() == [0, 0, 128, 255, 255]


@given(st.text(max_size=60))
def test_any_text_is_a_valid_question_of_words(text: str) -> None:
    """Quotes, operators and control characters of FTS5 among it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(body, detail='none', tokenize='porter unicode61')")
        connection.execute("INSERT INTO words (body) VALUES (?)", (" ".join(terms(text)),))
        expression = match(text)
        if expression:
            connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (expression,)).fetchall()
