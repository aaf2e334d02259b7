"""What the feed said last, in bounded memory: the newest of everything per camera, and how long it has been quiet."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import msgspec

from edge.messages import CameraReport, LineReport, Message, Picture, Verdict

HEARTBEAT_TIMEOUT_S = 3.0
# A picture this much older than the newest verdict no longer stands for it (the line may send few pictures).
PICTURE_STANDS_FOR = timedelta(seconds=1)
# A verdict's picture follows it closely; on a fast line a few verdicts lie in between.
VERDICTS_REMEMBERED = 64
# A browser asks for a picture by number shortly after it was announced; newer ones may have come since.
PICTURES_REMEMBERED = 4


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera as the feed last described it. `picture_verdict` is the verdict of that very picture."""

    name: str
    report: CameraReport | None = None
    verdict: Verdict | None = None
    picture: Picture | None = None
    picture_verdict: Verdict | None = None

    @property
    def current(self) -> Verdict | None:
        """The verdict to show: the picture's own while it is recent, so that word and picture agree."""
        if self.verdict is None or self.picture is None or self.picture_verdict is None:
            return self.verdict
        behind = parsed_time(self.verdict.captured) - parsed_time(self.picture.captured)
        return self.picture_verdict if behind <= PICTURE_STANDS_FOR else self.verdict


@dataclass(frozen=True, slots=True)
class LineView:
    """The line at one moment. `heard_at` is the time of the last heartbeat, None where none ever came."""

    report: LineReport | None
    cameras: tuple[CameraView, ...]
    heard_at: datetime | None
    is_silent: bool


@dataclass(slots=True)
class _Camera:
    view: CameraView
    verdicts: OrderedDict[str, Verdict] = field(default_factory=OrderedDict)
    jpegs: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=PICTURES_REMEMBERED))


class LiveLine:
    """Takes messages in one thread, is looked at from others.

    `clock` is monotonic seconds; only heartbeats of `line` count as signs of life.
    """

    def __init__(self, line: str, clock: Callable[[], float]) -> None:
        self._line = line
        self._clock = clock
        self._lock = threading.Lock()
        self._started = clock()
        self._heard: float | None = None
        self._heard_at: datetime | None = None
        self._report: LineReport | None = None
        self._cameras: dict[str, _Camera] = {}

    def take(self, message: Message, jpeg: bytes | None = None) -> None:
        """Remember a message of the feed; one of another line is ignored."""
        if message.line != self._line:
            return
        with self._lock:
            match message:
                case LineReport():
                    self._take_heartbeat(message)
                case CameraReport():
                    camera = self._camera(message.camera)
                    camera.view = replace(camera.view, report=message)
                case Verdict():
                    _take_verdict(self._camera(message.camera), message)
                case Picture() if jpeg is not None:
                    _take_picture(self._camera(message.camera), message, jpeg)

    def view(self) -> LineView:
        """Everything but the pixels."""
        with self._lock:
            quiet_s = self._clock() - (self._started if self._heard is None else self._heard)
            cameras = tuple(self._cameras[name].view for name in self._ordered())
            return LineView(self._report, cameras, self._heard_at, quiet_s > HEARTBEAT_TIMEOUT_S)

    def jpeg(self, camera: str, number: int) -> bytes | None:
        """The JPEG of a recent picture message; None where it is unknown or too old."""
        with self._lock:
            known = self._cameras.get(camera)
            return None if known is None else dict(known.jpegs).get(number)

    def _take_heartbeat(self, report: LineReport) -> None:
        if self._report is not None and self._report.epoch != report.epoch:
            self._cameras = {}
        self._heard, self._heard_at = self._clock(), datetime.now(timezone.utc)
        self._report = report
        self._cameras = {name: camera for name, camera in self._cameras.items() if name in report.cameras}
        for name in report.cameras:
            self._camera(name)

    def _camera(self, name: str) -> _Camera:
        return self._cameras.setdefault(name, _Camera(CameraView(name)))

    def _ordered(self) -> list[str]:
        order = self._report.cameras if self._report else ()
        return sorted(self._cameras, key=lambda name: order.index(name) if name in order else len(order))


def parsed_time(text: str) -> datetime:
    """The time in an RFC 3339 text, as the feed writes it."""
    return msgspec.convert(text, datetime)


def _take_verdict(camera: _Camera, verdict: Verdict) -> None:
    camera.verdicts[verdict.id] = verdict
    while len(camera.verdicts) > VERDICTS_REMEMBERED:
        camera.verdicts.popitem(last=False)
    camera.view = replace(camera.view, verdict=verdict)


def _take_picture(camera: _Camera, picture: Picture, jpeg: bytes) -> None:
    camera.jpegs.append((picture.number, jpeg))
    verdict = camera.verdicts.get(picture.verdict) if picture.verdict else None
    camera.view = replace(camera.view, picture=picture, picture_verdict=verdict)
