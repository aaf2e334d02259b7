"""Packing: the bundle is in place as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from compress.data.titles import read_titles, taken_from_lexicon, titled
from compress.errors import DataError
from compress.pack import Graph, check_out, pack
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import ClassSpec
from edge.engines.golden import golden_frames
from edge.errors import BundleError
from tests.compress.conftest import FinishedRun


def _pack(run: FinishedRun, out: Path, name: str = "again") -> Bundle:
    draft = msgspec.structs.replace(run.bundle.manifest, name=name, variants=(), files={})
    graphs = tuple(Graph(v.name, run.out / v.file, v.precision, v.ms, v.made_for) for v in run.bundle.manifest.variants)
    extras = (run.out / "report.json", run.out / "explain.onnx", run.out / "known.npz")
    return pack(out, draft, graphs, np.ascontiguousarray(golden_frames(run.bundle)), extras)


def test_an_older_bundle_is_replaced_and_nothing_is_left_beside_it(finished_run: FinishedRun, tmp_path: Path) -> None:
    """Also where an earlier attempt was killed half way."""
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "half").touch()
    first = _pack(finished_run, tmp_path / "out", "first")
    check_out(tmp_path / "out")
    second = _pack(finished_run, tmp_path / "out", "second")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert load_bundle(tmp_path / "out").manifest.name == "second"
    assert first.manifest.bundle_id != second.manifest.bundle_id


def test_a_changed_byte_is_named(finished_run: FinishedRun, tmp_path: Path) -> None:
    """What pack wrote is what load checks."""
    file = _pack(finished_run, tmp_path / "out").path / "model.int8.onnx"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BundleError, match=r"changed: model\.int8\.onnx"):
        load_bundle(tmp_path / "out")


def test_out_may_be_new_empty_or_a_bundle_only(finished_run: FinishedRun, tmp_path: Path) -> None:
    """Anything else is somebody's."""
    check_out(tmp_path / "new")
    check_out(tmp_path)
    check_out(finished_run.out)
    (tmp_path / "file").touch()
    for mine in (tmp_path, tmp_path / "file"):
        with pytest.raises(DataError, match="is not a bundle"):
            check_out(mine)
    with pytest.raises(DataError, match="lies among the pictures"):
        check_out(tmp_path / "pictures" / "bundles" / "line", tmp_path / "pictures")


def test_a_class_without_a_title_gets_the_usual_chinese_name(tmp_path: Path) -> None:
    """And a sentence says so; what titles.json or the bundle says goes before, and what is not known stays as it is."""
    classes = [ClassSpec("scratches", "defect"), ClassSpec("pitted_surface", "defect"), ClassSpec("k7", "defect")]
    classes += [ClassSpec("ok", "good"), ClassSpec("dent", "defect", {"zh-TW": "凹坑"})]
    (tmp_path / "titles.json").write_text('{"scratches": {"zh-TW": "刮"}}', encoding="utf-8")
    found = titled(classes, tmp_path)
    assert [spec.titles.get("zh-TW") for spec in found] == ["刮", "麻點", None, "良品", "凹坑"]
    assert "pitted_surface 麻點" in taken_from_lexicon(titled(classes[:3], tmp_path), tmp_path)
    assert taken_from_lexicon(titled(classes[:1], tmp_path), tmp_path) == ""


def test_titles_come_from_the_data_folder(tmp_path: Path) -> None:
    """None is fine; a wrong file is named with how it must look."""
    assert read_titles(tmp_path) == {}
    (tmp_path / "titles.json").write_text('{"spot": {"en": "Spot", "zh-TW": "斑點"}}', encoding="utf-8")
    assert read_titles(tmp_path) == {"spot": {"en": "Spot", "zh-TW": "斑點"}}
    for wrong in (b'["spot"]', b"\xff"):
        (tmp_path / "titles.json").write_bytes(wrong)
        with pytest.raises(DataError, match=r"titles\.json must look like"):
            read_titles(tmp_path)
