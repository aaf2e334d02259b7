"""What a teacher expects of its pixels, as the files beside its weights say it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compress.errors import TeacherError
from compress.teachers.teacher import load_teacher
from compress.teachers.teacher_input import read_preprocessing
from tests.compress.teachers import save_teacher


class _Config:
    image_size = 64


def _said(folder: Path, file: str = "preprocessor_config.json", **keys: Any) -> Any:
    (folder / file).write_text(json.dumps(keys))
    return read_preprocessing(folder, _Config())[0]


def test_one_number_counts_for_all_three_colours(tmp_path: Path) -> None:
    """Both ways of writing mean and std are in use."""
    said = _said(tmp_path, image_mean=0.5, image_std=[0.25, 0.25, 0.25])
    assert (said.mean, said.std) == ((0.5,) * 3, (0.25,) * 3)


def test_the_keys_may_lie_inside_the_processors_file(tmp_path: Path) -> None:
    """transformers 5 writes them there for models that also read."""
    said = _said(tmp_path, "processor_config.json", image_processor={"image_mean": [0.1, 0.2, 0.3]})
    assert said.mean == (0.1, 0.2, 0.3)


@pytest.mark.parametrize(
    ("keys", "black", "white"),
    [
        ({"do_normalize": False, "image_mean": None, "image_std": None}, 0.0, 1.0),
        ({"image_mean": 0.5, "image_std": 0.5}, -1.0, 1.0),
        ({"image_mean": 0.0, "image_std": 1.0, "rescale_factor": 1 / 127.5, "rescale_offset": True}, -1.0, 1.0),
        ({"image_mean": 0.5, "image_std": 0.5, "rescale_factor": 1 / 510}, -1.0, 0.0),
    ],
)
def test_black_and_white_become_what_the_recipe_says(
    tmp_path: Path, keys: dict[str, Any], black: float, white: float
) -> None:
    """Mean, std, factor and offset are one straight line from bytes to pixels."""
    said = _said(tmp_path, **keys)
    scaled = (np.array([0.0, 1.0]) - said.mean[0]) / said.std[0]
    np.testing.assert_allclose(scaled, [black, white], atol=1e-6)


def test_colours_go_in_the_order_the_teacher_learned(tmp_path: Path) -> None:
    """MobileViT was trained on BGR and says so."""
    folder = save_teacher(tmp_path / "vit", "ViT")
    red = torch.zeros(1, 64, 64, 3, dtype=torch.uint8)
    red[..., 2] = 255
    blue = red.flip(3)
    recipe = {"image_mean": 0.5, "image_std": 0.5}
    (folder / "preprocessor_config.json").write_text(json.dumps(recipe))
    as_rgb = load_teacher(str(folder)).vision(red)[0]
    (folder / "preprocessor_config.json").write_text(json.dumps(recipe | {"do_flip_channel_order": True}))
    torch.testing.assert_close(load_teacher(str(folder)).vision(blue)[0], as_rgb)


@pytest.mark.parametrize(("family", "size"), [("DINOv2", 32), ("ViT", 64)])
def test_the_preprocessors_size_goes_first_where_the_model_takes_it(family: str, size: int, tmp_path: Path) -> None:
    """DINOv2 sees any size; ViT's table of positions is for its own, so it keeps that."""
    folder = save_teacher(tmp_path / family, family)
    (folder / "preprocessor_config.json").write_text(json.dumps({"crop_size": {"height": 32, "width": 32}}))
    said = load_teacher(str(folder)).preprocessing
    assert (said.height, said.width) == (size, size)


def test_a_size_that_is_a_number_of_pixels_is_no_side(tmp_path: Path) -> None:
    """Models of free resolution give their limits where others give a side."""
    assert _said(tmp_path, size={"shortest_edge": 3136, "longest_edge": 12845056}).height == 64
    assert _said(tmp_path, size={"shortest_edge": 48}).height == 48


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**9) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_KEYS = ("image_mean", "image_std", "size", "crop_size", "rescale_factor", "do_normalize", "rescale_offset")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.dictionaries(st.sampled_from(_KEYS), _JSON))
def test_whatever_the_file_says_is_used_or_named(tmp_path: Path, keys: dict[str, Any]) -> None:
    """Sizes in reach, numbers that are numbers; else one sentence with the file and the key."""
    try:
        said = _said(tmp_path, **keys)
    except TeacherError as error:
        named = str(error)
    else:
        assert 1 <= said.height <= 2048
        assert all(np.isfinite([*said.mean, *said.std]))
        return
    assert "preprocessor_config.json" in named
    assert "\n" not in named
