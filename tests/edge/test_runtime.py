"""The line at work: every trigger ends once, what is published is on disk, and trouble is a sentence."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import cv2
import jsonschema
import msgspec
import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame
from camera.pattern import PatternSource, pattern_options
from edge.bench.framelist import FrameList
from edge.geometry import Region
from edge.line.plan import CameraPlan
from edge.messages import CameraReport, LineReport, Picture, Verdict, encode, feed_schema
from edge.runtime import LineError, Summary
from edge.store.database import DATABASE, StoreError
from edge.store.history import History
from tests.bundles import CELL, SIDE, flat
from tests.edge.lines import Bench, built_line

BLACK, WHITE = flat(0, 64), flat(255, 64)


def black_and_white(number: int) -> list[NDArray[np.uint8]]:
    """Every third picture is white, which the small bundle calls NG."""
    return [WHITE if n % 3 == 0 else BLACK for n in range(number)]


def run(bench: Bench) -> Summary:
    bench.line.start()
    assert bench.line.wait(60)
    return bench.line.stop()


def pixels(jpeg: bytes) -> NDArray[np.uint8]:
    image_HWC = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image_HWC is not None
    return np.asarray(image_HWC, dtype=np.uint8)


def balanced(summary: Summary) -> bool:
    return all(a.unaccounted == 0 and a.in_flight == 0 for a in summary.accounts.values())


def test_every_trigger_gets_one_verdict_and_all_that_is_published_is_stored(small_bundle: Path, tmp_path: Path) -> None:
    """Two patient cameras: no drop, numbers without a gap, and the database holds the very bytes of the feed."""
    cameras = [CameraPlan(FrameList(name, black_and_white(150)), waits=True) for name in ("left", "right")]
    with built_line(small_bundle, tmp_path, cameras) as bench:
        summary = run(bench)
        heard = bench.messages()
    verdicts = [message for message in heard if isinstance(message, Verdict)]
    stored = History(tmp_path).recent(1000)
    assert balanced(summary)
    assert {name: (a.verdicts, a.ng, a.dropped) for name, a in summary.accounts.items()} == {
        "left": (150, 50, 0),
        "right": (150, 50, 0),
    }
    for camera in ("left", "right"):
        own = [verdict for verdict in verdicts if verdict.camera == camera]
        assert [v.number for v in own] == [v.frame_seq for v in own] == list(range(150))
        assert [v.status for v in own] == ["OK" if n % 3 else "NG" for n in range(150)]
    assert sorted(encode(v) for v in verdicts) == sorted(encode(s.verdict) for s in stored)


def test_what_is_published_follows_the_schema(small_bundle: Path, tmp_path: Path) -> None:
    """Verdicts, pictures, camera and line reports of a real run, held against the published JSON Schema."""
    camera = CameraPlan(FrameList("belt", black_and_white(30)), waits=True)
    with built_line(small_bundle, tmp_path, [camera]) as bench:
        run(bench)
        heard = bench.heard()
    validator = jsonschema.Draft202012Validator(json.loads(msgspec.json.encode(feed_schema())))
    for message, _ in heard:
        validator.validate(json.loads(encode(message)))
    assert {type(message) for message, _ in heard} == {Verdict, Picture, CameraReport, LineReport}


def test_the_last_reports_balance_and_say_that_the_camera_ended(small_bundle: Path, tmp_path: Path) -> None:
    """Who reads only the reports learns the final account."""
    camera = CameraPlan(FrameList("belt", black_and_white(30)), waits=True)
    with built_line(small_bundle, tmp_path, [camera]) as bench:
        run(bench)
        reports = [message for message in bench.messages() if isinstance(message, CameraReport)]
    assert all(r.triggers == r.verdicts + r.dropped + r.in_flight for r in reports)
    last = reports[-1]
    assert (last.state, last.verdicts, last.ok, last.ng, last.in_flight) == ("ended", 30, 20, 10, 0)


def test_ng_pictures_are_kept_and_live_ones_are_shown_with_their_verdict(small_bundle: Path, tmp_path: Path) -> None:
    """The kept JPEG is the frame, beside it is the map; OK parts leave none; what is shown comes after its verdict."""
    wide = np.full((500, 2000, 3), 255, np.uint8)
    camera = CameraPlan(FrameList("belt", [wide, BLACK, wide]), waits=True)
    with built_line(small_bundle, tmp_path, [camera]) as bench:
        run(bench)
        heard = bench.heard()
    history = History(tmp_path)
    paths = [history.picture_path(stored.verdict.id) for stored in history.recent(10)]
    assert paths[1] is None
    for path in (paths[0], paths[2]):
        assert path is not None
        assert pixels(path.read_bytes()).shape == wide.shape
    bright, none, _ = (history.map_path(stored.verdict.id) for stored in history.recent(10))
    assert none is None
    assert bright is not None
    map_HW = cv2.imdecode(np.frombuffer(bright.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert map_HW is not None
    assert (map_HW.shape, map_HW.min()) == ((SIDE // CELL, SIDE // CELL), 255)
    ids = [message.id if isinstance(message, Verdict) else "" for message, _ in heard]
    shown = [(n, message, jpeg) for n, (message, jpeg) in enumerate(heard) if isinstance(message, Picture)]
    assert shown
    for place, header, jpeg in shown:
        assert header.verdict in ids[:place]
        assert jpeg is not None
        assert pixels(jpeg).shape[:2] == (header.height, header.width)
        assert header.width <= 960


def test_where_a_live_camera_is_too_fast_the_freshest_frame_wins(small_bundle: Path, tmp_path: Path) -> None:
    """Older frames are accounted drops; the last one is judged."""
    camera = CameraPlan(FrameList("belt", [flat(0, 600)] * 3000))
    with built_line(small_bundle, tmp_path, [camera]) as bench:
        summary = run(bench)
    account = summary.accounts["belt"]
    assert balanced(summary)
    assert account.triggers == 3000
    assert account.dropped_by["overload"] == account.dropped > 0
    assert summary.queues["belt"].peak <= 2
    (newest,) = History(tmp_path).recent(1)
    assert newest.verdict.frame_seq == 2999
    assert newest.verdict.number == account.verdicts - 1


def test_a_disk_that_stands_still_does_not_hold_up_the_decisions(small_bundle: Path, tmp_path: Path) -> None:
    """While another process locks the database all frames are judged; none is published before it is stored."""
    camera = CameraPlan(FrameList("belt", black_and_white(300)), waits=True)
    with built_line(small_bundle, tmp_path, [camera]) as bench:
        with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            bench.line.start()
            assert bench.line.wait(8)  # the camera has ended: inspection has taken its frames
            assert not [m for m in bench.messages() if isinstance(m, Verdict)]
            assert History(tmp_path).totals().total == 0
            other.execute("ROLLBACK")
        summary = bench.line.stop()
        verdicts = [m for m in bench.messages() if isinstance(m, Verdict)]
    assert bench.line.failure is None
    assert len(verdicts) == summary.accounts["belt"].verdicts == History(tmp_path).totals().total == 300


def test_a_disk_that_fails_stops_the_line_with_one_sentence(small_bundle: Path, tmp_path: Path) -> None:
    """What cannot be made durable is not published, and every trigger is still accounted for."""
    camera = CameraPlan(FrameList("belt", [BLACK] * 20_000), waits=True)
    with built_line(small_bundle, tmp_path, [camera]) as bench:
        with closing(sqlite3.connect(tmp_path / DATABASE)) as other:
            other.execute("DROP TABLE verdicts")
        summary = run(bench)
        assert not [m for m in bench.messages() if isinstance(m, Verdict)]
    assert isinstance(bench.line.failure, StoreError)
    assert balanced(summary)
    assert summary.accounts["belt"].dropped_by["stopped"] == summary.accounts["belt"].triggers > 0


class Surprising(FrameList):
    """A driver with a bug: at frame 5 something leaves it that should not."""

    def read(self, timeout_s: float) -> Frame:
        frame = super().read(timeout_s)
        if frame.seq == 5:
            raise ZeroDivisionError("gain / 0")
        return frame


def test_a_bug_in_a_thread_stops_the_line_with_one_sentence(small_bundle: Path, tmp_path: Path) -> None:
    """Nothing hangs, no thread stays behind, and the account balances."""
    threads = threading.active_count()
    interval_s = sys.getswitchinterval()
    plans = [CameraPlan(Surprising("bad", [BLACK] * 9)), CameraPlan(FrameList("good", [BLACK] * 90_000), waits=True)]
    with built_line(small_bundle, tmp_path, plans) as bench:
        summary = run(bench)
    assert isinstance(bench.line.failure, LineError)
    assert "bad thread failed (ZeroDivisionError: gain / 0)" in str(bench.line.failure)
    assert balanced(summary)
    assert threading.active_count() == threads
    assert sys.getswitchinterval() == interval_s


def test_a_failing_engine_leaves_parts_undecided_and_says_so_once(small_bundle: Path, tmp_path: Path) -> None:
    """Never silence: each part gets its verdict, with the reason."""
    camera = CameraPlan(FrameList("belt", [BLACK] * 20), waits=True)
    with built_line(small_bundle, tmp_path, [camera]) as bench:
        bench.engine.close()
        summary = run(bench)
        verdicts = [m for m in bench.messages() if isinstance(m, Verdict)]
    assert {(v.status, v.reason) for v in verdicts} == {("UNDECIDED", "engine_failed")}
    assert summary.accounts["belt"].undecided == len(verdicts) == 20
    assert len([sentence for sentence in bench.said if "UNDECIDED" in sentence]) == 1


def test_each_part_on_the_belt_is_one_trigger(small_bundle: Path, tmp_path: Path) -> None:
    """With `part`, verdicts are about parts, in frame coordinates; a region leaves out those beside it."""
    source = PatternSource("belt", pattern_options("?fps=25&seed=3&speed=600"))
    source.open()
    images = [source.read(10.0).image_HWC for _ in range(120)]
    source.close()
    plans = [
        CameraPlan(FrameList("all", images), trigger="part", waits=True),
        CameraPlan(FrameList("none", images), Region(0, 0, 640, 4), trigger="part", waits=True),
    ]
    with built_line(small_bundle, tmp_path, plans) as bench:
        summary = run(bench)
        verdicts = [m for m in bench.messages() if isinstance(m, Verdict)]
    assert balanced(summary)
    assert summary.accounts["none"].triggers == 0
    assert summary.accounts["all"].verdicts == len(verdicts) > 2
    assert all(v.region.w * v.region.h < v.frame_width * v.frame_height / 2 for v in verdicts)
    assert all((v.frame_width, v.frame_height) == (640, 480) for v in verdicts)
