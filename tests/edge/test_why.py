"""`edgevl why`: the place that made a part NG, over its picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.bundle.load import load_bundle
from edge.errors import BundleError
from edge.geometry import Region
from edge.inspection.explain import Explainer, overlay
from edgevl import app
from tests.bundles import flat


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Dark, with a bright place at the right."""
    image_HWC = flat(0, 160)
    image_HWC[20:140, 60:150] = 255
    file = tmp_path / "part.png"
    cv2.imwrite(str(file), image_HWC)
    return file


def test_the_map_is_drawn_where_the_defect_is(small_bundle: Path, picture: Path, tmp_path: Path) -> None:
    """The place is reddened and outlined, the rest stays as it is; the sentence says what was seen."""
    out = tmp_path / "why.png"
    done = CliRunner().invoke(app, ["why", str(picture), "--bundle", str(small_bundle), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "NG, grey" in done.output
    drawn_HWC = cv2.imread(str(out))
    assert drawn_HWC is not None
    assert not drawn_HWC[:, :30].any()
    inside_HWC = drawn_HWC[60:100, 100:130].astype(int)
    assert (inside_HWC[:, :, 2] - inside_HWC[:, :, 0]).mean() > 20


@pytest.mark.parametrize(
    ("part", "more", "sentence"),
    [
        ("missing.png", [], "there is no picture missing.png"),
        ("no-such-thing", [], "is neither a picture nor the id of a verdict"),
        ("PICTURE", [], "needs the bundle that looks at it"),
        ("PICTURE", ["--bundle", "BUNDLE", "--by", "class"], "was made before bundles could explain"),
        ("PICTURE", ["--bundle", "BUNDLE", "--out", "/no/such/folder/why.png"], "choose another --out"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    small_bundle: Path, picture: Path, part: str, more: list[str], sentence: str
) -> None:
    """One sentence that says what to do, and an exit code."""
    words = [str(small_bundle) if word == "BUNDLE" else word for word in more]
    done = CliRunner().invoke(app, ["why", str(picture) if part == "PICTURE" else part, *words])
    assert done.exit_code != 0
    assert sentence in done.stderr


def test_an_overlay_touches_only_its_region() -> None:
    """A map of nothing changes nothing; a map of ones colours its region and no more."""
    image_HWC = np.full((40, 60, 3), 90, np.uint8)
    region = Region(10, 5, 20, 30)
    assert np.array_equal(overlay(image_HWC, np.zeros((4, 4), np.float32), region), image_HWC)
    shown_HWC = overlay(image_HWC, np.ones((4, 4), np.float32), region)
    changed_HW = (shown_HWC != image_HWC).any(2)
    assert changed_HW[5:35, 10:30].all()
    assert changed_HW.sum() == 20 * 30


def test_an_older_bundle_cannot_explain(small_bundle: Path) -> None:
    """It says what to do."""
    with pytest.raises(BundleError, match="make it again"):
        Explainer(load_bundle(small_bundle))
