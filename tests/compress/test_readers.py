"""Label files are read as their formats say, and a bad one never counts as good."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compress.data.dataset import read_dataset
from compress.data.readers import labelme, voc
from compress.data.readers.files import Names, list_files
from compress.data.readers.find import READERS, find_reader
from compress.data.readers.found import BoxLabel, Found
from compress.data.readers.good import is_good
from compress.data.readers.runs import draw_runs
from compress.errors import DataError
from tests.compress import layouts


def test_voc_boxes_become_half_open_pixels_counted_from_zero(tmp_path: Path) -> None:
    """xmin 1, xmax 24 is the whole width of a 24-pixel image."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    layouts.write_voc(tmp_path / "a.xml", ("dent", 1, 2, 24, 2))
    found = voc.read(list_files(tmp_path))
    assert found.images[0].boxes == (BoxLabel(0, 1, 24, 2, "dent"),)


def test_labelme_shapes_become_polygons_and_boxes(tmp_path: Path) -> None:
    """Polygons and circles stay polygons, rectangles and lines become boxes with an area."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    layouts.write_labelme(
        tmp_path / "a.json",
        ("pit", "polygon", [[0, 0], [4, 0], [4, 4]]),
        ("pit", "circle", [[8, 8], [8, 10]]),
        ("pit", "rectangle", [[9, 9], [5, 6]]),
        ("hair", "line", [[3, 5], [9, 5]]),
    )
    image = labelme.read(list_files(tmp_path)).images[0]
    assert [round(p.area) for p in image.polygons] == [8, 12]
    assert image.boxes == (BoxLabel(5, 6, 9, 9, "pit"), BoxLabel(3, 5, 9, 6, "hair"))


def _mask_shape(mask_HW: NDArray[np.uint8], *corners: list[float]) -> dict[str, Any]:
    """As labelme writes one: a PNG of zeros and ones, its corners, the last pixel included."""
    encoded = base64.b64encode(cv2.imencode(".png", mask_HW)[1].tobytes()).decode()
    return {"label": "pit", "shape_type": "mask", "points": list(corners), "mask": encoded}


def test_a_labelme_mask_is_read_pixel_by_pixel(tmp_path: Path) -> None:
    """An L of 5 pixels is 5 pixels, not the 9 of its box; what reaches over the edge is cut."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    mask_HW = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1]], np.uint8)
    turned = {"label": "pit", "shape_type": "oriented_rectangle", "points": [[8, 2], [10, 4], [8, 6], [6, 4]]}
    shapes = [_mask_shape(mask_HW, [3, 5], [5, 7]), _mask_shape(mask_HW, [22, 14], [24, 16]), turned]
    layouts.write_labelme(tmp_path / "a.json", shapes=shapes)
    image = labelme.read(list_files(tmp_path)).images[0]
    first_HW, second_HW = (draw_runs(runs) for runs in image.runs)
    assert first_HW.shape == (16, 24)
    assert [(int(y), int(x)) for y, x in np.argwhere(first_HW)] == [(5, 3), (6, 3), (7, 3), (7, 4), (7, 5)]
    assert [(int(y), int(x)) for y, x in np.argwhere(second_HW)] == [(14, 22), (15, 22)]
    assert [round(polygon.area) for polygon in image.polygons] == [8]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mask": "no base64"}, "no PNG in base64"),
        ({"mask": base64.b64encode(b"no png").decode()}, "no PNG in base64"),
        ({"points": [[3, 5], [9, 7]]}, "another size than its corners"),
        ({"points": [[40, 5], [42, 7]]}, "marks nothing on the image"),
        ({"shape_type": "ellipse"}, "has a 'ellipse' of 2 points in shape 1, which means no place here; draw it"),
    ],
)
def test_a_labelme_mask_that_cannot_be_read_leaves_its_image_out(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    """Its image would pass for a good part."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    shape = {**_mask_shape(np.ones((3, 3), np.uint8), [3, 5], [5, 7]), **change}
    layouts.write_labelme(tmp_path / "a.json", shapes=[shape])
    found = labelme.read(list_files(tmp_path))
    assert not found.images
    assert said in found.problems[0].sentence


def test_labelme_files_with_their_pictures_inside_say_what_to_do(tmp_path: Path) -> None:
    """ "holds no images" would be no help to one who sees them in labelme."""
    layouts.write_labelme(tmp_path / "a.json", imageData="iVBORw0KGgo=")
    with pytest.raises(DataError, match=r"pictures inside \(imageData\).* save each picture beside its file"):
        list_files(tmp_path)


def test_a_labelme_flag_is_the_class_of_an_image_without_shapes(tmp_path: Path) -> None:
    """An image-level label must not pass for a good part only because nothing is drawn."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    layouts.write_labelme(tmp_path / "a.json", flags={"rust": True, "dirt": False})
    assert labelme.read(list_files(tmp_path)).images[0].class_name == "rust"


def test_labels_find_the_nearest_image_of_their_name(tmp_path: Path) -> None:
    """Equal names below train and val do not get mixed up."""
    for split, name in (("train", "dent"), ("val", "hole")):
        layouts.write_image(tmp_path / split / "images" / "1.png", seed=len(split))
        layouts.write_voc(tmp_path / split / "annotations" / "1.xml", (name, 1, 1, 5, 5))
    found = voc.read(list_files(tmp_path))
    assert [(i.path.parts[-3], i.boxes[0].class_name) for i in found.images] == [("train", "dent"), ("val", "hole")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<annotation><object>", "not valid XML"),
        (b"", "not valid XML"),
        (b'<?xml version="1.0" encoding="GBK"?><annotation/>', "save it again as UTF-8"),
        (b"<annotations/>", "not a Pascal VOC file"),
        (b"<annotation><object><name>x</name></object></annotation>", "no number in <xmin> of object 1"),
        (b"<annotation><object/></annotation>", "no <name> in object 1"),
        (b'<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><annotation>&c;</annotation>', "XML entities"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotation>&b;</annotation>', "XML entities"),
    ],
)
def test_a_broken_voc_file_is_a_problem_and_its_image_is_left_out(tmp_path: Path, content: bytes, said: str) -> None:
    """The sentence says what is wrong; the image could be defective, so it is not used."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    (tmp_path / "a.xml").write_bytes(content)
    found = voc.read(list_files(tmp_path))
    assert not found.images
    assert said in found.problems[0].sentence


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"shapes": [', "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b'{"shapes": [{"label": "x", "points": [[1, "2"]]}]}', "$.shapes[0].points[0][1]"),
        (b'{"shapes": [{"label": "x", "points": [[1, 2], [3, 4]]}]}', "means no place"),
        (b'{"shapes": [{"label": " ", "points": [[1, 2], [3, 4], [5, 5]]}]}', "no label in shape 1"),
        (b'{"shapes": [], "flags": {"a": true, "b": true}}', "several flags (a, b)"),
        (b"[" * 100_000, "not"),
    ],
)
def test_a_broken_labelme_file_never_makes_its_image_good(tmp_path: Path, content: bytes, said: str) -> None:
    """Without its label the image would count as good, so it is left out."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    (tmp_path / "a.json").write_bytes(content)
    found = labelme.read(list_files(tmp_path))
    assert not found.images
    assert said in found.problems[0].sentence


def test_labels_without_an_image_or_with_two_are_problems(tmp_path: Path) -> None:
    """Neither is guessed; a second label of the same image is not merged into the first."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    layouts.write_image(tmp_path / "b.png", seed=1)
    layouts.write_image(tmp_path / "b.jpg", seed=2)
    layouts.write_voc(tmp_path / "a.xml", ("x", 1, 1, 5, 5))
    layouts.write_voc(tmp_path / "old" / "a.xml", ("y", 1, 1, 5, 5))
    layouts.write_voc(tmp_path / "b.xml", ("x", 1, 1, 5, 5))
    layouts.write_voc(tmp_path / "gone.xml", ("x", 1, 1, 5, 5))
    found = voc.read(list_files(tmp_path))
    said = {p.path.relative_to(tmp_path).as_posix(): p.sentence for p in found.problems}
    assert [i.boxes[0].class_name for i in found.images if i.path.name == "a.png"] == ["x"]
    assert "has no image" in said["gone.xml"]
    assert "could label" in said["b.xml"]
    assert {i.path.name for i in found.images} == {"a.png"}
    assert "labels already" in said["old/a.xml"]


def _mangled(content: bytes) -> st.SearchStrategy[bytes]:
    """The content with a piece replaced by arbitrary bytes."""
    cut = st.integers(0, len(content))
    return st.builds(
        lambda a, b, new: content[: min(a, b)] + new + content[max(a, b) :], cut, cut, st.binary(max_size=8)
    )


_VOC = (
    b"<annotation><filename>a.png</filename><size><width>24</width><height>16</height></size><object><name>x</name>"
    b"<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
)
_LABELME = (
    b'{"flags": {}, "shapes": [{"label": "x", "points": [[2.5, 2], [9, 2], [9, 9]], "shape_type": "polygon"}], '
    b'"imagePath": "a.png", "imageHeight": 16, "imageWidth": 24}'
)


def _read_with(name: str, content: bytes) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        layouts.write_image(Path(folder) / "a.png", seed=0)
        (Path(folder) / name).write_bytes(content)
        files = list_files(Path(folder))
        return voc.read(files) if name.endswith("xml") else labelme.read(files)


@settings(max_examples=150, deadline=None)
@given(_mangled(_VOC))
def test_mangled_voc_gives_labels_or_a_problem(content: bytes) -> None:
    """Whatever the bytes, the image is labelled or left out with one sentence."""
    found = _read_with("a.xml", content)
    assert len(found.images) + len(found.problems) == 1


@settings(max_examples=150, deadline=None)
@given(_mangled(_LABELME))
def test_mangled_labelme_gives_labels_or_a_problem(content: bytes) -> None:
    """Whatever the bytes, the image is labelled or left out with one sentence."""
    found = _read_with("a.json", content)
    assert len(found.images) + len(found.problems) == 1


def test_each_layout_is_recognised_as_itself(tmp_path: Path) -> None:
    """`auto` needs no hint."""
    sets = {
        "VOC": layouts.voc_set(tmp_path / "a", 2),
        "labelme": layouts.labelme_set(tmp_path / "b", 2),
        "folders": layouts.folder_set(tmp_path / "c", "good", "bad", count=2),
        "MVTec": layouts.mvtec_set(tmp_path / "d", 2),
        "VisA": layouts.visa_set(tmp_path / "e", 2),
        "COCO": layouts.coco_set(tmp_path / "f", 2),
        "YOLO": layouts.yolo_set(tmp_path / "g", 2),
        "table": layouts.table_set(tmp_path / "h", 2),
        "masks": layouts.mask_set(tmp_path / "i", 2),
    }
    assert {name: find_reader(list_files(root)).name for name, root in sets.items()} == {n: n for n in sets}


_LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "MVTec": layouts.mvtec_set, "VisA": layouts.visa_set, "COCO": layouts.coco_set, "VOC": layouts.voc_set,
    "labelme": layouts.labelme_set, "YOLO": layouts.yolo_set, "table": layouts.table_set, "masks": layouts.mask_set,
    "folders": lambda root: layouts.folder_set(root, "good", "bad"),
}  # fmt: skip


def _read_or_refused(root: Path, format: str) -> str:
    try:
        return read_dataset(root, format, allow_unlabelled=True).format
    except DataError as error:
        return str(error)


@pytest.mark.parametrize("layout", sorted(_LAYOUTS))
def test_any_format_may_be_forced_upon_any_folder(tmp_path: Path, layout: str) -> None:
    """It is read so, or refused in one sentence that names the folder."""
    _LAYOUTS[layout](tmp_path)
    for reader in READERS:
        outcome = _read_or_refused(tmp_path, reader.name)
        assert outcome == reader.name or outcome.startswith(str(tmp_path)), outcome


def test_every_layout_is_described_in_the_guide() -> None:
    """By the name that the first line of a run says."""
    guide = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    assert [r.name for r in READERS if f"### `{r.name}`" not in guide] == []


def test_a_folder_of_several_mvtec_sets_is_refused_by_name(tmp_path: Path) -> None:
    """Else each product would become a class."""
    layouts.mvtec_set(tmp_path / "bolt", 1)
    layouts.mvtec_set(tmp_path / "nut", 1)
    with pytest.raises(DataError, match=r"whole data sets \(bolt, nut\)"):
        find_reader(list_files(tmp_path))


def test_unknown_formats_and_layouts_name_the_known_ones(tmp_path: Path) -> None:
    """The sentence is enough to go on."""
    layouts.write_image(tmp_path / "a.png", seed=0)
    with pytest.raises(DataError, match=r"in no layout that is known here .*Pascal VOC.*one folder per class"):
        read_dataset(tmp_path)
    with pytest.raises(DataError, match="no data format 'vco'; there are: auto, MVTec, VisA, COCO, VOC"):
        find_reader(list_files(tmp_path), "vco")


def test_lists_may_write_names_in_any_usual_way(tmp_path: Path) -> None:
    """With or without folder and suffix, with either slash, with the path of another machine."""
    path = layouts.write_image(tmp_path / "images" / "Café 1.png", seed=0)
    names = Names(tmp_path, [path])
    for written in (
        "Café 1",
        "cafe\u0301 1.PNG",
        "./images/Café 1.png",
        "images\\Café 1.png",
        "/mnt/line2/images/Café 1.png",
    ):
        assert names.find(written) == (path,), written
    assert names.find("elsewhere/Café 1.png") == ()


@pytest.mark.parametrize(
    "name", ["good", "OK", "No_Defect", "non-defective", "良品", "正常", "ok_front", "good-2", "OK 正面", "良品_A"]
)
def test_good_names_are_recognised(name: str) -> None:
    """Case, spaces and dashes do not matter."""
    assert is_good(name)


@pytest.mark.parametrize(
    "name", ["not good", "ng", "goods", "不良品", "defect", "okra_1", "ok_but_scratched", "good_ng", "normal_wear"]
)
def test_other_names_are_defects(name: str) -> None:
    """A name that merely contains a good one is not good."""
    assert not is_good(name)


def test_what_lies_between_the_pictures_is_said(tmp_path: Path) -> None:
    """Films and pictures that cannot be read, links to folders; a pipe does not make the run wait for ever."""
    root = layouts.folder_set(tmp_path / "parts", "ok", "dent")
    os.mkfifo(root / "ok" / "pipe.png")
    (root / "scratch").symlink_to(tmp_path)
    for name in ("a.gif", "b.GIF", "clip.avi", "notes.txt"):
        (root / name).write_bytes(b"0")
    dataset = read_dataset(root)
    assert [(p.path.name, p.sentence) for p in dataset.problems] == [
        ("scratch", "is a link to a folder, which is not followed; copy the folder"),
        ("pipe.png", "is a pipe, socket or device and no file; remove it"),
        ("parts", "holds files that are not read: 2 .gif; save them as .png"),
        ("parts", "holds files that are not read: 1 .avi; save frames of them as .png"),
    ]


def test_a_folder_of_films_says_what_it_holds(tmp_path: Path) -> None:
    """Not only what was expected."""
    (tmp_path / "clip.mp4").write_bytes(b"0")
    with pytest.raises(DataError, match=r"1 \.mp4; save frames of them as \.png"):
        read_dataset(tmp_path)
