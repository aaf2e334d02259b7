"""Which frames are triggers: at intervals, on request, and what they carry."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from camera.frame import Frame
from edge.bench.framelist import FrameList
from edge.geometry import Region
from edge.line.plan import CameraPlan
from edge.line.triggers import EveryInterval, EveryPart, OnRequest, RequestError
from edge.messages import Verdict
from tests.bundles import flat
from tests.edge.lines import built_line
from tests.edge.test_parts import moving

MS = 1_000_000


def frame(at_ms: float, seq: int = 0) -> Frame:
    return Frame(flat(0), seq, round(at_ms * MS), 0, "belt")


def ask_for_ever(finder: OnRequest) -> None:
    while True:
        finder.request("part", 0)


def test_at_intervals_the_first_frame_that_is_due_is_judged() -> None:
    """25 frames a second, one judged every 100 ms: no drift, and after a pause no burst."""
    finder = EveryInterval(Region(1, 2, 3, 4), every_ms=100)
    times = [*range(0, 1000, 40), *range(5000, 5300, 40)]
    judged = [at for at in times if finder.find(frame(at))]
    assert judged == [0, 120, 200, 320, 400, 520, 600, 720, 800, 920, 5000, 5120, 5200]
    assert finder.find(frame(6000))[0].region == Region(1, 2, 3, 4)


def test_a_request_gets_the_first_frame_taken_after_it() -> None:
    """Not one that was on its way already; two requests are two triggers, each with its name."""
    finder = OnRequest(None)
    assert finder.find(frame(0)) == []
    finder.request("part-1", 100 * MS)
    finder.request("part-2", 130 * MS)
    finder.request("part-3", 500 * MS)
    assert finder.find(frame(99)) == []
    assert [spot.frame.trigger for spot in finder.find(frame(140))] == ["part-1", "part-2"]
    assert (finder.find(frame(180)), finder.waiting) == ([], 1)
    assert finder.finish() == []
    assert [spot.frame.trigger for spot in finder.find(frame(900))] == ["part-3"]


def test_requests_to_a_dead_camera_are_refused_in_the_end() -> None:
    """As many as can be remembered wait; the next one is told so."""
    finder = OnRequest(None)
    with pytest.raises(RequestError, match="1000 requests wait for a frame already"):
        ask_for_ever(finder)
    assert finder.waiting == 1000


def test_a_part_keeps_the_scale_of_its_camera() -> None:
    """The frame that a part is judged by is put together anew; px/mm comes along."""
    finder, spots = EveryPart(None), []
    for seq, picture in enumerate(moving(range(-70, 330, 8), parts=1)):
        spots += finder.find(Frame(picture, seq, seq, seq, "belt", px_per_mm=8.0))
    assert [spot.frame.px_per_mm for spot in spots] == [8.0]


class Waiting(FrameList):
    """Delivers its next picture when it is told to."""

    def __init__(self) -> None:
        super().__init__("belt", [flat(0), flat(255)])
        self.go = threading.Event()

    def read(self, timeout_s: float) -> Frame:
        self.go.wait(30)
        return super().read(timeout_s)


def test_a_line_answers_requests_and_says_which_cameras_take_them(small_bundle: Path, tmp_path: Path) -> None:
    """Two requests before the first frame: two verdicts on it, and none on the frame nobody asked for."""
    source = Waiting()
    plans = [CameraPlan(source, trigger="external"), CameraPlan(FrameList("other", [flat(0)]), waits=True)]
    with built_line(small_bundle, tmp_path, plans) as bench:
        bench.line.request("belt", "a")
        bench.line.request("belt", "b")
        with pytest.raises(RequestError, match="'other' takes no requests; those that do: belt"):
            bench.line.request("other", "c")
        bench.line.start()
        source.go.set()
        assert bench.line.wait(60)
        summary = bench.line.stop()
        verdicts = [m for m in bench.messages() if isinstance(m, Verdict) and m.camera == "belt"]
    assert [verdict.frame_seq for verdict in verdicts] == [0, 0]
    assert summary.accounts["belt"].triggers == 2
