"""What the feed said last, in bounded memory: the newest of everything per camera, and how long it has been quiet."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import msgspec

from edge.messages import CameraReport, LineReport, Message, Picture, Verdict

HEARTBEAT_TIMEOUT_S = 3.0
# A verdict's picture follows it at once, where it has one; after so long the verdict is shown without.
PICTURE_COMES_WITHIN_S = 0.4
# A verdict's picture follows it closely; on a fast line a few verdicts lie in between.
VERDICTS_REMEMBERED = 64
# However fast the line, a picture is shown so long, and kept for browsers that ask for it a little later.
PICTURE_EVERY_S = 0.15
PICTURES_REMEMBERED = 6
# A part's picture with its boxes stands so long before frames without a part may replace it; another part may at once.
PART_STANDS_S = 1.0


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera as the feed last described it.

    verdict: the newest. picture_verdict: the one of that very picture, where it is known. current: the one to show:
    the picture's own while newer pictures keep coming, so that word and picture agree, else the newest.
    """

    name: str
    report: CameraReport | None = None
    verdict: Verdict | None = None
    picture: Picture | None = None
    picture_verdict: Verdict | None = None
    current: Verdict | None = None


@dataclass(frozen=True, slots=True)
class LineView:
    """The line at one moment. `heard_at` is the time of the last heartbeat, None where none ever came."""

    report: LineReport | None
    cameras: tuple[CameraView, ...]
    heard_at: datetime | None
    is_silent: bool


class _Camera:
    """What is remembered of one camera. A picture waits until it is shown; one that never is, is not kept."""

    def __init__(self, name: str) -> None:
        self._view = CameraView(name)
        self._verdicts: OrderedDict[str, Verdict] = OrderedDict()
        self._verdict_at = 0.0
        self._waiting: tuple[Picture, bytes] | None = None
        self._shown_at = float("-inf")
        self._shown: deque[tuple[int, bytes]] = deque(maxlen=PICTURES_REMEMBERED)

    def take_report(self, report: CameraReport) -> None:
        self._view = replace(self._view, report=report)

    def take_verdict(self, verdict: Verdict, now: float) -> None:
        self._verdicts[verdict.id] = verdict
        while len(self._verdicts) > VERDICTS_REMEMBERED:
            self._verdicts.popitem(last=False)
        self._view, self._verdict_at = replace(self._view, verdict=verdict), now

    def take_picture(self, picture: Picture, jpeg: bytes) -> None:
        """The next picture to show; a part that waits gives way only to another part."""
        if picture.verdict or self._waiting is None or not self._waiting[0].verdict:
            self._waiting = (picture, jpeg)

    def view(self, now: float) -> CameraView:
        """The camera at `now`; the picture that waits is shown, and its JPEG kept, if it is time."""
        if self._waiting is not None and self._is_due(self._waiting[0], now):
            picture, jpeg = self._waiting
            self._shown.append((picture.number, jpeg))
            self._waiting, self._shown_at = None, now
            self._view = replace(self._view, picture=picture, picture_verdict=None)
        known = self._view.picture_verdict or self._verdict_of_picture()
        is_picture_late = now - self._verdict_at > PICTURE_COMES_WITHIN_S
        current = self._view.verdict if known is None or is_picture_late else known
        self._view = replace(self._view, picture_verdict=known, current=current)
        return self._view

    def _is_due(self, picture: Picture, now: float) -> bool:
        shown = self._view.picture
        is_after_part = shown is not None and shown.verdict is not None and picture.verdict is None
        return now - self._shown_at >= (PART_STANDS_S if is_after_part else PICTURE_EVERY_S)

    def _verdict_of_picture(self) -> Verdict | None:
        """Asked again at each view: a picture may overtake its verdict, which waits for the disk."""
        picture = self._view.picture
        return self._verdicts.get(picture.verdict) if picture is not None and picture.verdict else None

    def jpeg(self, number: int) -> bytes | None:
        return dict(self._shown).get(number)


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
                    self._camera(message.camera).take_report(message)
                case Verdict():
                    self._camera(message.camera).take_verdict(message, self._clock())
                case Picture() if jpeg is not None:
                    self._camera(message.camera).take_picture(message, jpeg)

    def view(self) -> LineView:
        """Everything but the pixels."""
        with self._lock:
            now = self._clock()
            quiet_s = now - (self._started if self._heard is None else self._heard)
            cameras = tuple(self._cameras[name].view(now) for name in self._ordered())
            return LineView(self._report, cameras, self._heard_at, quiet_s > HEARTBEAT_TIMEOUT_S)

    def jpeg(self, camera: str, number: int) -> bytes | None:
        """The JPEG of a picture that a view named not long ago; None of any other."""
        with self._lock:
            known = self._cameras.get(camera)
            return None if known is None else known.jpeg(number)

    def _take_heartbeat(self, report: LineReport) -> None:
        if self._report is not None and self._report.epoch != report.epoch:
            self._cameras = {}
        self._heard, self._heard_at = self._clock(), datetime.now(timezone.utc)
        self._report = report
        self._cameras = {name: camera for name, camera in self._cameras.items() if name in report.cameras}
        for name in report.cameras:
            self._camera(name)

    def _camera(self, name: str) -> _Camera:
        if name not in self._cameras:
            self._cameras[name] = _Camera(name)
        return self._cameras[name]

    def _ordered(self) -> list[str]:
        order = self._report.cameras if self._report else ()
        return sorted(self._cameras, key=lambda name: order.index(name) if name in order else len(order))


def parsed_time(text: str) -> datetime:
    """The time in an RFC 3339 text, as the feed writes it."""
    return msgspec.convert(text, datetime)
