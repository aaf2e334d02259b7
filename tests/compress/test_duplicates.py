"""Near-duplicates across splits: named, grouped, and moved without touching a file of the user's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compress.check.duplicates import Duplicates, duplicates_note, find_duplicates, same_part, tie
from compress.check.moves import plan_moves, write_moves
from compress.check.survey import survey
from compress.data.dataset import Dataset, read_dataset
from compress.progress import SilentReporter
from tests.compress.layouts import write_image, write_pixels
from tests.compress.scenes import scene


def leaky_set(root: Path, leaks: int = 1) -> Path:
    """Folders with train and test; so many of the test's pictures are training pictures, mirrored."""
    for c, name in enumerate(("good", "刮 痕 <b>")):
        for i in range(10):
            write_pixels(root / "train" / name / f"{i}.png", scene(100 * c + i))
            copied = i < leaks
            picture = scene(100 * c + i)[:, ::-1] if copied else scene(100 * c + 50 + i)
            write_pixels(root / "test" / name / f"t{i}.png", np.ascontiguousarray(picture))
    return root


def _found(dataset: Dataset) -> Duplicates:
    return find_duplicates(dataset, survey(dataset, SilentReporter()), SilentReporter())


def test_a_mirrored_copy_across_splits_is_named_with_its_transform(tmp_path: Path) -> None:
    """One in each class, and nothing else."""
    dataset = read_dataset(leaky_set(tmp_path))
    duplicates = _found(dataset)
    assert len(duplicates.across(dataset)) == len(duplicates.pairs) == 2
    assert {pair.transform for pair in duplicates.pairs} == {"mirrored"}
    (note,) = duplicates_note(dataset, SilentReporter())
    assert "test pictures concerned: 2 of 20" in note


def test_moving_mends_the_splits_and_removing_the_folder_undoes_it(tmp_path: Path) -> None:
    """Copies go from test to train; labels and pictures stay as they were."""
    before = read_dataset(leaky_set(tmp_path))
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    moves = plan_moves(before, _found(before))
    assert {move.to for move in moves if move.sample.split == "test"} == {"train"}
    folder = write_moves(before, moves)
    after = read_dataset(tmp_path)
    assert _found(after).across(after) == ()
    assert plan_moves(after, _found(after)) == ()
    assert len(after.of("test")) == 18
    assert {path: path.read_bytes() for path in files} == files
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert read_dataset(tmp_path) == before


def test_a_test_split_that_leaks_as_a_whole_is_not_emptied(tmp_path: Path) -> None:
    """Half of each class stays; from there on the training pictures go to the test instead."""
    dataset = read_dataset(leaky_set(tmp_path, leaks=10))
    write_moves(dataset, plan_moves(dataset, _found(dataset)))
    after = read_dataset(tmp_path)
    assert _found(after).across(after) == ()
    for label in after.classes:
        assert sum(s.class_name == label.name for s in after.of("test")) >= 5
        assert any(s.class_name == label.name for s in after.of("train"))


def test_copies_and_their_groups_become_one_part(tmp_path: Path) -> None:
    """So that splits made here keep them together."""
    for i in range(12):
        for name in ("good", "bad"):
            write_pixels(tmp_path / name / f"{name}{i}.png", scene(i + 100 * (name == "bad")))
    write_pixels(tmp_path / "good" / "again.png", scene(3)[::-1])
    listed = read_dataset(tmp_path)
    parts = same_part(listed, _found(listed).clusters)
    together = read_dataset(tmp_path, same_part=parts)
    group_of = {s.name: s.group for s in together.samples}
    assert group_of["again"] == group_of["good3"]
    assert len(set(group_of.values())) == 24
    assert _found(together).across(together) == ()


def test_ties_are_followed_to_the_end() -> None:
    """Whatever the order of the pairs."""
    assert tie([("a", "b"), ("x", "y"), ("c", "d"), ("b", "d")]) == (("a", "b", "c", "d"), ("x", "y"))
    assert tie([]) == ()


def test_a_damaged_picture_ends_nothing(tmp_path: Path) -> None:
    """It is listed with its reason; the others are compared."""
    dataset = read_dataset(leaky_set(tmp_path))
    dataset.samples[0].path.write_bytes(b"\x89PNG broken")
    seen = survey(dataset, SilentReporter())
    (problem,) = seen.problems
    assert problem.path == dataset.samples[0].path
    assert len(seen.looks) == len(dataset.samples) - 1
    assert len(find_duplicates(dataset, seen, SilentReporter()).pairs) >= 1


@pytest.mark.parametrize(
    ("suffix", "dtype", "bits"),
    [(".png", np.uint8, 8), (".png", np.uint16, 16), (".tif", np.uint16, 16), (".jpg", np.uint8, 8)],
)
def test_the_depth_is_the_files_own(tmp_path: Path, suffix: str, dtype: type, bits: int) -> None:
    """Decoding makes 8 bits of everything; what the file holds is said all the same."""
    for name in ("good", "bad"):
        for i in range(4):
            pixels = scene(i + 10 * (name == "bad")).astype(dtype) * (257 if bits == 16 else 1)
            write_pixels(tmp_path / name / f"{i}{suffix}", pixels.astype(dtype))
    looks = survey(read_dataset(tmp_path), SilentReporter()).looks
    assert {(look.bits, look.colour, look.width, look.height) for look in looks} == {(bits, True, 128, 96)}


def test_noise_is_never_a_copy_of_other_noise(tmp_path: Path) -> None:
    """The hardest texture: nothing to align, everything the same on average."""
    for i in range(20):
        write_image(tmp_path / "good" / f"{i}.png", seed=i, width=64, height=64)
        write_image(tmp_path / "bad" / f"b{i}.png", seed=100 + i, width=64, height=64)
    assert _found(read_dataset(tmp_path)).pairs == ()
