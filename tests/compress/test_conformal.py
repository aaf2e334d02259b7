"""What held-out good parts can promise about overkill, and what they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compress.errors import DataError
from compress.good_parts.conformal import fit_anomaly_rule, promise


def test_the_promise_is_kept_on_parts_never_seen() -> None:
    """Over many draws of 199 held-out parts, new good ones are rejected at most as often as promised, and nearly so."""
    rng = np.random.default_rng(0)
    held_out_TN, fresh_TN = rng.gamma(2.0, size=(400, 199)), rng.gamma(2.0, size=(400, 200))
    rejected = [np.mean(new >= promise(old, 0.05).threshold) for old, new in zip(held_out_TN, fresh_TN, strict=True)]
    assert 0.04 <= np.mean(rejected) <= 0.0525


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60), st.floats(0, 1))
def test_the_share_of_held_out_parts_that_is_rejected_fits_the_promise(scores: list[float], wanted: float) -> None:
    """For any scores, ties included; few parts promise what they can, which is 1 / (n + 1)."""
    found = promise(np.array(scores, np.float32), wanted)
    rejected = np.count_nonzero(np.array(scores, np.float32) >= found.threshold)
    assert (rejected + 1) / (len(scores) + 1) <= found.overkill + 1e-9
    assert found.overkill <= max(wanted, 1 / (len(scores) + 1)) + 1e-6


def test_too_few_parts_are_said_plainly() -> None:
    """With 19 held out the smallest promise is 5 %; 1 % takes 99."""
    found = promise(np.linspace(0, 0.9, 19), 0.01)
    assert found.overkill == pytest.approx(0.05)
    assert found.said(0.01) == (
        "at most 5.0% of good parts are promised to be rejected, from 19 held out; 1.0% takes 99 held-out good parts"
    )
    assert "takes" not in found.said(0.05)
    assert "cannot be promised" in found.said(0.0)


def test_no_held_out_part_at_all() -> None:
    """One sentence says what to add."""
    with pytest.raises(DataError, match="add some to val"):
        promise(np.zeros(0), 0.01)


def test_places_of_good_parts_stay_outside_boxes() -> None:
    """The map's threshold lies above nearly all places of held-out good parts."""
    maps_NHW = np.random.default_rng(1).random((40, 8, 8)).astype(np.float32)
    rule = fit_anomaly_rule(maps_NHW.max((1, 2)), maps_NHW, 0.1)
    assert np.mean(maps_NHW >= rule.map_threshold) == pytest.approx(0.005, abs=0.001)
    assert 0 < rule.map_threshold < rule.threshold < 1
