"""The `part` trigger: find each part that passes on the belt, and look at it once, at its best moment.

Whatever stands out from the belt is boxed, boxes are followed from frame to frame, and a part is reported
when it has passed the middle of the frame along its way: with the frame in which it was best centred, and
among those about equally well centred the sharpest. Parts may move along either axis, either way, stop, and
start again.

A part must fit into the frame, must not touch the next one, and must move by less than about half its own
length from one frame to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.belt import Belt
from edge.messages import Region
from edge.track import Blob, Track, Tracker

# The long side of the small picture that the search works on, in pixels.
_WORKING_SIDE = 213

# A part is at least so large in each direction, as a share of the frame's shorter side.
_LEAST_SIZE = 0.06

# Pieces of one part (a bright patch, a dark one) may be so far apart, as a share of the frame's longer side.
_GAP = 0.02

# Views whose distance from the middle differs by no more than this share of the frame are equally well
# centred.
_BAND = 0.04

# A part that rests in the middle is reported after so many frames, so that a line that stops there gets its
# verdict.
_MOST_VIEWS_IN_BAND = 15

# Seen in fewer frames than this, it was a flicker.
_LEAST_SEEN = 3

_LOOK_SIDE = 8


@dataclass(frozen=True, slots=True)
class Sighting:
    """One part at its best moment: `region` of the whole frame `image_HWC`, which has the number `seq`."""

    region: Region
    seq: int
    image_HWC: NDArray[np.uint8]


@dataclass(slots=True)
class _Best:
    """The best view of one part so far. offset: its centre's distance from the middle, in frame lengths."""

    sighting: Sighting
    offset: float
    sharpness: float
    views_in_band: int = 0
    reported: bool = False


@dataclass(frozen=True, slots=True)
class _Scene:
    """One frame, and the small picture of it that the search works on."""

    image_HWC: NDArray[np.uint8]
    small_HWC: NDArray[np.uint8]
    seq: int

    def sighting(self, box: Region) -> Sighting:
        factor = self.image_HWC.shape[0] // self.small_HWC.shape[0]
        region = Region(box.x * factor, box.y * factor, box.w * factor, box.h * factor)
        return Sighting(region, self.seq, self.image_HWC)

    def sharpness(self, box: Region) -> float:
        """Variance of the Laplacian: falls with blur from motion or focus."""
        part_HWC = self.small_HWC[box.y : box.y + box.h, box.x : box.x + box.w]
        return float(cv2.Laplacian(cv2.cvtColor(part_HWC, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())

    def offset(self, box: Region, axis: int) -> float:
        """How far the box's centre is from the middle along x (axis 0) or y (1), as a share of the frame."""
        height, width = self.small_HWC.shape[:2]
        centre = (box.x + box.w / 2) / width if axis == 0 else (box.y + box.h / 2) / height
        return float(abs(centre - 0.5))


class PartFinder:
    """Finds the parts of one camera. Feed it every frame, in order; one thread."""

    def __init__(self) -> None:
        self._belt: Belt | None = None
        self._tracker = Tracker(0, 0)
        self._best: dict[int, _Best] = {}
        self._shape: tuple[int, ...] = ()
        self._last_seq = -1

    def feed(self, image_HWC: NDArray[np.uint8], seq: int) -> list[Sighting]:
        """The parts that are due with this frame (uint8 BGR): usually none, then one.

        A frame of another size than the last, or whose `seq` does not go on, starts a new stream.
        """
        cut = self.flush() if image_HWC.shape != self._shape or seq <= self._last_seq else []
        scene = _Scene(image_HWC, _small(image_HWC), seq)
        if self._belt is None or image_HWC.shape != self._shape:
            self._belt = Belt(scene.small_HWC)
            self._tracker = Tracker(scene.small_HWC.shape[1], scene.small_HWC.shape[0])
        elapsed = seq - self._last_seq if self._last_seq >= 0 else 1
        self._shape, self._last_seq = image_HWC.shape, seq
        blobs = _blobs(self._belt.standing_out(scene.small_HWC), scene.small_HWC)
        if self._belt.learn(scene.small_HWC, [blob.box for blob in blobs]):
            self._forget()
        step = self._tracker.step(blobs, elapsed)
        left = [s for track in step.gone if (s := self._close(track)) and self._belt.settled]
        return [*cut, *left, *self._due(step.found, scene)]

    def flush(self) -> list[Sighting]:
        """The stream has ended: those still in view, as well as they were seen, if ever wholly."""
        self._last_seq = -1
        return [s for track in self._tracker.drain() if (s := self._close(track))]

    def _forget(self) -> None:
        """The background was wrong, and so were the boxes: what is not reported yet is looked at anew."""
        self._best = {key: best for key, best in self._best.items() if best.reported}

    def _due(self, tracks: Iterable[Track], scene: _Scene) -> list[Sighting]:
        """Look at each part that is wholly in view, and report those that will not be seen better."""
        assert self._belt is not None
        due = []
        for track in tracks:
            if not track.blob.whole:
                continue
            offset = scene.offset(track.blob.box, self._tracker.axis)
            best = self._consider(track, offset, scene)
            best.views_in_band += offset <= _BAND
            passed = offset > best.offset + _BAND or best.views_in_band >= _MOST_VIEWS_IN_BAND
            if passed and not best.reported and track.seen >= _LEAST_SEEN and self._belt.settled:
                best.reported = True
                due.append(best.sighting)
        return due

    def _consider(self, track: Track, offset: float, scene: _Scene) -> _Best:
        """The best view of the part, which may now be this one."""
        best = self._best.get(track.key)
        if best is not None and (best.reported or offset >= best.offset + _BAND):
            return best
        sharpness = scene.sharpness(track.blob.box)
        sighting = scene.sighting(track.blob.box)
        if best is None:
            best = self._best[track.key] = _Best(sighting, offset, sharpness)
        elif _is_better(offset, sharpness, best):
            best.sighting, best.offset, best.sharpness = sighting, offset, sharpness
        return best

    def _close(self, track: Track) -> Sighting | None:
        best = self._best.pop(track.key, None)
        if best is None or best.reported or track.seen < _LEAST_SEEN:
            return None
        return best.sighting


def _is_better(offset: float, sharpness: float, best: _Best) -> bool:
    if max(offset, best.offset) <= _BAND:
        return sharpness > best.sharpness
    return offset < best.offset


def _small(image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image_HWC.shape[:2]
    factor = max(1, round(max(height, width) / _WORKING_SIDE))
    if factor == 1:
        return image_HWC
    # cropped by up to factor - 1 pixels: shrinking by a whole number is several times faster
    width, height = width // factor, height // factor
    whole_HWC = image_HWC[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole_HWC, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _blobs(parts_HW: NDArray[np.bool_], small_HWC: NDArray[np.uint8]) -> list[Blob]:
    """Boxes around what stands out: specks dropped, pieces joined, small things dropped."""
    height, width = parts_HW.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(parts_HW.astype(np.uint8))
    pieces = [Region(*(int(v) for v in stats[i, :4])) for i in range(1, count)]
    least = _LEAST_SIZE * min(height, width)
    boxes = _joined(pieces, _GAP * max(height, width))
    return [_blob(b, small_HWC) for b in boxes if _is_large(b, least, parts_HW)]


def _is_large(box: Region, least: float, HW: NDArray[np.bool_]) -> bool:
    """At least `least` in each direction, along which the frame does not cut the box."""
    height, width = HW.shape
    cut_x, cut_y = box.x <= 0 or box.x + box.w >= width, box.y <= 0 or box.y + box.h >= height
    return (cut_x or box.w >= least) and (cut_y or box.h >= least)


def _is_cut(box: Region, HW: NDArray[np.generic]) -> bool:
    height, width = HW.shape[:2]
    return box.x <= 0 or box.y <= 0 or box.x + box.w >= width or box.y + box.h >= height


def _joined(boxes: list[Region], gap: float) -> list[Region]:
    """Boxes nearer to each other than `gap` become one, until none are."""
    done: list[Region] = []
    waiting = list(boxes)
    while waiting:
        box = waiting.pop()
        near = [b for b in done if _distance(box, b) <= gap]
        if not near:
            done.append(box)
            continue
        done = [b for b in done if b not in near]
        waiting.append(_around([box, *near]))
    return done


def _distance(a: Region, b: Region) -> int:
    return max(a.x - (b.x + b.w), b.x - (a.x + a.w), a.y - (b.y + b.h), b.y - (a.y + a.h))


def _around(boxes: list[Region]) -> Region:
    x, y = min(b.x for b in boxes), min(b.y for b in boxes)
    right, bottom = max(b.x + b.w for b in boxes), max(b.y + b.h for b in boxes)
    return Region(x, y, right - x, bottom - y)


def _blob(box: Region, small_HWC: NDArray[np.uint8]) -> Blob:
    if _is_cut(box, small_HWC):
        return Blob(box, None)
    part_HWC = small_HWC[box.y : box.y + box.h, box.x : box.x + box.w]
    look = cv2.resize(part_HWC, (_LOOK_SIDE, _LOOK_SIDE), interpolation=cv2.INTER_AREA)
    return Blob(box, look.mean(axis=2, dtype=np.float32))
