"""Aiming a student at a latency, on graphs that are really exported and run."""

from __future__ import annotations

import itertools

import pytest

from compress.int8.calibrate import calibration_pictures
from compress.students.aim import aim_at_latency, aim_at_share
from compress.students.prune import thinned_config
from compress.students.student import Student, student_config
from edge.bundle.manifest import InputSpec
from tests.compress.conftest import FinishedRun

CONFIG = student_config(InputSpec(64, 64), 24, 2)


def _thinned(share: float) -> Student:
    return Student(thinned_config(CONFIG, share))


def test_a_share_is_taken_out_in_rounds_that_recovery_can_follow() -> None:
    """Half of the channels go in two rounds; each is narrower than the one before, and nothing goes for nothing."""
    rounds = aim_at_share(0.5).rounds
    shapes = [thinned_config(CONFIG, share) for share in (0.0, *rounds)]
    widths = [[conv.channels for conv in shape.convs] for shape in shapes]
    assert len(rounds) == 2
    assert all(a > b for before, after in itertools.pairwise(widths) for a, b in zip(before, after, strict=True))
    assert (shapes[0], rounds[-1]) == (CONFIG, 0.5)
    assert aim_at_share(0.0).rounds == ()


def test_every_channel_count_is_one_that_int8_kernels_like() -> None:
    """Eights, at least eight, never more than there were."""
    for share in (0.1, 0.33, 0.5, 0.9, 1.0):
        for old, new in zip(CONFIG.convs, thinned_config(CONFIG, share).convs, strict=True):
            assert new.channels % 8 == 0
            assert 8 <= new.channels <= old.channels


def test_a_latency_out_of_reach_gives_the_narrowest_student(finished_run: FinishedRun) -> None:
    """No graph runs in a nanosecond; every candidate was measured and is reported."""
    pictures = calibration_pictures(finished_run.dataset, CONFIG.input, 4, 0)
    found = aim_at_latency(_thinned, 1e-6, pictures)
    assert found.ratio == pytest.approx(0.85, abs=0.02)
    assert len(found.measured) == 7
    assert all(ms > 0 for _, ms in found.measured)
    assert found.rounds[-1] == found.ratio


def test_a_latency_already_kept_takes_nothing_out(finished_run: FinishedRun) -> None:
    """A second for a small picture is plenty."""
    pictures = calibration_pictures(finished_run.dataset, CONFIG.input, 4, 0)
    found = aim_at_latency(_thinned, 1000.0, pictures)
    assert (found.ratio, found.rounds) == (0.0, ())
