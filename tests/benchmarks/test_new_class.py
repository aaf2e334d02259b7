"""How a version with a new class is scored: on answers that are known."""

from __future__ import annotations

from pathlib import Path

from benchmarks.new_class_parts.measuring import added, look, score
from compress.data.reading import Reading
from compress.new_class.add import remove_class
from compress.new_class.asked import NewClass
from compress.progress import SilentReporter
from tests.compress.dim_class import DIM, add_dim, make_base, write_pictures


def test_a_class_is_scored_before_and_after_it_is_added(tmp_path: Path) -> None:
    """Missed altogether at first; then every part of it is found, and of the known ones one at most is taken."""
    base = make_base(tmp_path)
    for split in ("train", "val", "test"):
        write_pictures(tmp_path / "data" / split / "dim", DIM, 4, len(split))
    test = Reading().read(tmp_path / "data", 0).of("test")
    version = add_dim(base, tmp_path / "more").bundle
    seen = look(base, test, SilentReporter())
    before, after = score(seen, base, "dim"), score(seen, version, "dim")
    assert (before.recall, before.precision, before.taken, before.known_f1) == (0.0, 0.0, 0.0, 1.0)
    assert before.macro_f1 < 0.75
    assert after.recall == 1.0
    assert after.taken <= 1 / 12
    assert after.precision >= 4 / 5
    assert after.macro_f1 > 0.85
    forgetful = remove_class(version.path, tmp_path / "back", "dim")
    with added(forgetful.path, NewClass("dim"), sorted((tmp_path / "new").iterdir())[:1]) as fitted:
        assert fitted.examples == 1
        assert score(seen, fitted.bundle, "dim").recall == 1.0
