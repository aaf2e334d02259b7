"""Reports beside the line: every part that is to have one is told how it stands, whatever happens to the process."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from camera.frame import Frame
from edge.feed.publisher import Numbers
from edge.geometry import Region
from edge.line.outbox import Outbox, Reported, new_outbox
from edge.messages import PartReport, ReportState, Verdict
from edge.reports.desk import ReportDesk
from edge.reports.handover import mapped_picture, shared_picture
from edge.reports.pace import Pace
from edge.reports.plan import ReportPlan
from tests.bundles import flat
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED, Origin, Part, verdict_of
from tests.edge.report_writer import CRASHES, FAILS

SIDE = 64


@dataclass(slots=True)
class Office:
    """A desk at work, and what it has told of so far."""

    desk: ReportDesk
    outbox: Outbox
    said: list[str]
    number: int = 0
    told: list[PartReport] = field(default_factory=list)

    def offer(self, part: Part = SCRATCHED, brightness: int = 200) -> Verdict:
        verdict = verdict_of(part, Origin(number=self.number), (SIDE, SIDE))
        self.number += 1
        self.desk.offer(Frame(flat(brightness, SIDE), 0, time.monotonic_ns(), time.time_ns(), "belt"), verdict)
        return verdict

    def listen(self, timeout_s: float = 0.05) -> None:
        for item in self.outbox.take_all(timeout_s)["reports"]:
            assert isinstance(item, Reported)
            self.told += item.reports

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 90
        while not condition():
            assert time.monotonic() < deadline, (self.states(), self.said)
            self.listen()

    def states(self) -> dict[int, list[ReportState]]:
        """By the number of the verdict, in the order in which they were told."""
        states: dict[int, list[ReportState]] = defaultdict(list)
        for report in self.told:
            states[report.verdict_number].append(report.state)
        return dict(states)

    def has_ended(self, *numbers: int) -> bool:
        states = self.states()
        return all(states.get(number, ["queued"])[-1] != "queued" for number in numbers)

    def process(self) -> psutil.Process:
        """The process once it has written something."""
        verdict = self.offer()
        self.until(lambda: self.has_ended(verdict.number))
        assert self.states()[verdict.number] == ["queued", "ready"]
        assert self.desk.pid is not None
        return psutil.Process(self.desk.pid)


def descriptors() -> int:
    """How many this process holds open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@contextmanager
def office(seconds: float = 0.0, queue: int = 16, expire_s: float = 60.0, hang_s: float = 60.0) -> Iterator[Office]:
    """seconds: how long the process takes for one report."""
    said: list[str] = []
    outbox = new_outbox()
    plan = ReportPlan((Path(str(seconds)),), ("zh-TW", "en"), queue=queue, expire_s=expire_s, hang_s=hang_s)
    desk = ReportDesk(plan, Numbers("e1"), outbox, said.append, module="tests.edge.report_writer")
    thread = threading.Thread(target=desk.run)
    thread.start()
    place = Office(desk, outbox, said)
    try:
        yield place
    finally:
        desk.close()
        thread.join()
        place.listen()


def test_only_the_wanted_parts_get_a_report_and_from_their_own_picture() -> None:
    """NG and UNDECIDED are queued and then ready, numbered on; the process has seen the pixels and stands back."""
    with office() as place:
        place.offer(GOOD)
        place.offer(SCRATCHED, brightness=201)
        place.offer(DOUBTFUL, brightness=7)
        place.until(lambda: place.has_ended(1, 2))
    assert place.states() == {1: ["queued", "ready"], 2: ["queued", "ready"]}
    assert [report.number for report in place.told] == list(range(4))
    ready = {r.verdict_number: r.text for r in place.told if r.state == "ready"}
    assert ready[1]["en"] == "NG 1, brightness 201, nice 19"
    assert ready[2]["zh-TW"] == "UNDECIDED 2, brightness 7, nice 19"
    assert {r.verdict for r in place.told} == {"1-belt-1", "1-belt-2"}
    assert place.desk.counts() == {"queued": 0, "ready": 2, "expired": 0, "shed": 0}
    assert place.said == []


def test_nobody_reads_more_than_two_reports_a_second_of_a_camera() -> None:
    """Beyond a burst of ten, parts are shed although the queue has room, and no picture of theirs is copied."""
    with office(queue=1000) as place:
        for _ in range(100):
            place.offer()
        place.until(lambda: place.has_ended(*range(100)))
        counts = place.desk.counts()
    assert 10 <= counts["ready"] < 20
    assert counts["ready"] + counts["shed"] == 100


def test_a_flood_of_parts_is_written_about_less_than_a_trickle() -> None:
    """After the burst of ten: two a second of a camera, and one in two seconds where hundreds come."""
    pace = Pace()

    def granted(camera: str, fps: float, seconds: float) -> int:
        times_ns = (round(n / fps * 1e9) for n in range(round(fps * seconds)))
        return sum(pace.grants(Frame(flat(0, 8), 0, ns, 0, camera)) for ns in times_ns)

    assert granted("rare", 1.0, 60) == 60
    assert granted("often", 5.0, 60) in range(10 + 118, 10 + 122)
    assert granted("flood", 400.0, 60) in range(10 + 28, 10 + 33)


def test_where_parts_come_faster_than_reports_some_are_shed_and_counted() -> None:
    """Each part ends once; those that were shed never waited, and those that waited are written in their order."""
    with office(seconds=0.05, queue=3) as place:
        place.process()
        for _ in range(40):
            place.offer()
            time.sleep(0.005)
        place.until(lambda: place.has_ended(*range(41)))
        counts = dict(place.desk.counts())
    states = place.states()
    assert all(told in (["queued", "ready"], ["shed"]) for told in states.values())
    assert counts["shed"] == sum(told == ["shed"] for told in states.values()) > 0
    assert counts["ready"] == 41 - counts["shed"] > 3
    ready = [report.verdict_number for report in place.told if report.state == "ready"]
    assert ready == sorted(ready)


@pytest.mark.parametrize("how", ["killed", "crashes"])
def test_a_process_that_dies_is_replaced_and_its_part_expires(how: str) -> None:
    """Killed from outside or over a picture: the part it had expires, the one behind it is written by the next one."""
    with office(seconds=0.3) as place:
        process = place.process()
        if how == "killed":
            process.suspend()
        place.offer(brightness=CRASHES if how == "crashes" else 200)
        place.offer()
        if how == "killed":
            place.until(lambda: 2 in place.states())
            process.kill()
        place.until(lambda: place.has_ended(1, 2))
    assert place.states() == {0: ["queued", "ready"], 1: ["queued", "expired"], 2: ["queued", "ready"]}
    (sentence,) = place.said
    fate = "SIGSEGV" if how == "crashes" else "SIGKILL"
    assert sentence == f"reports: the process that writes them was ended by {fate}; another starts in 0.5 s"


def test_a_process_that_hangs_is_ended_and_replaced() -> None:
    """Stopped as by a debugger: after hang_s it is killed; what it had expires, and nobody has waited for it."""
    with office(hang_s=1.0) as place:
        process = place.process()
        process.suspend()
        begun = time.monotonic()
        place.offer()
        place.offer()
        assert time.monotonic() - begun < 0.5
        place.until(lambda: place.has_ended(1, 2))
        assert not process.is_running()
    assert place.states() == {0: ["queued", "ready"], 1: ["queued", "expired"], 2: ["queued", "ready"]}
    assert "has not answered for 1 s and was ended" in place.said[0]


def test_a_report_that_takes_too_long_expires_and_its_late_text_is_not_told() -> None:
    """Those in hand and those that wait expire in time; the process lives, and writes about later parts."""
    with office(seconds=0.6, expire_s=0.3) as place:
        place.offer()
        place.offer()
        place.until(lambda: place.has_ended(0, 1))
        assert place.states() == {0: ["queued", "expired"], 1: ["queued", "expired"]}
        pid = place.desk.pid
        time.sleep(1.0)
        place.offer()
        place.until(lambda: place.has_ended(2))
        assert place.desk.pid == pid
    assert place.desk.counts()["queued"] == 0
    assert place.said == []


def test_a_part_that_cannot_be_described_is_said_once() -> None:
    """The process lives on; the parts expire."""
    with office() as place:
        process = place.process()
        for _ in range(3):
            place.offer(brightness=FAILS)
        place.until(lambda: place.has_ended(1, 2, 3))
        assert process.is_running()
    assert place.states()[3] == ["queued", "expired"]
    assert place.said == ["reports: a part has none because it cannot be described"]


def test_when_the_line_stops_everything_comes_to_its_end() -> None:
    """What is under way expires at once, the process is gone, and no descriptor is left open."""
    before = descriptors()
    with office(seconds=5) as place:
        for _ in range(4):
            place.offer()
        place.until(lambda: len(place.states()) == 4 and place.desk.pid is not None)
        process = psutil.Process(place.desk.pid)
        begun = time.monotonic()
    assert time.monotonic() - begun < 4
    assert not process.is_running()
    assert all(told == ["queued", "expired"] for told in place.states().values())
    place.offer()
    assert place.desk.counts() == {"queued": 0, "ready": 0, "expired": 4, "shed": 0}
    assert descriptors() == before


def test_an_offer_waits_for_nothing_even_when_the_desk_does_not_run() -> None:
    """A thousand offers at once: no more pictures are held than may wait, and all are accounted for in the end."""
    outbox = new_outbox()
    plan = ReportPlan((Path("0"),), ("en",), queue=4)
    desk = ReportDesk(plan, Numbers("e1"), outbox, print, module="tests.edge.report_writer")
    place = Office(desk, outbox, [])
    for _ in range(1000):
        place.offer()
    desk.close()
    desk.run()
    place.listen()
    assert place.desk.counts() == {"queued": 0, "ready": 0, "expired": 0, "shed": 1000}
    assert len(place.states()) == 1000


def test_a_shared_picture_shows_the_region_and_nothing_else() -> None:
    """In place, whatever the size; memory that was not written is not used."""
    draw = np.random.default_rng(3)
    image_HWC = draw.integers(1, 255, (300, 500, 3), dtype=np.uint8)
    region = Region(20, 30, 40, 50)
    shown_HWC = mapped_picture(shared_picture(image_HWC, region), 300, 500)
    expected_HWC = np.zeros_like(image_HWC)
    expected_HWC[30:80, 20:60] = image_HWC[30:80, 20:60]
    assert np.array_equal(shown_HWC, expected_HWC)
