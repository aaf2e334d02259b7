"""A disk without room: verdicts go on and say so, nothing stored is harmed, and all is stored once there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge.bench.framelist import FrameList
from edge.errors import ConfigError
from edge.line.plan import CameraPlan
from edge.messages import LineReport, Verdict, encode
from edge.store.backlog import Backlog
from edge.store.database import DATABASE, StoreRefusedError
from edge.store.history import History
from edge.store.kept_pictures import KeptPicture
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import StoreLimits
from tests.bundles import flat
from tests.edge.feed_double import SCRATCHED, Origin, verdict_of
from tests.edge.lines import built_line
from tests.edge.small_disk import fill, remount, small_disk

ROOT = Path(__file__).parents[2]


def new_verdicts(first: int, number: int) -> list[NewVerdict]:
    parts = [replace(SCRATCHED, at_ns=(1_700_000_000 + n) * 10**9) for n in range(first, first + number)]
    verdicts = [verdict_of(part, Origin(number=first + n), (800, 600)) for n, part in enumerate(parts)]
    return [NewVerdict(verdict, part.at_ns or 0) for verdict, part in zip(verdicts, parts, strict=True)]


def numbers(data_dir: Path) -> list[int]:
    return [stored.verdict.number for stored in History(data_dir).recent(100_000)][::-1]


def test_verdicts_wait_for_room_in_order(tmp_path: Path) -> None:
    """Published as not stored while the disk is full; stored, once each and in order, when it is not."""
    said: list[str] = []
    with small_disk(tmp_path / "disk", 4) as disk, open_store(disk / "data", StoreLimits(), said.append) as store:
        backlog = Backlog(store, said.append)
        backlog.append(new_verdicts(0, 50))
        ballast = fill(disk)
        published = [backlog.append(new_verdicts(first, 100)) for first in range(50, 1050, 100)]
        health = backlog.take_stock()
        assert health.state == "full"
        assert "is full; free some space" in health.detail
        assert health.waiting >= 900
        assert b'"stored":false' in published[-1][-1]
        before = numbers(disk / "data")
        assert before == list(range(len(before)))
        ballast.unlink()
        backlog.finish()
        assert (backlog.take_stock().state, backlog.health.waiting) == ("ok", 0)
        assert numbers(disk / "data") == list(range(1050))
        newest = History(disk / "data").recent(1)[0].verdict
        assert encode(newest) == published[-1][-1]
    assert len(said) == 2


def test_what_waits_is_bounded_and_what_is_given_up_is_counted(tmp_path: Path) -> None:
    """Of too many the oldest are given up; the newest are stored when there is room."""
    with small_disk(tmp_path / "disk", 4) as disk, open_store(disk / "data", StoreLimits(), print) as store:
        backlog = Backlog(store, print, capacity=30)
        ballast = fill(disk)
        backlog.append(new_verdicts(0, 1000))
        assert (backlog.take_stock().waiting, backlog.health.never_stored) == (30, 970)
        ballast.unlink()
        backlog.finish()
        assert numbers(disk / "data") == list(range(970, 1000))


def test_pictures_for_which_there_is_no_room_leave_nothing_behind(tmp_path: Path) -> None:
    """No file without a row stays while the disk is full."""
    with small_disk(tmp_path / "disk", 4) as disk, open_store(disk / "data", StoreLimits(), print) as store:
        backlog = Backlog(store, print)
        backlog.append(new_verdicts(0, 1))
        (disk / "data/pictures/belt").mkdir(parents=True)
        picture = disk / "data/pictures/belt/0.jpg"
        picture.write_bytes(b"x")
        fill(disk)
        while backlog.take_stock().state == "ok":
            backlog.append(new_verdicts(1 + backlog.health.waiting, 200))
        backlog.keep([KeptPicture(new_verdicts(0, 1)[0].verdict.id, "belt/0.jpg", 1)])
        assert not picture.exists()


def test_a_whole_line_goes_on_while_its_disk_is_full(small_bundle: Path, tmp_path: Path) -> None:
    """Every trigger gets its verdict on the feed, the heartbeat says so, and later all is stored."""
    with small_disk(tmp_path / "disk", 8) as disk:
        camera = CameraPlan(FrameList("belt", [flat(0, 64)] * 6000), waits=True)
        with built_line(small_bundle, disk / "data", [camera]) as bench:
            ballast = fill(disk)
            bench.line.start()
            assert bench.line.wait(60)
            heard = bench.messages()
            ballast.unlink()
            summary = bench.line.stop()
            heard += bench.messages()
        verdicts = [message for message in heard if isinstance(message, Verdict)]
        reports = [message for message in heard if isinstance(message, LineReport)]
        assert bench.line.failure is None
        assert [v.number for v in verdicts] == list(range(6000))
        assert not all(v.stored for v in verdicts)
        assert "full" in {report.store for report in reports}
        assert (reports[-1].store, reports[-1].unstored, reports[-1].never_stored) == ("ok", 0, 0)
        assert summary.accounts["belt"].unaccounted == 0
        assert numbers(disk / "data") == list(range(6000))


def test_a_start_on_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    """Not a code that systemd takes for final: there may be room at the next try."""
    with small_disk(tmp_path / "disk", 2) as disk:
        fill(disk)
        with pytest.raises(StoreRefusedError, match="is full; free some space") as caught:
            open_store(disk / "data", StoreLimits(), print)
        assert caught.value.exit_code == 1


def test_a_read_only_disk_is_one_sentence_and_may_come_back(tmp_path: Path) -> None:
    """At the start it is an error of the machine; while the line runs verdicts wait."""
    with small_disk(tmp_path / "disk", 4) as disk:
        remount(disk, "ro")
        with pytest.raises(ConfigError, match="mounted read-only"):
            open_store(disk / "data", StoreLimits(), print)
        remount(disk, "rw")
        open_store(disk / "data", StoreLimits(), print).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run as another account")
@pytest.mark.parametrize("strange", ["", DATABASE])
def test_a_folder_or_file_of_another_account_is_one_sentence(strange: str) -> None:
    """It says which one, and the command that gives it to the account."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        data_dir = Path(folder)
        open_store(data_dir, StoreLimits(), print).close()
        for path in (data_dir, *data_dir.iterdir()):
            os.chown(path, 65534, 65534)
        os.chown(data_dir / strange, 0, 0)
        (data_dir / strange).chmod(0o755 if strange == "" else 0o644)
        if strange == "":
            (data_dir / "line.lock").unlink()
        code = (
            "import os, sys; os.setgid(65534); os.setuid(65534)\n"
            "from edge.store.opening import open_store\nfrom edge.store.store import StoreLimits\n"
            "from edge.errors import EdgevlError; import pathlib\n"
            "try: open_store(pathlib.Path(sys.argv[1]), StoreLimits(), print)\n"
            "except EdgevlError as error: print(error)"
        )
        command = [sys.executable, "-c", "import edge.store.opening, edge.store.history\n" + code, folder]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert "chown" in said
        assert strange in said
        assert len(said.splitlines()) == 1
