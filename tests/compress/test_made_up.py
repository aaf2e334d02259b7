"""Validation with made-up defects, where no real one is known, and what models are compared by then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compress.data.dataset import read_dataset
from compress.good_parts.made_up import validation
from compress.good_parts.unknown import with_unknown
from compress.judge.answers import Answers
from compress.judge.budget import choose, make_point
from compress.judge.point import Budget
from edge.bundle.manifest import InputSpec
from tests.compress.small_run import SIDE, write_parts

SPEC = InputSpec(SIDE, SIDE)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_parts(tmp_path_factory.mktemp("parts"))


def test_held_out_good_parts_get_made_up_defects_beside_them(parts: Path) -> None:
    """Two of each, after the pictures as they are, the same every time; nothing of the test is read."""
    dataset = with_unknown(read_dataset(parts, defects="hold-out"))
    pictures = validation(dataset, SPEC)
    good = len(dataset.of("val"))
    assert (~pictures.defect_N).sum() == good
    assert len(pictures.samples) == len(pictures.image_NHWC) == len(pictures.label_N) == 3 * good
    assert not any(np.array_equal(pictures.image_NHWC[i], pictures.image_NHWC[good + i]) for i in range(good))
    assert {s.path for s in pictures.samples} == {s.path for s in dataset.of("val")}
    assert np.array_equal(pictures.image_NHWC, validation(dataset, SPEC).image_NHWC)


def test_known_defects_need_no_made_up_ones(parts: Path) -> None:
    """Validation is what was taken for it."""
    dataset = read_dataset(parts)
    assert validation(dataset, SPEC).samples == dataset.of("val")


def test_int8_ships_only_where_it_still_tells_made_up_defects(parts: Path) -> None:
    """Rounding that leaves good parts good and defects unseen is refused by the same limit as a loss of F1."""
    dataset = with_unknown(read_dataset(parts, defects="hold-out"))
    val = validation(dataset, SPEC)
    good = np.resize(
        np.linspace(0.4, 0.5, len(dataset.of("val"))), len(val.samples)
    )  # a part and its spoilt copies alike

    def answers(gap: float) -> Answers:
        score_N = np.asarray(good + gap * val.defect_N, np.float32)
        map_NHW = np.repeat(score_N, 4).reshape(-1, 2, 2)
        return Answers(np.ones((len(score_N), 1), np.float32), map_NHW, score_N, map_NHW)

    floating, blind, sharp = (
        make_point(name, name, ms, dataset, val, answers(gap), Budget())
        for name, ms, gap in (("float32", 2.0, 0.2), ("int8", 1.0, 0.0), ("int8", 1.0, 0.2))
    )
    assert floating.auroc == 1.0
    assert floating.escape is None
    assert blind.auroc == pytest.approx(0.5)
    assert choose(floating, blind)[0] is floating
    assert choose(floating, sharp)[0] is sharp
    assert "AUROC of made-up defects" in choose(floating, blind)[1]
