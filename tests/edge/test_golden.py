"""Golden frames: proof that an engine computes what the workshop computed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.bundle.files import write_manifest
from edge.bundle.load import Bundle, load_bundle
from edge.engines.golden import EXPECTED, FRAMES, check_golden, golden_frames
from edge.engines.ort import OrtEngine
from edge.errors import BundleError
from tests.bundles import WITH_GOOD, manifest_for


def tampered(source: Path, target: Path, relative: str, **arrays: np.ndarray) -> Bundle:
    """A bundle with another golden file, and a manifest that agrees with it."""
    shutil.copytree(source, target)
    with np.load(source / relative, allow_pickle=False) as old:
        np.savez(target / relative, **{**dict(old), **arrays})
    write_manifest(target, manifest_for(target, WITH_GOOD, ("float32", "int8")))
    return load_bundle(target)


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_the_engine_that_made_them_agrees(small_bundle: Path, variant: str) -> None:
    """Same file, same library: no difference to speak of."""
    bundle = load_bundle(small_bundle)
    result = check_golden(bundle, OrtEngine(bundle, variant), variant)
    assert result.ok
    assert result.frames == 4
    assert result.prob_diff < 1e-5


@pytest.mark.parametrize(
    ("key", "attribute"), [("prob", "prob_diff"), ("map", "map_diff"), ("embedding", "embedding_diff")]
)
def test_a_difference_in_any_output_counts(small_bundle: Path, tmp_path: Path, key: str, attribute: str) -> None:
    """Probabilities, map and embedding are all held against the tolerance; the sentence gives the numbers."""
    with np.load(small_bundle / EXPECTED, allow_pickle=False) as old:
        wrong = old[f"float32.{key}"].copy()
    wrong[2, 0] += 0.25
    bundle = tampered(small_bundle, tmp_path / "b", EXPECTED, **{f"float32.{key}": wrong})
    result = check_golden(bundle, OrtEngine(bundle, "float32"), "float32")
    assert not result.ok
    assert getattr(result, attribute) == pytest.approx(0.25, abs=1e-4)
    assert "0.250" in result.sentence()


@pytest.mark.parametrize(
    ("relative", "arrays", "says"),
    [
        (FRAMES, {"image_NHWC": np.zeros((2, 8, 8, 3), np.uint8)}, "instead of uint8"),
        (FRAMES, {"image_NHWC": np.array([{"a": 1}], dtype=object)}, "cannot read"),
        (EXPECTED, {"float32.prob": np.zeros((1, 3), np.float32)}, "expects the shape"),
    ],
)
def test_golden_files_that_cannot_be_used_are_named(
    small_bundle: Path, tmp_path: Path, relative: str, arrays: dict[str, np.ndarray], says: str
) -> None:
    """Wrong sizes, and pickled objects, which are never loaded."""
    bundle = tampered(small_bundle, tmp_path / "b", relative, **arrays)
    with pytest.raises(BundleError, match=says) as caught:
        check_golden(bundle, OrtEngine(bundle, "float32"), "float32")
    assert relative in str(caught.value)


def test_golden_frames_are_model_inputs(small_bundle: Path) -> None:
    """uint8, N, H, W, 3, of the manifest's size."""
    frames_NHWC = golden_frames(load_bundle(small_bundle))
    assert frames_NHWC.shape == (4, 32, 32, 3)
    assert frames_NHWC.dtype == np.uint8
