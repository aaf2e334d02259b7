"""Pictures that cannot be judged: told from those that can, by what usual ones look like."""

from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from camera.frame import Frame
from edge.bundle.load import Bundle, load_bundle
from edge.engines.ort import OrtEngine
from edge.inspection.inspector import Inspector
from edge.line.frozen import Frozen
from edge.quality import QualityLimits, limits_of, measure, unfit
from tests.bundles import flat


def textured(seed: int, mean: float = 110.0) -> NDArray[np.uint8]:
    """A sharp picture with grain of many sizes, as of a metal surface."""
    rng = np.random.default_rng(seed)
    layers = [
        cv2.resize(rng.normal(0, 12, (s, s, 1)), (128, 128), interpolation=cv2.INTER_LINEAR) for s in (8, 32, 128)
    ]
    grey_HW = np.clip(mean + sum(layers) + rng.normal(0, 6), 0, 255)
    return np.repeat(grey_HW.astype(np.uint8)[..., None], 3, axis=2)


@pytest.fixture(scope="module")
def limits() -> QualityLimits:
    return limits_of([measure(textured(seed)) for seed in range(60)])


def test_pictures_like_those_of_training_are_fit(limits: QualityLimits) -> None:
    """Others of the same kind pass, also in somewhat other light."""
    assert [unfit(measure(textured(seed)), limits) for seed in range(100, 140)] == [None] * 40
    assert unfit(measure((textured(200) * 0.9).astype(np.uint8)), limits) is None


@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        ("blurred", lambda image: cv2.GaussianBlur(image, (0, 0), 3)),
        ("blurred", lambda image: cv2.blur(image, (15, 1))),
        ("blurred", lambda image: cv2.blur(image, (1, 15))),
        ("underexposed", lambda image: (image * 0.2).astype(np.uint8)),
        ("overexposed", lambda image: np.clip(image * 4.0, 0, 255).astype(np.uint8)),
        ("lens_covered", lambda image: np.full_like(image, 110)),
    ],
)
def test_a_spoilt_picture_is_told_with_its_reason(limits: QualityLimits, reason: str, spoil: object) -> None:
    """Blur in every direction or one, too little and too much light, and nothing to see."""
    assert callable(spoil)
    assert unfit(measure(spoil(textured(300))), limits) == reason


def test_an_unfit_picture_is_undecided_and_the_engine_is_not_asked(small_bundle: Path, limits: QualityLimits) -> None:
    """Unless the check is switched off; a bundle without limits checks nothing."""
    plain = load_bundle(small_bundle)
    bundle = Bundle(plain.path, msgspec.structs.replace(plain.manifest, quality=limits))
    engine = OrtEngine(plain, "float32", threads=1)
    covered = flat(110, 128)
    found = Inspector(bundle, engine).inspect(covered)
    assert (found.decided.status, found.decided.reason, found.embedding_D) == ("UNDECIDED", "lens_covered", None)
    assert Inspector(bundle, engine).inspect(covered, check_quality=False).decided.reason is None
    assert Inspector(plain, engine).inspect(covered).decided.reason is None
    engine.close()


def test_a_camera_that_repeats_its_picture_is_frozen_after_a_while() -> None:
    """By the times of capture; one new pixel of noise, and it is alive again."""
    frozen = Frozen(after_ms=100)
    still, other = textured(1), textured(2)
    seen = [(still, 0), (still, 90), (still, 100), (still, 300), (other, 310), (other, 400)]
    told = [frozen.feed(Frame(image, n, ms * 1_000_000, 0, "belt")) for n, (image, ms) in enumerate(seen)]
    assert told == [False, False, True, True, False, False]
