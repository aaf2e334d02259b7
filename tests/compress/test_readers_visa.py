"""VisA in both of its layouts."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from compress.data.dataset import read_dataset
from compress.data.masks import defect_mask
from compress.errors import DataError
from tests.compress import layouts


def test_the_published_layout_keeps_its_masks_and_the_splits_beside_it(tmp_path: Path) -> None:
    """Train holds normal parts only, so val comes from there; the class is the first defect that is annotated."""
    dataset = read_dataset(layouts.visa_set(tmp_path))
    assert dataset.summary() == (
        "read as VisA: 16 images, 3 classes, masks; splits from split_csv/1cls.csv, val taken from train by groups "
        "(seed 0); only good parts to learn from"
    )
    assert Counter((s.split, s.class_name) for s in dataset.samples) == {
        ("train", "normal"): 5, ("val", "normal"): 1, ("test", "normal"): 2, ("test", "dent"): 4, ("test", "wax"): 4,
    }  # fmt: skip
    assert "images with several kinds of defect, which count for the one named first: 4" in dataset.notes
    mask = defect_mask(next(s for s in dataset.samples if s.kind == "defect"), 16, 24)
    assert mask is not None
    assert mask.sum() == 24
    assert not dataset.problems


def test_the_parent_of_one_product_will_do_and_of_several_is_refused(tmp_path: Path) -> None:
    """Else each product would become a class."""
    layouts.visa_set(tmp_path)
    assert len(read_dataset(tmp_path).samples) == 16
    layouts.visa_set(tmp_path, product="cashew")
    with pytest.raises(DataError, match=r"holds whole data sets \(candle, cashew\)"):
        read_dataset(tmp_path)


def test_the_1cls_layout_is_mvtecs(tmp_path: Path) -> None:
    """Masks carry their image's name there, with another suffix."""
    for i in range(8):
        layouts.write_image(tmp_path / "train" / "good" / f"{i:04}.JPG", seed=i)
        layouts.write_image(tmp_path / "test" / "good" / f"{i + 8:04}.JPG", seed=50 + i)
        layouts.write_image(tmp_path / "test" / "bad" / f"{i:03}.JPG", seed=100 + i)
        layouts.write_mask(tmp_path / "ground_truth" / "bad" / f"{i:03}.png")
    dataset = read_dataset(tmp_path)
    assert (dataset.format, dataset.only_good) == ("MVTec", True)
    assert sum(s.mask_path is not None for s in dataset.samples) == 8


def test_what_is_missing_or_damaged_is_told(tmp_path: Path) -> None:
    """Without annotations all anomalies are one class; a missing mask, image or split file does not end the reading."""
    root = layouts.visa_set(tmp_path)
    (root / "image_anno.csv").write_bytes(b'image,label,mask\n"candle')
    (root / "Data" / "Masks" / "Anomaly" / "000.png").unlink()
    (root / "Data" / "Masks" / "Anomaly" / "001.png").write_bytes(b"\x89PNG")
    (root / "Data" / "Images" / "Anomaly" / "002.JPG").unlink()
    dataset = read_dataset(root)
    said = {p.path.name: p.sentence for p in dataset.problems}
    assert "not a valid CSV file" in said["image_anno.csv"]
    assert said["000.JPG"] == "has no mask in Data/Masks; used without its place"
    assert "damaged" in said["001.png"]
    assert "names images that are not here: 1, such as 'candle/Data/Images/Anomaly/002.JPG'" in said["1cls.csv"]
    assert {c.name for c in dataset.classes} == {"normal", "anomaly"}
    assert len(dataset.samples) == 14
    shutil.rmtree(tmp_path / "split_csv")
    (root / "image_anno.csv").unlink()
    dataset = read_dataset(root)
    assert "has no image_anno.csv" in dataset.problems[0].sentence
    assert dataset.split_source.startswith("splits made here")
