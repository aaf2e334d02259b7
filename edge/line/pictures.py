"""JPEGs, made off the verdict path: small ones to be watched, whole ones kept beside verdicts, with their maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame
from edge.errors import EdgevlError
from edge.line.channel import Channel, ChannelClosedError, Lane
from edge.line.outbox import LivePicture, Outbox
from edge.messages import Verdict
from edge.store.database import free_bytes
from edge.store.kept_pictures import KeptPicture, map_beside

LIVE_WIDTH = 960
# Whole pictures wait in memory for the disk, so only a few may; beyond, the oldest is not kept.
_KEEP_CAPACITY = 8
# To encode a whole picture costs about as much CPU as to inspect a part. Where NG parts come faster than this for long,
# they resemble each other and would push older pictures off the disk; a burst of so many is kept whole.
KEPT_PER_S = 10
# Room that pictures leave to verdicts, which are worth more: 100,000 of them.
RESERVE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """What is done with pictures.

    folder: where kept ones go. keep: whether those of NG and UNDECIDED parts are kept. live_hz: pictures shown a
    second and camera, 0 for none. jpeg_quality: 1..100.
    """

    folder: Path
    keep: bool
    live_hz: float
    jpeg_quality: int


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep a frame beside its verdict, whole, and the map (float32, 0..1, over the verdict's region) beside both."""

    frame: Frame
    verdict: Verdict
    map_HW: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """Show a frame, small, to whoever watches; `verdict_id` where it has a verdict."""

    frame: Frame
    verdict_id: str | None


@dataclass(frozen=True, slots=True)
class PictureLane:
    """Each camera has one lane for each purpose."""

    purpose: Literal["keep", "show"]
    camera: str


PictureQueue = Channel[PictureLane, "Keep | Show"]


def new_picture_queue(cameras: Sequence[str]) -> PictureQueue:
    """For each camera a lane of pictures to keep and one that holds the freshest picture to show."""
    keep = {PictureLane("keep", camera): Lane(_KEEP_CAPACITY, "drop_oldest") for camera in cameras}
    show = {PictureLane("show", camera): Lane(1, "drop_oldest") for camera in cameras}
    return Channel({**keep, **show})


class Allowance:
    """Says which pictures of a camera are kept: bursts of KEPT_PER_S, and so many a second. One thread at a time."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}
        self._asked_ns: dict[str, int] = {}
        self.refused = 0

    def grants(self, frame: Frame) -> bool:
        """Whether this picture may be kept; if not, it is counted in `refused`."""
        camera, now_ns = frame.source, frame.captured_ns
        elapsed_s = max(0, now_ns - self._asked_ns.get(camera, now_ns)) / 1e9
        self._asked_ns[camera] = now_ns
        left = min(KEPT_PER_S, self._left.get(camera, KEPT_PER_S) + elapsed_s * KEPT_PER_S)
        granted = left >= 1
        self._left[camera] = left - granted
        self.refused += not granted
        return granted


class PictureMaker:
    """Encodes what is in a queue until that is closed and empty. Runs in the picture thread."""

    def __init__(self, queue: PictureQueue, outbox: Outbox, plan: PicturePlan, say: Callable[[str], None]) -> None:
        self._queue = queue
        self._outbox = outbox
        self._folder = plan.folder
        self._quality = plan.jpeg_quality
        self._say = say
        self._last_error: str | None = None

    def run(self) -> None:
        while True:
            try:
                job = self._queue.take(timeout_s=None)
            except ChannelClosedError:
                return
            match job:
                case Keep():
                    self._keep(job)
                case Show(frame, verdict_id):
                    self._outbox.put("live", live_picture(frame, verdict_id, self._quality))

    def _keep(self, job: Keep) -> None:
        """A picture that the disk refuses is said and left out, with its map; its verdict stands without them."""
        if free_bytes(self._folder.parent) < RESERVE_BYTES:
            reserve = f"less than {RESERVE_BYTES // 10**6} MB free, which are left to verdicts"
            self._complain(f"pictures are not kept ({reserve}); free some space or lower `quota_gb` in [store]")
            return
        verdict = job.verdict
        relative = f"{verdict.camera}/{verdict.epoch}-{verdict.number:09d}.jpg"
        file = self._folder / relative
        contents = {file: encode_jpeg(job.frame.image_HWC, self._quality)}
        if job.map_HW is not None:
            contents[map_beside(file)] = encode_map(job.map_HW)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            for path, content in contents.items():
                path.write_bytes(content)
        except OSError as error:
            for path in contents:
                path.unlink(missing_ok=True)
            self._complain(f"pictures are not kept ({error.strerror}); check the disk")
            return
        self._last_error = None
        self._outbox.put("kept", KeptPicture(verdict.id, relative, sum(len(content) for content in contents.values())))

    def _complain(self, sentence: str) -> None:
        if sentence != self._last_error:
            self._say(sentence)
        self._last_error = sentence


def live_picture(frame: Frame, verdict_id: str | None, quality: int) -> LivePicture:
    """Shrink a frame to at most LIVE_WIDTH pixels of width and encode it."""
    scale = min(1.0, LIVE_WIDTH / frame.width)
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    image_HWC = frame.image_HWC
    if scale < 1.0:
        small = cv2.resize(image_HWC, (width, height), interpolation=cv2.INTER_AREA)
        image_HWC = np.asarray(small, dtype=np.uint8)
    jpeg = encode_jpeg(image_HWC, quality)
    return LivePicture(frame.source, frame.wall_ns, verdict_id, jpeg, width, height, scale)


def encode_jpeg(image_HWC: NDArray[np.uint8], quality: int) -> bytes:
    """A uint8 BGR picture as JPEG of quality 1..100."""
    done, jpeg = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise EdgevlError(f"a picture of {image_HWC.shape} cannot be written as JPEG")
    return jpeg.tobytes()


def encode_map(map_HW: NDArray[np.float32]) -> bytes:
    """A map (float32, 0..1) as a PNG of its own size in 8-bit grey: 255 is 1, what is no number is 0."""
    grey_HW = np.rint(np.clip(np.nan_to_num(map_HW), 0.0, 1.0) * 255).astype(np.uint8)
    done, png = cv2.imencode(".png", grey_HW)
    if not done:
        raise EdgevlError(f"a map of {map_HW.shape} cannot be written as PNG")
    return png.tobytes()
