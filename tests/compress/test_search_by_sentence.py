"""Learning to find parts by sentence: what queries say, what they are true of, and that the towers learn it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compress.progress import SilentReporter
from compress.search.export import export
from compress.search.learn import Towers, learn
from compress.search.lexicon import names_of
from compress.search.parts import Parts
from compress.search.query import Query, draw, fits
from compress.search.recall import recall
from compress.search.stage import measure
from compress.search.wording import HELD_OUT, LANGUAGES, LEARNT
from edge.search.meaning import Meaning
from edge.search.seen import Patch, Seen, numbers
from edge.search.sentence import BUCKETS, GRAMS, UNITS, hashed

CLASSES = ("good", "scratch", "stain")
NAMES = {name: names_of(name, {}, name == "good") for name in CLASSES}
UPPER_LEFT = Seen("NG", "scratch", (Patch(0.1, 0.1, 0.3, 0.3),))
CENTRAL = Seen("NG", "stain", (Patch(0.5, 0.5, 0.08, 0.08), Patch(0.8, 0.5, 0.05, 0.05)))
GOOD = Seen("OK", "good", ())


def parts_of(count: int, seed: int) -> Parts:
    """Parts whose embedding tells their class, with one defect somewhere."""
    rng = np.random.default_rng(seed)
    seen, embeddings = [], []
    for _ in range(count):
        k = int(rng.integers(3))
        u, v, side = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.4)
        patches = () if k == 0 else (Patch(float(u), float(v), float(side), float(side)),)
        seen.append(Seen("OK" if k == 0 else "NG", CLASSES[k], patches))
        embedding_D = rng.normal(0, 0.1, 16)
        embedding_D[k] += 1
        embeddings.append(embedding_D / np.linalg.norm(embedding_D))
    return Parts(tuple(seen), tuple(seen), np.array(embeddings, np.float32), ((),) * count)


@given(seed=st.integers(0, 10_000), part=st.sampled_from([UPPER_LEFT, CENTRAL, GOOD]))
def test_a_query_is_true_of_the_part_it_was_drawn_from(seed: int, part: Seen) -> None:
    """And of no part of another class where it names one; it never asks for nothing."""
    query = draw(part, np.random.default_rng(seed))
    true_P = fits([query], [part, UPPER_LEFT, CENTRAL, GOOD], CLASSES)[0]
    assert true_P[0]
    assert query != Query()
    if query.class_name is not None:
        assert {
            other.class_name for other, true in zip([UPPER_LEFT, CENTRAL, GOOD], true_P[1:], strict=True) if true
        } <= {query.class_name}


def test_what_a_query_asks_holds_of_one_and_the_same_defect() -> None:
    """A small one in the middle and another at the right are no small one at the left; counts and edges count."""
    queries = [
        Query("scratch", "upper", "left"),
        Query(size="large", at_edge=True),
        Query(central=True, size="small", count="two"),
        Query("stain", count="one"),
        Query("good"),
    ]
    assert fits(queries, [UPPER_LEFT, CENTRAL, GOOD], CLASSES).tolist() == [
        [True, False, False],
        [True, False, False],
        [False, True, False],
        [False, False, False],
        [False, False, True],
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_wordings_are_none_that_is_learnt(language: str) -> None:
    """Not a frame, nor a way to say where, how large or how many: else the figures would say nothing."""

    def ways(wording: object) -> set[str]:
        found: set[str] = set()
        for facet in ("frames", "what", "at_edge", "central"):
            found |= {way for way in getattr(wording, facet) if way}
        for facet in ("size", "cell", "count"):
            found |= {way for some in getattr(wording, facet).values() for way in some}
        return found

    assert not ways(LEARNT[language]) & ways(HELD_OUT[language])


def test_a_class_goes_by_what_people_call_it() -> None:
    """In both languages, by its name, its titles, or a row of the lexicon; one that nobody knows by its own name."""
    assert "油污" in names_of("stain", {}, False)["zh-TW"]
    assert "score mark" in names_of("k7", {"zh-TW": "刮傷"}, False)["en"]
    assert names_of("widget_gap", {}, False) == {"en": ("widget gap",), "zh-TW": ("widget gap",)}
    assert "良品" in names_of("ok", {}, True)["zh-TW"]


def test_recall_counts_questions_that_have_an_answer() -> None:
    """A right part anywhere among the first k is enough; a question nothing is true of is none."""
    right_QP = np.array([[True, False, False], [False, False, True], [False, False, False]])
    rank_QP = np.array([[0, 1, 2], [0, 1, 2], [0, 1, 2]])
    assert recall(rank_QP, right_QP) == {1: 0.5, 5: 1.0, 10: 1.0}


def test_the_towers_learn_and_their_graphs_say_the_same(tmp_path: Path) -> None:
    """Unknown wordings about unknown parts find them far more often than chance; the small graphs lose nothing."""
    torch.set_num_threads(1)
    towers = learn(parts_of(60, 0), CLASSES, NAMES, 80, 0, SilentReporter())
    export(towers, tmp_path / "text.onnx", tmp_path / "part.onnx")
    assert (tmp_path / "text.onnx").stat().st_size < 1_000_000
    meaning = Meaning(tmp_path / "text.onnx", tmp_path / "part.onnx", CLASSES)
    test = parts_of(60, 1)
    for figures in measure(meaning, test, CLASSES, NAMES).values():
        assert figures.recall[1] > 0.35
        assert figures.recall[5] > figures.by_chance + 0.1
    vectors = _in_torch(towers, test)
    assert np.abs(meaning.of_seen(test.said, test.embedding_ND) - vectors).max() < 1e-4


def _in_torch(towers: Towers, parts: Parts) -> NDArray[np.float32]:
    number_NF = np.stack([numbers(one, CLASSES) for one in parts.said])
    with torch.inference_mode():
        return towers.part(torch.from_numpy(parts.embedding_ND), torch.from_numpy(number_NF)).numpy()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_meaning(text: str) -> None:
    """Whatever is typed, the encoder's input has its shape and range."""
    ids_LG = hashed(text)
    assert ids_LG.shape == (UNITS, GRAMS)
    assert ids_LG.min() >= 0
    assert ids_LG.max() < BUCKETS
