"""A line that is not inspected: publishes real messages over ZeroMQ and keeps a real history, as the service does.

The parts are drawn and their verdicts are decided by whoever calls, so that a test knows what must be on the page.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import cv2
import msgspec
import numpy as np
import zmq
from numpy.typing import NDArray

from edge.geometry import Box, Region
from edge.line.outbox import Marked
from edge.line.pictures import encode_map
from edge.messages import (
    SCHEMA_VERSION,
    CameraReport,
    CameraState,
    LineReport,
    Message,
    PartReport,
    Phrase,
    Picture,
    ReportState,
    StoreState,
    Timings,
    Truth,
    Verdict,
    VerdictMark,
    encode,
    time_text,
    topic_for,
)
from edge.store.database import PICTURES
from edge.store.kept_pictures import KeptPicture, map_beside
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import StoreLimits
from edge.verdict import Reason, Status

WIDTH, HEIGHT = 800, 600
TITLES = {
    "good": {"zh-TW": "良品", "en": "Good"},
    "scratch": {"zh-TW": "刮傷", "en": "Scratch"},
    "stain": {"zh-TW": "髒污", "en": "Stain"},
    "chip": {"zh-TW": "缺角", "en": "Chipped edge"},
    "hole": {"zh-TW": "破孔", "en": "Hole"},
}


@dataclass(frozen=True, slots=True)
class Part:
    """What is said about one part. `at_ns` is when it was captured, now where None."""

    status: Status
    class_name: str | None
    probability: float = 0.97
    reason: Reason | None = None
    boxes: tuple[Box, ...] = ()
    at_ns: int | None = None


GOOD = Part("OK", "good", 0.998)
SCRATCHED = Part("NG", "scratch", 0.972, boxes=(Box(300, 210, 170, 60, 0.93),))
DOUBTFUL = Part("UNDECIDED", "stain", 0.41, "low_confidence")


@dataclass(frozen=True, slots=True)
class Origin:
    """Which verdict of which camera."""

    epoch: str = "1"
    line: str = "steel"
    camera: str = "belt"
    number: int = 0


class FeedDouble:
    """One line with any number of cameras. Use it as a context manager; `address` is where it publishes."""

    def __init__(self, line: str, cameras: tuple[str, ...], data_dir: Path, has_good_class: bool = True) -> None:
        self._line = line
        self._cameras = cameras
        self._has_good_class = has_good_class
        self.requests = ""
        self._epoch = f"{time.time_ns():x}"
        self._started = time.time_ns()
        self.store_state: StoreState = "ok"
        self._numbers: Counter[str] = Counter()
        self._statuses: dict[str, Counter[Status]] = {camera: Counter() for camera in cameras}
        self._pictures = data_dir / PICTURES / "test"
        self._store = open_store(data_dir, StoreLimits(), say=print)
        self._pictures.mkdir(parents=True, exist_ok=True)
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.PUB)
        self.address = f"tcp://127.0.0.1:{self._socket.bind_to_random_port('tcp://127.0.0.1')}"

    def heartbeat(self) -> None:
        """What a line sends once a second."""
        topic = topic_for("line", self._line)
        self._publish(
            LineReport(
                schema=SCHEMA_VERSION,
                topic=topic,
                epoch=self._epoch,
                number=self._number(topic),
                line=self._line,
                time=time_text(time.time_ns()),
                started=time_text(self._started),
                bundle="3fa91c07d2be",
                bundle_name="drawn-parts",
                engine="ort int8",
                engine_why="the only one here",
                cameras=self._cameras,
                verdicts_per_s=4.2,
                p50_ms=11.0,
                p99_ms=23.0,
                memory_mb=180.0,
                store=self.store_state,
                unstored=1234 if self.store_state != "ok" else 0,
                has_good_class=self._has_good_class,
                titles=TITLES,
                requests=self.requests,
                defects=tuple(name for name in TITLES if name != "good"),
            )
        )

    def camera(self, camera: str, state: CameraState = "up", detail: str = "") -> None:
        """A camera's report."""
        topic = topic_for("camera", self._line, camera)
        counted = self._statuses[camera]
        self._publish(
            CameraReport(
                schema=SCHEMA_VERSION,
                topic=topic,
                epoch=self._epoch,
                number=self._number(topic),
                line=self._line,
                camera=camera,
                time=time_text(time.time_ns()),
                state=state,
                detail=detail,
                fps=4.2 if state == "up" else 0.0,
                triggers=counted.total() + 3,
                verdicts=counted.total(),
                dropped=3,
                dropped_by={"overload": 3},
                in_flight=0,
                ok=counted["OK"],
                ng=counted["NG"],
                undecided=counted["UNDECIDED"],
            )
        )

    def part(self, camera: str, part: Part, image_HWC: NDArray[np.uint8]) -> Verdict:
        """Store, then publish, a verdict and its picture."""
        part = part if part.at_ns else at(part, time.time_ns())
        verdict = self._verdict(camera, part, (image_HWC.shape[1], image_HWC.shape[0]))
        self._store.append([NewVerdict(verdict, part.at_ns or 0)])
        self._statuses[camera][part.status] += 1
        _, jpeg = cv2.imencode(".jpg", image_HWC)
        if part.status != "OK":
            self._keep(verdict, jpeg.tobytes())
        self._publish(verdict)
        self._publish(self._picture(verdict, image_HWC), jpeg.tobytes())
        return verdict

    def report(
        self,
        verdict: Verdict,
        state: ReportState,
        text: dict[str, str],
        words: dict[str, str],
        phrases: dict[str, tuple[Phrase, ...]] | None = None,
    ) -> None:
        """Store and publish how a part's report stands."""
        topic = topic_for("report", self._line, verdict.camera)
        report = PartReport(
            schema=SCHEMA_VERSION,
            topic=topic,
            epoch=self._epoch,
            number=self._number(topic),
            line=self._line,
            camera=verdict.camera,
            verdict=verdict.id,
            verdict_number=verdict.number,
            time=time_text(time.time_ns()),
            state=state,
            text=text,
            words=words,
            phrases=phrases or {},
        )
        self._store.append_reports([report])
        self._publish(report)

    def mark(self, marked: Marked) -> None:
        """Store and publish what somebody says of a verdict, and answer, as the writer does."""
        verdict = marked.verdict
        number = self._number(topic_for("mark", self._line, verdict.camera))
        said = mark_of(verdict, marked.truth, marked.class_name, number)
        said = msgspec.structs.replace(said, epoch=self._epoch, note=marked.note, by=marked.by)
        self._store.append_marks([said])
        self._publish(said)
        marked.reply(said)

    def past(self, parts: list[tuple[str, Part]]) -> None:
        """Only into the history, in one commit, without pictures."""
        rows = [NewVerdict(self._verdict(camera, part, (WIDTH, HEIGHT)), part.at_ns or 0) for camera, part in parts]
        self._store.append(rows)
        for camera, part in parts:
            self._statuses[camera][part.status] += 1

    def _verdict(self, camera: str, part: Part, size: tuple[int, int]) -> Verdict:
        topic = topic_for("verdict", self._line, camera)
        return verdict_of(part, Origin(self._epoch, self._line, camera, self._number(topic)), size)

    def _picture(self, verdict: Verdict, image_HWC: NDArray[np.uint8]) -> Picture:
        topic = topic_for("picture", self._line, verdict.camera)
        height, width = image_HWC.shape[:2]
        return Picture(
            schema=SCHEMA_VERSION,
            topic=topic,
            epoch=self._epoch,
            number=self._number(topic),
            line=self._line,
            camera=verdict.camera,
            captured=verdict.captured,
            verdict=verdict.id,
            width=width,
            height=height,
            scale=1.0,
        )

    def _keep(self, verdict: Verdict, jpeg: bytes) -> None:
        file = self._pictures / f"{verdict.number}-{self._cameras.index(verdict.camera)}.jpg"
        file.write_bytes(jpeg)
        if verdict.boxes:
            map_beside(file).write_bytes(encode_map(_map_of(verdict)))
        self._store.keep([KeptPicture(verdict.id, f"test/{file.name}", len(jpeg))])

    def _number(self, topic: str) -> int:
        self._numbers[topic] += 1
        return self._numbers[topic] - 1

    def _publish(self, message: Message, jpeg: bytes | None = None) -> None:
        frames = [message.topic.encode(), encode(message)]
        self._socket.send_multipart(frames if jpeg is None else [*frames, jpeg])

    def close(self) -> None:
        self._socket.close(linger=0)
        self._context.term()
        self._store.close()

    def __enter__(self) -> FeedDouble:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def verdict_of(part: Part, origin: Origin, size: tuple[int, int]) -> Verdict:
    """The message that says what `part` says; `size` is width, height of its frame."""
    width, height = size
    wall = time_text(part.at_ns or 0)
    return Verdict(
        schema=SCHEMA_VERSION,
        id=f"{origin.epoch}-{origin.camera}-{origin.number}",
        topic=topic_for("verdict", origin.line, origin.camera),
        epoch=origin.epoch,
        number=origin.number,
        line=origin.line,
        camera=origin.camera,
        captured=wall,
        published=wall,
        frame_seq=origin.number,
        status=part.status,
        reason=part.reason,
        class_name=part.class_name,
        probability=part.probability,
        defect_score=0.01 if part.status == "OK" else part.probability,
        frame_width=width,
        frame_height=height,
        region=Region(width // 10, height // 10, width * 8 // 10, height * 8 // 10),
        boxes=part.boxes,
        timings=Timings(1.2, 0.8, 8.4, 0.1, 10.5),
        bundle="3fa91c07d2be",
        engine="ort int8",
    )


def mark_of(verdict: Verdict, truth: Truth | None, class_name: str | None = None, number: int = 0) -> VerdictMark:
    """The message that says what its part really was."""
    return VerdictMark(
        schema=SCHEMA_VERSION,
        topic=topic_for("mark", verdict.line, verdict.camera),
        epoch=verdict.epoch,
        number=number,
        line=verdict.line,
        camera=verdict.camera,
        verdict=verdict.id,
        status=verdict.status,
        judged=verdict.class_name,
        time=time_text(time.time_ns()),
        truth=truth,
        class_name=class_name,
    )


def _map_of(verdict: Verdict) -> NDArray[np.float32]:
    """A map whose cells are 8 px of the frame: each box at its score, soft at the edges."""
    region = verdict.region
    map_HW = np.zeros((region.h // 8, region.w // 8), np.float32)
    for box in verdict.boxes:
        left, top = (box.x - region.x) // 8, (box.y - region.y) // 8
        map_HW[top : top + box.h // 8, left : left + box.w // 8] = box.score
    return np.asarray(cv2.blur(map_HW, (3, 3)), np.float32)


@lru_cache(maxsize=8)
def drawn_part(seed: int, part: Part) -> NDArray[np.uint8]:
    """A grey plate on a darker belt, with a dark mark in each box of `part`; BGR uint8, HEIGHT x WIDTH."""
    rng = np.random.default_rng(seed)
    image = np.full((HEIGHT, WIDTH, 3), (52, 46, 42), np.uint8)
    cv2.rectangle(image, (110, 80), (WIDTH - 110, HEIGHT - 80), (176, 172, 168), -1)
    for x, y in ((180, 140), (620, 140), (180, 460), (620, 460)):
        cv2.circle(image, (x, y), 26, (60, 55, 50), -1, cv2.LINE_AA)
    grain = cv2.blur(rng.normal(0, 26, (HEIGHT, WIDTH, 1)).astype(np.float32), (31, 1))
    image = np.clip(image + grain[..., None] + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
    for box in part.boxes:
        start, end = (box.x + 8, box.y + box.h - 10), (box.x + box.w - 8, box.y + 10)
        cv2.line(image, start, end, (70, 68, 66), 5, cv2.LINE_AA)
    return image


def at(part: Part, wall_ns: int) -> Part:
    """The same part at another time."""
    return replace(part, at_ns=wall_ns)
