"""Patch features brought to the student's grid, decorrelated."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compress.teachers.features import read_features
from compress.teachers.hints import HINT_DIM, fit_projection, resampling
from tests.compress.conftest import FinishedRun
from tests.compress.small_run import SIDE


@given(st.integers(1, 40), st.integers(1, 40))
def test_resampling_averages(old: int, new: int) -> None:
    """Rows sum to one, and the mean over all places is kept."""
    matrix = resampling(old, new)
    assert matrix.shape == (new, old)
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(matrix.mean(0), 1 / old, atol=1e-5)


def test_the_projection_decorrelates() -> None:
    """Mixed and badly scaled channels come out uncorrelated, at most HINT_DIM of them, of unit variance on average."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(80, 80)) * np.logspace(-2, 2, 80)
    grid_NCHW = np.einsum("nchw,cd->ndhw", rng.normal(size=(40, 80, 6, 6)), mixing).astype(np.float32)
    out = fit_projection(grid_NCHW)(grid_NCHW, (6, 6))
    rows = out.astype(np.float64).transpose(0, 2, 3, 1).reshape(-1, HINT_DIM)
    correlation = np.corrcoef(rows.T)
    assert np.abs(correlation - np.eye(HINT_DIM)).max() < 0.02
    assert abs(rows.var(0).mean() - 1) < 0.02


def test_what_the_teacher_saw_is_kept_whole(finished_run: FinishedRun) -> None:
    """Pictures at the student's size, every training sample, finite features, maps where good is all zero."""
    features = read_features(finished_run.work / "1-teacher")
    train = finished_run.dataset.of("train")
    names = [c.name for c in finished_run.dataset.classes]
    assert [names[label] for label in features.label_M] == [s.class_name for s in train]
    assert features.image_MHWC.dtype == np.uint8
    for array in (features.pooled_MD, features.middle_MCHW, features.deep_MCHW, features.map_MHW):
        assert np.isfinite(array).all()
    share = features.map_MHW.astype(np.float64).mean((1, 2))
    assert share[features.label_M == 0].max() == 0
    np.testing.assert_allclose(share[features.label_M == 1], (24 / SIDE) ** 2, atol=1e-3)
