"""The decoder learns where to look, from labelled places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from compress.data.dataset import Sample
from compress.data.reading import Reading
from compress.language.learn import learn, read_learnt
from compress.language.look import Look, marked_tokens, read_look
from compress.language.told import read_told
from compress.progress import SilentReporter
from edge.facts import Titles
from edge.geometry import Box
from edge.language.vocabulary import WORDS, prompt_of, split
from tests.compress.language.conftest import CAPTIONS, Spoken

GRID, STEPS = (2, 3), 60
TOKENS = GRID[0] * GRID[1]


def test_a_decoder_looks_at_the_defect_while_it_says_what_it_sees(spoken: Spoken, tmp_path: Path) -> None:
    """Wherever it lies, on pictures it never saw; what shows there stands out from the other places."""
    work = spoken.bundle.path.with_name("spoken.work")
    seen = read_look(work / "1-look").seen
    rng = np.random.default_rng(0)
    at_N = rng.integers(TOKENS, size=len(seen) + 20)
    tokens_NTC = rng.normal(0, 1, (len(at_N), TOKENS, 8)).astype(np.float32)
    tokens_NTC[np.arange(len(at_N)), at_N, 0] += 8
    marked_NT = at_N[:, None] == np.arange(TOKENS)
    look = Look(seen, tokens_NTC[: len(seen)], marked_NT[: len(seen)])
    titles = Titles(spoken.bundle.manifest.classes)
    dataset = Reading().read(spoken.data, seed=0)
    learn(tmp_path, dataset, look, read_told(work / "2-told"), titles, STEPS, 0, SilentReporter())
    learnt = read_learnt(tmp_path)
    given = next(each for each in seen if each.class_name == "white")
    pieces = [*prompt_of(given.verdict, "en"), WORDS, *split(CAPTIONS["white"][0])]
    ids = learnt.vocabulary.ids(pieces)
    assert ids is not None
    with torch.inference_mode():
        _, looks_BST = learnt.decoder(torch.tensor([ids] * 20), torch.from_numpy(tokens_NTC[-20:]))
    words = pieces.index(WORDS)
    inside = looks_BST[:, words:-1].numpy()[torch.arange(20), :, at_N[-20:]]
    assert inside.mean() > 2 / TOKENS


@pytest.mark.parametrize(
    ("kind", "boxes", "marked"),
    [
        ("defect", (Box(0, 0, 9, 9, 0.9), Box(21, 11, 2, 2, 0.9)), [1, 0, 0, 0, 0, 1]),
        ("defect", (Box(9, 2, 2, 2, 0.9),), [1, 1, 0, 0, 0, 0]),
        ("defect", (), [0] * 6),
        ("good", (Box(0, 0, 9, 9, 0.9),), [0] * 6),
    ],
)
def test_where_no_place_is_labelled_those_of_the_verdict_count(
    kind: str, boxes: tuple[Box, ...], marked: list[int]
) -> None:
    """Row by row, every token whose place touches one; a good part has none, whatever the verdict marked."""
    sample = Sample("a", Path("a.png"), "scratch", kind, "train", "a", (), (), None, False)  # type: ignore[arg-type]
    image_HWC = np.zeros((20, 30, 3), np.uint8)
    assert marked_tokens(sample, image_HWC, boxes, GRID, TOKENS).tolist() == [bool(each) for each in marked]
    assert not marked_tokens(sample, image_HWC, boxes, None, 1).any()
