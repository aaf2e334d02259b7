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

from edge.geometry import Region
from edge.parts.belt import Belt
from edge.parts.scene import Scene
from edge.parts.track import Blob, Track, Tracker
from edge.parts.warm_up import WarmUp

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
    """One part at its best moment: `region` of the whole frame `image_HWC`, which has the number `seq`.

    cut: it was never wholly in view, and this is the most that was seen of it.
    """

    region: Region
    seq: int
    image_HWC: NDArray[np.uint8]
    cut: bool = False


@dataclass(slots=True)
class _Best:
    """The best view of one part so far. offset: its centre's distance from the middle, in frame lengths.

    passing: whether it shows all of the part along the belt; one that is cut there has not come yet, or is leaving.
    """

    sighting: Sighting
    offset: float
    sharpness: float
    passing: bool
    views_in_band: int = 0
    reported: bool = False


class PartFinder:
    """Finds the parts of one camera. Feed it every frame, in order; one thread.

    Until enough has been seen moving to know the empty belt, frames are held; the parts in them are reported then.
    """

    def __init__(self) -> None:
        self._belt: Belt | None = None
        self._tracker = Tracker(0, 0)
        self._warm_up = WarmUp()
        self._best: dict[int, _Best] = {}
        self._shape: tuple[int, ...] = ()
        self._last_seq = -1

    def feed(self, image_HWC: NDArray[np.uint8], seq: int) -> list[Sighting]:
        """The parts that are due with this frame (uint8 BGR): usually none, then one.

        A frame of another size than the last, or whose `seq` does not go on, starts a new stream.
        """
        cut = self.flush() if image_HWC.shape != self._shape or seq <= self._last_seq else []
        scene = Scene.of(image_HWC, seq)
        if self._belt is None or image_HWC.shape != self._shape:
            self._belt = Belt(scene.small_HWC)
            self._tracker = Tracker(scene.small_HWC.shape[1], scene.small_HWC.shape[0])
        elapsed = seq - self._last_seq if self._last_seq >= 0 else 1
        self._shape, self._last_seq = image_HWC.shape, seq
        return [*cut, *self._look(self._belt, scene, elapsed)]

    def flush(self) -> list[Sighting]:
        """The stream has ended: those still in view, as well as they were seen, if ever wholly."""
        self._last_seq = -1
        held = self._look_again(self._belt) if self._belt is not None else []
        left = [best.sighting for track in self._tracker.drain() if (best := self._close(track))]
        return [*held, *(sighting for sighting in left if not sighting.cut)]

    def _look(self, belt: Belt, scene: Scene, elapsed: int) -> list[Sighting]:
        was_settled = belt.settled
        blobs = _blobs(belt.standing_out(scene.small_HWC), scene.small_HWC)
        began_anew = belt.learn(scene.small_HWC, [blob.box for blob in blobs])
        if not was_settled:
            if belt.moving:
                self._warm_up.add(scene, elapsed)
            return self._look_again(belt) if belt.settled else []
        if began_anew:
            self._forget()
        return self._step(blobs, scene, elapsed)

    def _look_again(self, belt: Belt) -> list[Sighting]:
        """What was held, now that the belt is known."""
        held = self._warm_up.take_all()
        if not held:
            return []
        seen = [
            (_blobs(belt.standing_out(scene.small_HWC), scene.small_HWC), scene, elapsed) for scene, elapsed in held
        ]
        for blobs, _, elapsed in seen:
            self._tracker.step(blobs, elapsed)  # once through, to learn which way the belt runs
        self._tracker.drain()
        return [sighting for blobs, scene, elapsed in seen for sighting in self._step(blobs, scene, elapsed)]

    def _step(self, blobs: list[Blob], scene: Scene, elapsed: int) -> list[Sighting]:
        step = self._tracker.step(blobs, elapsed)
        left = [(track, best.sighting) for track in step.gone if (best := self._close(track))]
        gone = [sighting for track, sighting in left if not sighting.cut or self._tracker.has_left(track)]
        return [*gone, *self._due(step.found, scene)]

    def _forget(self) -> None:
        """The background was wrong, and so were the boxes: what is not reported yet is looked at anew."""
        self._best = {key: best for key, best in self._best.items() if best.reported}

    def _due(self, tracks: Iterable[Track], scene: Scene) -> list[Sighting]:
        """Look at each part, and report those that will not be seen better."""
        due = []
        for track in tracks:
            offset = scene.offset(track.blob.box, self._tracker.axis)
            best = self._consider(track, offset, scene)
            if best is None or not self._is_passing(track.blob):
                continue
            best.views_in_band += offset <= _BAND
            passed = offset > best.offset + _BAND or best.views_in_band >= _MOST_VIEWS_IN_BAND
            if passed and best.passing and not best.reported and _is_part(track):
                best.reported = True
                due.append(best.sighting)
        return due

    def _is_passing(self, blob: Blob) -> bool:
        """Whether all of the part is in view along the belt; aside of it, it may be cut."""
        return blob.whole or not self._tracker.is_cut_along(blob.box)

    def _consider(self, track: Track, offset: float, scene: Scene) -> _Best | None:
        """The best view of the part, which may now be this one. None while there is none with a picture."""
        best = self._best.get(track.key)
        blob, image_HWC = track.blob, scene.image_HWC
        if image_HWC is None or (best is not None and not self._may_be_better(blob, offset, best)):
            return best
        sharpness = scene.sharpness(blob.box)
        sighting = Sighting(scene.in_frame(blob.box), scene.seq, image_HWC, cut=not blob.whole)
        if best is None or (best.sighting.cut and blob.whole):
            best = self._best[track.key] = _Best(sighting, offset, sharpness, self._is_passing(blob))
        elif _is_better(offset, sharpness, best):
            best.sighting, best.offset, best.sharpness = sighting, offset, sharpness
            best.passing = self._is_passing(blob)
        return best

    def _may_be_better(self, blob: Blob, offset: float, best: _Best) -> bool:
        """A view of the whole part is better than any other."""
        if best.reported or (not blob.whole and not best.sighting.cut):
            return False
        return (blob.whole and best.sighting.cut) or offset < best.offset + _BAND

    def _close(self, track: Track) -> _Best | None:
        best = self._best.pop(track.key, None)
        return None if best is None or best.reported or not _is_part(track) else best


def _is_part(track: Track) -> bool:
    return track.seen >= _LEAST_SEEN and track.moves_along


def _is_better(offset: float, sharpness: float, best: _Best) -> bool:
    if max(offset, best.offset) <= _BAND:
        return sharpness > best.sharpness
    return offset < best.offset


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
