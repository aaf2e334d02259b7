"""The line files that people copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from camera.open import open_source
from edge.config.load import load_line

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_line_file_is_valid(path: Path) -> None:
    """It loads, and every camera's URI is understood; bundle and pictures need not be there."""
    for section in load_line(path).camera:
        assert open_source(section.uri, section.name, path.parent).name == section.name


def test_no_two_line_files_share_a_name() -> None:
    """Their data folders would be one and the same."""
    names = [load_line(path).line.name for path in CONFIGS]
    assert len(set(names)) == len(names) > 0
