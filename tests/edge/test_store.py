"""Verdicts on disk, and the questions about them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.errors import ConfigError
from edge.store.database import DATABASE, PICTURES, StoreError
from edge.store.history import History
from edge.store.kept_pictures import KeptPicture, map_beside
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import Store, StoreLimits
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED, Origin, Part, verdict_of

NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


def silent(_: str) -> None:
    pass


def append(store: Store, *parts: Part, first: int = 0, camera: str = "belt") -> list[str]:
    """Store parts that come one a minute from noon; their ids."""
    rows = []
    for number, part in enumerate(parts, start=first):
        wall_ns = int((NOON + timedelta(minutes=number)).timestamp()) * 10**9
        verdict = verdict_of(replace(part, at_ns=wall_ns), Origin(camera=camera, number=number), (800, 600))
        rows.append(NewVerdict(verdict, wall_ns))
    store.append(rows)
    return [row.verdict.id for row in rows]


def keep(store: Store, data_dir: Path, verdict_id: str, name: str, size: int = 100) -> Path:
    """Write a file as the picture thread does, and note it."""
    file = data_dir / PICTURES / "belt" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    store.keep([KeptPicture(verdict_id, f"belt/{name}", size)])
    return file


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    """The same messages come back, newest first, by any filter and page."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        ids = append(store, GOOD, SCRATCHED, DOUBTFUL, SCRATCHED)
        append(store, SCRATCHED, camera="other")
    with open_store(tmp_path, StoreLimits(), silent):
        history = History(tmp_path)
        assert [s.verdict.id for s in history.recent(10, camera="belt")] == ids[::-1]
        assert [s.verdict.id for s in history.recent(10, status="NG", camera="belt")] == [ids[3], ids[1]]
        assert [s.verdict.id for s in history.recent(10, class_name="stain")] == [ids[2]]
        page = history.recent(2, camera="belt")
        assert [s.verdict.id for s in history.recent(9, camera="belt", before_id=page[-1].row_id)] == ids[1::-1]


def test_counts_by_time_and_in_total(tmp_path: Path) -> None:
    """Buckets hold what was captured in them; only what is not OK counts by class."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        append(store, GOOD, SCRATCHED, DOUBTFUL, SCRATCHED)
        history = History(tmp_path)
        buckets = history.counts(NOON + timedelta(minutes=1), bucket_s=120)
    assert [bucket.start for bucket in buckets] == [NOON, NOON + timedelta(minutes=2)]
    assert buckets[0].counts.by_class == {"scratch": 1}
    assert (buckets[1].counts.ng, buckets[1].counts.undecided) == (1, 1)
    totals = history.totals()
    assert (totals.ok, totals.ng, totals.undecided, totals.total) == (1, 2, 1, 4)
    assert totals.by_class == {"scratch": 2, "stain": 1}


def test_embeddings_come_and_go_with_their_verdicts(tmp_path: Path) -> None:
    """In the same commit, under the verdict's row, in half precision; also into a file that older edgevl began."""
    with open_store(tmp_path, StoreLimits(verdicts=3), silent) as store:
        append(store, GOOD)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("DROP TABLE embeddings")
    with open_store(tmp_path, StoreLimits(verdicts=3), silent) as store:
        rows = [NewVerdict(verdict_of(GOOD, Origin(number=n), (800, 600)), n) for n in range(5, 9)]
        looks = [np.full(4, n / 10, np.float32) for n in range(4)]
        store.append([replace(row, embedding_D=None if n == 2 else looks[n]) for n, row in enumerate(rows)])
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        kept = connection.execute(
            "SELECT id, embedding FROM verdicts LEFT JOIN embeddings USING (row_id) ORDER BY row_id"
        ).fetchall()
        (count,) = connection.execute("SELECT COUNT(*) FROM embeddings").fetchone()
    assert [(id_, blob and np.frombuffer(blob, "<f2").tolist()) for id_, blob in kept] == [
        (row.verdict.id, None if n == 2 else looks[n].astype(np.float16).tolist()) for n, row in enumerate(rows) if n
    ]
    assert count == 2


def test_a_history_without_a_store_is_empty(tmp_path: Path) -> None:
    """A dashboard may start before the line ever has."""
    history = History(tmp_path)
    assert history.recent(5) == []
    assert history.totals().total == 0
    assert history.picture_path("x") is None


def test_surplus_pictures_go_ok_first_then_the_oldest(tmp_path: Path) -> None:
    """Files and notes go together; the verdicts stay."""
    with open_store(tmp_path, StoreLimits(pictures=2), silent) as store:
        ids = append(store, SCRATCHED, SCRATCHED, GOOD, SCRATCHED)
        files = [keep(store, tmp_path, verdict_id, f"{n}.jpg") for n, verdict_id in enumerate(ids)]
    history = History(tmp_path)
    assert [file.exists() for file in files] == [False, True, False, True]
    assert [history.picture_path(verdict_id) for verdict_id in ids] == [None, files[1], None, files[3]]
    assert len(history.recent(10)) == 4


def test_pictures_are_bounded_by_their_bytes_too(tmp_path: Path) -> None:
    """A few large pictures must not fill the disk either."""
    with open_store(tmp_path, StoreLimits(picture_bytes=250), silent) as store:
        ids = append(store, SCRATCHED, SCRATCHED, SCRATCHED)
        files = [keep(store, tmp_path, verdict_id, f"{n}.jpg") for n, verdict_id in enumerate(ids)]
    assert [file.exists() for file in files] == [False, True, True]


def test_the_oldest_verdicts_go_with_their_pictures(tmp_path: Path) -> None:
    """The number of rows is bounded, whatever the line runs for."""
    with open_store(tmp_path, StoreLimits(verdicts=3), silent) as store:
        ids = append(store, SCRATCHED, GOOD)
        file = keep(store, tmp_path, ids[0], "0.jpg")
        ids += append(store, GOOD, GOOD, first=2)
    assert [s.verdict.id for s in History(tmp_path).recent(10)] == ids[:0:-1]
    assert not file.exists()


def test_a_picture_that_no_row_names_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    """Killed between the file and the row, the service leaves a file that nobody would ever count."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        kept = keep(store, tmp_path, append(store, SCRATCHED)[0], "kept.jpg")
        (tmp_path / PICTURES / "belt" / "lost.jpg").write_bytes(b"x")
    with open_store(tmp_path, StoreLimits(), silent):
        assert list((tmp_path / PICTURES).glob("*/*")) == [kept]


def test_a_map_goes_with_its_picture(tmp_path: Path) -> None:
    """Under the quota, with an old verdict, and where the service was killed before the row or amid the deletion."""
    folder = tmp_path / PICTURES / "belt"
    folder.mkdir(parents=True)

    def keep_pair(store: Store, verdict_id: str, name: str) -> None:
        (folder / f"{name}.png").write_bytes(b"x" * 50)
        keep(store, tmp_path, verdict_id, f"{name}.jpg", size=100)

    limits = StoreLimits(verdicts=4, pictures=2)
    with open_store(tmp_path, limits, silent) as store:
        for name, verdict_id in zip("abc", append(store, *[SCRATCHED] * 3), strict=True):
            keep_pair(store, verdict_id, name)
        assert {file.name for file in folder.iterdir()} == {"b.jpg", "b.png", "c.jpg", "c.png"}
        append(store, *[GOOD] * 3, first=3)
        assert {file.name for file in folder.iterdir()} == {"c.jpg", "c.png"}
        found = {kept.verdict.number: kept for kept in History(tmp_path).recent(9)}
        assert [kept.has_map for kept in found.values()] == [False, False, False, True]
        assert History(tmp_path).map_path(found[2].verdict.id) == folder / "c.png"
        assert History(tmp_path).map_path(found[3].verdict.id) is None
    for name in ("before.png", "row.jpg", "row.png", "amid.jpg"):
        (folder / name).write_bytes(b"x")
    with open_store(tmp_path, limits, silent):
        assert {file.name for file in folder.iterdir()} == {"c.jpg", "c.png"}
    map_beside(folder / "c.jpg").unlink()
    assert History(tmp_path).map_path(found[2].verdict.id) is None


@pytest.mark.parametrize("relative", ["../secret.jpg", "/etc/hostname", "belt/link.jpg"])
def test_a_picture_path_never_leaves_the_folder(tmp_path: Path, relative: str) -> None:
    """Whatever a row says, and wherever a link points."""
    data_dir = tmp_path / "data"
    (tmp_path / "secret.jpg").write_bytes(b"x")
    (data_dir / PICTURES / "belt").mkdir(parents=True)
    with open_store(data_dir, StoreLimits(), silent) as store:
        (data_dir / PICTURES / "secret.jpg").parent.mkdir(exist_ok=True)
        (data_dir / PICTURES / "belt" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
        (verdict_id,) = append(store, SCRATCHED)
        store.keep([KeptPicture(verdict_id, relative, 1)])
        assert History(data_dir).picture_path(verdict_id) is None


def test_one_verdict_cannot_be_stored_twice(tmp_path: Path) -> None:
    """A repeated number is a mistake that must not pass; the batch it is in leaves nothing behind."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        append(store, GOOD)
        with pytest.raises(StoreError, match="could not be written"):
            append(store, SCRATCHED, SCRATCHED, SCRATCHED, first=-1)
        assert History(tmp_path).totals().total == 1


def test_two_lines_cannot_share_a_data_folder(tmp_path: Path) -> None:
    """The second one is told which key to change."""
    with open_store(tmp_path, StoreLimits(), silent), pytest.raises(ConfigError, match=r"in use .* `data_dir`"):
        open_store(tmp_path, StoreLimits(), silent)
    open_store(tmp_path, StoreLimits(), silent).close()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A file in the place of the folder, for one."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot write .* `data_dir`"):
        open_store(tmp_path / "file", StoreLimits(), silent)


def test_a_store_of_a_later_edgevl_is_left_alone(tmp_path: Path) -> None:
    """An older program must not write what it does not understand."""
    open_store(tmp_path, StoreLimits(), silent).close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="later edgevl"):
        open_store(tmp_path, StoreLimits(), silent)


def test_a_damaged_store_is_set_aside_with_its_pictures(tmp_path: Path) -> None:
    """The line starts with a new file and says where the old one is."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        keep(store, tmp_path, append(store, *[SCRATCHED] * 200)[0], "0.jpg")
    content = bytearray((tmp_path / DATABASE).read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    (tmp_path / DATABASE).write_bytes(content)
    said: list[str] = []
    with open_store(tmp_path, StoreLimits(), said.append) as store:
        append(store, GOOD)
        assert History(tmp_path).totals().total == 1
    (sentence,) = said
    (aside,) = tmp_path.glob(f"damaged-*-{DATABASE}")
    assert aside.name in sentence
    assert aside.read_bytes() == content
    assert len(list(tmp_path.glob(f"damaged-*-{PICTURES}/belt/0.jpg"))) == 1


@pytest.fixture(scope="module")
def sound_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a few verdicts, closed."""
    data_dir = tmp_path_factory.mktemp("sound")
    with open_store(data_dir, StoreLimits(), silent) as store:
        append(store, *[SCRATCHED, GOOD] * 10)
    return data_dir / DATABASE


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 99_999), rubbish=st.binary(min_size=1, max_size=200), cut=st.booleans())
@example(place=4003, rubbish=b"\x80", cut=False)  # SQLite's message is then not UTF-8
def test_no_damage_brings_more_than_a_sentence(sound_database: Path, place: int, rubbish: bytes, cut: bool) -> None:
    """Whatever bytes are wrong or missing: the store opens and writes, or says why it does not."""
    content = sound_database.read_bytes()
    place %= len(content)
    rest = b"" if cut else content[place + len(rubbish) :]
    with TemporaryDirectory() as folder:
        (Path(folder) / DATABASE).write_bytes(content[:place] + rubbish + rest)
        try:
            with open_store(Path(folder), StoreLimits(), silent) as store:
                append(store, GOOD, first=1000)
        except (ConfigError, StoreError):
            pass


def test_the_newest_pictures_stay_even_where_they_show_good_parts(tmp_path: Path) -> None:
    """Older ones go first, good before bad; what was just seen can still be looked at."""
    with open_store(tmp_path, StoreLimits(pictures=60), silent) as store:
        ids = append(store, *([GOOD, SCRATCHED] * 30), *[GOOD] * 20, *[SCRATCHED] * 5)
        files = [keep(store, tmp_path, verdict_id, f"{n}.jpg") for n, verdict_id in enumerate(ids)]
        assert (store.usage().pictures, store.usage().picture_bytes) == (60, 6000)
    assert [file.exists() for file in files[-20:]] == [True] * 20
    assert not any(files[n].exists() for n in range(0, 50, 2))
    assert sum(file.exists() for file in files) == 60


def test_the_sums_of_the_quota_are_those_of_the_rows_after_a_restart_and_a_failure(tmp_path: Path) -> None:
    """Running sums must not drift, or the disk fills after all."""
    with open_store(tmp_path, StoreLimits(pictures=5, verdicts=8), silent) as store:
        ids = append(store, *[SCRATCHED] * 6)
        for n, verdict_id in enumerate(ids):
            keep(store, tmp_path, verdict_id, f"{n}.jpg", size=100 + n)
        with pytest.raises(StoreError):
            append(store, GOOD, GOOD, first=5)
        append(store, *[GOOD] * 4, first=6)
        before = store.usage()
    with open_store(tmp_path, StoreLimits(pictures=5, verdicts=8), silent) as store:
        assert store.usage().pictures == before.pictures == 4
        assert store.usage().picture_bytes == before.picture_bytes == 102 + 103 + 104 + 105
    assert len(list((tmp_path / PICTURES).glob("*/*"))) == 4


@settings(max_examples=30, deadline=None)
@given(place=st.integers(0, 10**6), rubbish=st.binary(min_size=1, max_size=300), cut=st.booleans())
def test_a_damaged_journal_of_a_killed_line_harms_nothing_before_it(place: int, rubbish: bytes, cut: bool) -> None:
    """What was checkpointed stays; of the journal what is sound comes back, in order and without a hole."""
    with TemporaryDirectory() as folder, TemporaryDirectory() as copied:
        data_dir = Path(folder)
        with open_store(data_dir, StoreLimits(), silent) as store:
            append(store, *[GOOD] * 5)
        with open_store(data_dir, StoreLimits(), silent) as store:
            for n in range(5, 25):
                append(store, SCRATCHED, first=n)
            journal = (data_dir / (DATABASE + "-wal")).read_bytes()
            at = place % len(journal)
            rest = b"" if cut else journal[at + len(rubbish) :]
            (Path(copied) / (DATABASE + "-wal")).write_bytes(journal[:at] + rubbish + rest)
            (Path(copied) / DATABASE).write_bytes((data_dir / DATABASE).read_bytes())
        with open_store(Path(copied), StoreLimits(), silent) as store:
            found = [stored.verdict.number for stored in History(Path(copied)).recent(100)][::-1]
            assert found == list(range(len(found)))
            assert len(found) >= 5
            append(store, GOOD, first=1000)
