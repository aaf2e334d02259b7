"""The bundle: what lies in the folder agrees with the manifest, or is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bundle.files import is_inside
from edge.bundle.load import load_bundle, read_manifest
from edge.bundle.manifest import MANIFEST, AnomalyRule
from edge.errors import BundleError
from edge.line.heartbeat import shown_classes
from tests.bundles import WITHOUT_GOOD, make_bundle


@pytest.fixture
def copy(small_bundle: Path, tmp_path: Path) -> Path:
    """A bundle that a test may damage."""
    return Path(shutil.copytree(small_bundle, tmp_path / "bundle"))


def test_a_whole_bundle_loads_and_knows_its_files(small_bundle: Path) -> None:
    """The identity covers the manifest; only listed files are handed out."""
    bundle = load_bundle(small_bundle)
    assert len(bundle.manifest.bundle_id) == 12
    assert bundle.file("model.int8.onnx").is_file()
    with pytest.raises(BundleError, match="lists no file"):
        bundle.file("../etc/passwd")
    with pytest.raises(BundleError, match="no variant 'fp16'; it has: float32, int8"):
        bundle.manifest.variant("fp16")


def test_the_identity_is_that_of_what_is_said(copy: Path) -> None:
    """Fields at their defaults do not count, written or not: a later edgevl with more of them names it alike."""
    manifest, before = read_manifest(copy), load_bundle(copy).manifest.bundle_id
    plain = msgspec.json.decode(msgspec.json.encode(manifest))
    plain |= {"quality": None, "explain": None}
    (copy / MANIFEST).write_bytes(msgspec.json.encode(plain))
    assert read_manifest(copy).bundle_id == before
    assert msgspec.structs.replace(manifest, name="other").bundle_id != before


def test_missing_changed_and_extra_files_are_named(copy: Path) -> None:
    """One sentence lists all three kinds."""
    (copy / "golden/frames.npz").unlink()
    (copy / "notes.txt").write_text("hello")
    with (copy / "model.int8.onnx").open("r+b") as stream:
        stream.seek(100)
        byte = stream.read(1)
        stream.seek(100)
        stream.write(bytes([byte[0] ^ 1]))
    with pytest.raises(BundleError) as caught:
        load_bundle(copy)
    sentence = "missing: golden/frames.npz; changed: model.int8.onnx; not in the manifest: notes.txt"
    assert sentence in str(caught.value)


def test_a_folder_without_a_manifest_is_incomplete(copy: Path) -> None:
    """The manifest is written last, so its absence means that the workshop did not finish."""
    (copy / MANIFEST).unlink()
    with pytest.raises(BundleError, match="not a complete bundle"):
        load_bundle(copy)
    with pytest.raises(BundleError, match="there is no bundle at"):
        load_bundle(copy / "nowhere")


def test_a_link_counts_as_changed_even_to_the_same_bytes(copy: Path, small_bundle: Path) -> None:
    """A bundle must not depend on files outside it; a linked folder hides its files."""
    (copy / "model.int8.onnx").unlink()
    (copy / "model.int8.onnx").symlink_to(small_bundle / "model.int8.onnx")
    with pytest.raises(BundleError, match=r"changed: model\.int8\.onnx"):
        load_bundle(copy)
    shutil.rmtree(copy / "golden")
    (copy / "golden").symlink_to(small_bundle / "golden")
    with pytest.raises(BundleError, match=r"missing: golden/expected\.npz"):
        load_bundle(copy)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "a\\b", "./x", "a//b", "", "a\0b", "a/.."])
def test_a_path_that_is_not_plain_does_not_stay_inside(path: str) -> None:
    """Only plain relative POSIX paths may stand in a manifest."""
    assert not is_inside(path)


def test_a_manifest_that_names_a_file_outside_is_refused(copy: Path) -> None:
    """Before any file is touched."""
    manifest = copy / MANIFEST
    manifest.write_text(manifest.read_text().replace('"golden/frames.npz"', '"../frames.npz"'))
    with pytest.raises(BundleError, match="leaves the bundle"):
        read_manifest(copy)


def test_a_bundle_of_before_anomaly_rules_still_loads(copy: Path) -> None:
    """Its manifest does not know the key, or says that there is none; it tells no unknown defects."""
    manifest = copy / MANIFEST
    text = manifest.read_text()
    assert '"anomaly"' not in text
    assert load_bundle(copy).manifest.decision.anomaly is None
    manifest.write_text(text.replace('"map_threshold"', '"anomaly": null, "map_threshold"'))
    assert load_bundle(copy).manifest.decision.anomaly is None


def test_an_outline_beyond_a_places_peak_is_refused(copy: Path) -> None:
    """No place of a map reaches more than its own peak."""
    manifest = copy / MANIFEST
    manifest.write_text(manifest.read_text().replace('"map_threshold"', '"map_outline": 1.5, "map_threshold"'))
    with pytest.raises(BundleError, match="map_outline"):
        read_manifest(copy)


def test_a_file_that_a_variant_names_must_be_listed(copy: Path) -> None:
    """The sentence says who names it."""
    manifest = copy / MANIFEST
    variant = read_manifest(copy).variants[0]
    manifest.write_text(manifest.read_text().replace(f'"file": "{variant.file}"', '"file": "gone.onnx"'))
    with pytest.raises(BundleError, match=f"variant '{variant.name}' names 'gone.onnx'"):
        read_manifest(copy)


def test_an_anomaly_rule_without_a_good_class_is_refused(tmp_path: Path) -> None:
    """Nothing can be unlike good parts where nobody says what good is."""
    with pytest.raises(BundleError, match="needs a good class"):
        make_bundle(tmp_path / "b", WITHOUT_GOOD, anomaly=AnomalyRule(0.5, 0.5))


def test_an_unknown_defect_has_a_title_in_each_language(tmp_path: Path, small_bundle: Path) -> None:
    """People read it on the dashboard like any class of the bundle; a bundle that cannot say it does not show it."""
    shown = {
        c.name: c.titles for c in shown_classes(make_bundle(tmp_path / "b", anomaly=AnomalyRule(0.5, 0.5)).manifest)
    }
    assert shown["unknown defect"] == {"en": "Unknown defect", "zh-TW": "未知瑕疵"}
    assert "unknown defect" not in {c.name for c in shown_classes(load_bundle(small_bundle).manifest)}


@given(data=st.data())
def test_a_damaged_manifest_loads_as_it_was_or_is_refused(
    data: st.DataObject, small_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any one byte changed, or the end cut off: the same bundle identity, another valid one, or BundleError."""
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    raw = (small_bundle / MANIFEST).read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    flipped = raw[:at] + bytes([data.draw(st.integers(0, 255))]) + raw[at + 1 :]
    (folder / MANIFEST).write_bytes(data.draw(st.sampled_from([flipped, raw[:at]])))
    try:
        manifest = read_manifest(folder)
    except BundleError:
        return
    assert all(is_inside(name) for name in manifest.files)
    assert manifest.variant(manifest.default_variant)
