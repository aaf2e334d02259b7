"""The belt benchmark: a film whose truth is known, through the real line."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from benchmarks.belt import Film, main, measure
from edge.errors import ConfigError
from tests.bundles import make_bundle

# Brightness of the parts that pass, and what the small bundle calls them.
PARTS = (("grey", 128), ("white", 250), ("grey", 130))
SIDE, STEP, GAP = 60, 10, 130


def filmed(folder: Path, named: tuple[str, ...]) -> tuple[Path, Path]:
    """A film of square parts on a noisy dark belt, and the truth, in which part k is of the class `named[k]`."""
    video, truth = folder / "belt.avi", folder / "belt.csv"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    rng = np.random.default_rng(0)
    rows: list[tuple[str, ...]] = [("frame", "tile_no", "tile", "class", "x", "y", "w", "h", "full_x", "visible")]
    for frame in range(80):
        image = rng.normal(50, 2, (240, 320, 3))
        for k, (_, brightness) in enumerate(PARTS):
            left = 340 + k * GAP - frame * STEP
            begin, end = max(0, left), min(320, left + SIDE)
            if begin < end:
                image[90 : 90 + SIDE, begin:end] = brightness
                row = (frame, k, f"part_{k}", named[k], begin, 90, end - begin, SIDE, left, (end - begin) / SIDE)
                rows.append(tuple(map(str, row)))
        writer.write(np.clip(image, 0, 255).astype(np.uint8))
    writer.release()
    with truth.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return video, truth


def test_each_part_of_a_film_is_held_against_its_truth(tmp_path: Path) -> None:
    """Three parts, one of which the truth names otherwise: three verdicts, none missed or doubled, two right."""
    bundle = make_bundle(tmp_path / "bundle").path
    video, truth = filmed(tmp_path, ("grey", "white", "white"))
    console = Console(width=100)
    with console.capture() as printed:
        total = measure(Film(bundle, video, truth), console)
    assert (total.tiles, total.verdicts, total.missed, total.duplicated, total.elsewhere) == (3, 3, 0, 0, 0)
    assert (total.right, total.unsure) == (2, 0)
    assert "right class 2 of 3" in printed.get()


@pytest.mark.parametrize("text", ["", "frame,tile\n1,2\n", "frame,tile_no,tile,class,x,y,w,h\n0,a,t,c,1,1,1,1\n"])
def test_what_is_no_truth_is_a_sentence_and_exit_code_3(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Absent, empty, without its columns, or with words for numbers."""
    truth = tmp_path / "truth.csv"
    assert main(["--truth", str(truth)]) == ConfigError.exit_code
    truth.write_text(text, encoding="utf-8")
    assert main(["--truth", str(truth)]) == ConfigError.exit_code
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all(str(truth) in sentence for sentence in said)
