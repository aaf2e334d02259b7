"""A stage is there as a whole or not at all, and remade when what it depends on changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from compress.progress import SilentReporter
from compress.workspace import Made, digest_files, digest_of, open_workspace


def _stage(root: Path, depends: object, reporter: SilentReporter) -> Made[str]:
    def make(folder: Path) -> None:
        (folder / "made").write_text(repr(depends))

    with open_workspace(root, reporter) as work:
        return work.stage(
            "1-write",
            depends,
            make,
            lambda folder: (folder / "made").read_text(),
        )


def test_a_stage_is_kept_while_it_is_current(tmp_path: Path) -> None:
    """Made once, kept the second time, remade for other input."""
    reporter = SilentReporter()
    results = [_stage(tmp_path, depends, reporter) for depends in (1, 1, 2)]
    assert [r.value for r in results] == ["1", "1", "2"]
    assert results[0].key == results[1].key != results[2].key
    assert ["kept" in line for line in reporter.lines] == [False, True, False]


def test_a_stage_that_fails_leaves_nothing_that_counts(tmp_path: Path) -> None:
    """The half-written folder is thrown away by the next start."""

    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_workspace(tmp_path, SilentReporter()) as work:
        work.stage("1-write", 1, fail, lambda _: None)
    assert not (tmp_path / "1-write").exists()
    assert _stage(tmp_path, 1, SilentReporter()).value == "1"
    assert sorted(p.name for p in (tmp_path / "1-write").iterdir()) == ["made", "stage.json"]


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"key": 3}', b"\xff"])
def test_a_damaged_record_means_not_finished(tmp_path: Path, record: bytes) -> None:
    """Making it again is always right."""
    _stage(tmp_path, 1, SilentReporter())
    (tmp_path / "1-write" / "stage.json").write_bytes(record)
    reporter = SilentReporter()
    assert _stage(tmp_path, 1, reporter).value == "1"
    assert not any("kept" in line for line in reporter.lines)


def test_digests_tell_contents_apart(tmp_path: Path) -> None:
    """By bytes and names, not by times; equal values have equal digests."""
    (tmp_path / "a").write_text("1")
    before = digest_files([tmp_path / "a"])
    (tmp_path / "a").touch()
    assert digest_files([tmp_path / "a"]) == before
    (tmp_path / "a").write_text("2")
    assert digest_files([tmp_path / "a"]) != before
    assert digest_of({"a": 1, "b": tmp_path}) == digest_of({"b": tmp_path, "a": 1})
