"""The bench: bare engine and whole line, on the same pictures, in one run."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from rich.console import Console

from edge.bench.measure import bench, load_pictures, result_table
from edge.errors import ConfigError
from tests.bundles import flat


def test_it_measures_both_and_prints_the_ratio(small_bundle: Path) -> None:
    """Five rounds; every figure is a measurement of the real line with real disk and feed."""
    result = bench(small_bundle, "pattern:?fps=0&size=160x120", seconds=1, threads=1)
    assert len(result.rounds) == 5
    assert all(min(r.engine_fps, r.bare_fps, r.line_fps, r.p50_ms) > 0 for r in result.rounds)
    assert min(r.line_fps / r.bare_fps for r in result.rounds) <= result.ratio
    assert result.extra_cpu_ms > 0
    assert result.peak_mb > 10
    console = Console(width=120, record=True, quiet=False)
    with console.capture() as capture:
        console.print(result_table(result))
    assert f"{result.ratio:.3f}" in capture.get()


def test_pictures_come_from_a_folder_or_a_camera(tmp_path: Path) -> None:
    """A folder ends, a camera is read until there are enough."""
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), flat(7))
    assert [image.shape for image in load_pictures(str(tmp_path))] == [(32, 32, 3)] * 2
    assert len(load_pictures("pattern:?fps=0&size=160x120")) == 64


@pytest.mark.parametrize("frames", ["nowhere", "patern:", "pattern:?fsp=3"])
def test_frames_that_cannot_be_had_are_named(frames: str) -> None:
    """One sentence with what was asked for."""
    with pytest.raises(ConfigError, match="no frames from"):
        load_pictures(frames)
