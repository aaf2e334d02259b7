"""Follow boxes from frame to frame on a belt: all that lies on it moves alike, stops alike, and leaves."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Region

# Frames that a part may be hidden for before it counts as gone.
_MOST_MISSED = 3

# How far from where it is expected a part may be found, in its own lengths; more while no speed is known.
_SLACK = 0.15
_FIRST_SLACK = 0.6

# Two parts cannot lie in one place: if that much of the smaller of two boxes lies in the other, they are of one part.
# Where their sizes differ by more than that share, one of them has something beside the part in it.
_SAME_PLACE = 0.9
# A part moves as far as the belt does; half of it, for its box may be measured badly.
_MOVES_ALONG = 0.5
_SAME_SIZE = 0.1

# A part looks like itself: its thumbnail differs from frame to frame by fewer grey levels than this.
_SAME_LOOK = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """Something on the belt in one frame.

    look_HW: a thumbnail, for blobs that lie wholly inside the frame; None where the frame's edge cuts the
    blob.
    """

    box: Region
    look_HW: NDArray[np.float32] | None

    @property
    def whole(self) -> bool:
        return self.look_HW is not None


@dataclass(slots=True, eq=False)
class Track:
    """One part, as far as it has been followed. `key` is unique within its tracker.

    moved, belt_moved: how far along the belt its box has moved, and how far the belt has.
    """

    key: int
    blob: Blob
    seen: int = 1
    missed: int = 0
    moved: float = 0.0
    belt_moved: float = 0.0

    @property
    def moves_along(self) -> bool:
        """Whether it moves with the belt: what stays where it is, is a mark on the picture and no part."""
        return self.moved >= _MOVES_ALONG * self.belt_moved


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame brought: the tracks found in it, and those that are gone for good."""

    found: tuple[Track, ...]
    gone: tuple[Track, ...]


class Tracker:
    """Follows the parts of one camera. `width` and `height` are the frame's, in the units of the boxes."""

    def __init__(self, width: int, height: int) -> None:
        self._sizes = (width, height)
        self._tracks: list[Track] = []
        self._made = 0
        self._speed: tuple[float, float] | None = None
        self._travelled = [0.0, 0.0]

    @property
    def axis(self) -> int:
        """The way the belt runs: 0 along x, 1 along y."""
        return int(self._travelled[1] > self._travelled[0])

    def is_cut_along(self, box: Region) -> bool:
        """Whether the frame's edge cuts a box where parts come in or go out."""
        low, high = (box.x, box.x + box.w) if self.axis == 0 else (box.y, box.y + box.h)
        return low <= 0 or high >= self._sizes[self.axis]

    def has_left(self, track: Track) -> bool:
        """Whether a part that is gone went the way of the belt: over the edge at which parts go out."""
        box, axis = track.blob.box, self.axis
        low, high = (box.x, box.x + box.w) if axis == 0 else (box.y, box.y + box.h)
        speed = self._speed[axis] if self._speed else 0.0
        return high >= self._sizes[axis] if speed > 0 else low <= 0 and speed < 0

    def step(self, blobs: Sequence[Blob], elapsed: int) -> Step:
        """Take one frame's blobs, `elapsed` frames after the last."""
        pairs = self._match(blobs, elapsed)
        self._measure_speed([(track.blob.box, blob.box) for track, blob in pairs if not track.missed], elapsed)
        found = [track for track, _ in pairs]
        for track, blob in pairs:
            self._measure_way(track, blob, elapsed)
            track.blob, track.seen, track.missed = blob, track.seen + 1, 0
        for track in self._tracks:
            if track not in found:
                self._coast(track, elapsed)
        gone = [track for track in self._tracks if track.missed > _MOST_MISSED or self._is_outside(track)]
        taken = [blob for _, blob in pairs]
        fresh = [self._new(blob) for blob in blobs if blob not in taken]
        self._tracks = [track for track in self._tracks if track not in gone] + fresh
        return Step((*found, *fresh), tuple(gone))

    def drain(self) -> tuple[Track, ...]:
        """Give up all tracks: the stream has ended or was cut."""
        tracks, self._tracks, self._speed = tuple(self._tracks), [], None
        return tracks

    def _new(self, blob: Blob) -> Track:
        self._made += 1
        return Track(self._made, blob)

    def _match(self, blobs: Sequence[Blob], elapsed: int) -> list[tuple[Track, Blob]]:
        """The pairs that fit, best first, each track and each blob once."""
        fits = [
            (miss, t, b)
            for t, track in enumerate(self._tracks)
            for b, blob in enumerate(blobs)
            if (miss := self._miss(track, blob, elapsed)) is not None
        ]
        pairs: list[tuple[Track, Blob]] = []
        used_t: set[int] = set()
        used_b: set[int] = set()
        for _, t, b in sorted(fits):
            if t not in used_t and b not in used_b:
                used_t.add(t)
                used_b.add(b)
                pairs.append((self._tracks[t], blobs[b]))
        return pairs + self._in_same_place(pairs, blobs)

    def _in_same_place(self, pairs: Sequence[tuple[Track, Blob]], blobs: Sequence[Blob]) -> list[tuple[Track, Blob]]:
        """Of those without a partner: the box of one frame had something else in it, such as a mark of the belt."""
        tracks = [track for track in self._tracks if all(track is not taken for taken, _ in pairs)]
        found = []
        for blob in blobs:
            if any(blob is taken for _, taken in pairs):
                continue
            track = next((t for t in tracks if _share_place(t.blob, blob)), None)
            if track is not None:
                tracks.remove(track)
                found.append((track, blob))
        return found

    def _miss(self, track: Track, blob: Blob, elapsed: int) -> float | None:
        """How far the blob is from where the track should be; None where it cannot be the same part."""
        if not _look_alike(track.blob, blob):
            return None
        speed = self._speed or (0.0, 0.0)
        # a coasting track has been moved already
        expected = [0.0, 0.0] if track.missed else [s * elapsed for s in speed]
        shift = self._shift(track.blob.box, blob.box)
        if shift is None:
            return None
        miss = max(abs(s - e) for s, e in zip(shift, expected, strict=True))
        length = max(track.blob.box.w, track.blob.box.h, blob.box.w, blob.box.h)
        slack = (_FIRST_SLACK if self._speed is None else _SLACK) * length
        # the belt may stop or start between two frames, so all of one step is allowed as well
        allowed = slack + 1.1 * max(abs(s) for s in speed) * elapsed
        return miss if miss <= allowed else None

    def _shift(self, before: Region, after: Region) -> tuple[float, float] | None:
        """How far a box moved, by its edges that the frame does not cut; None where it has none in common."""
        width, height = self._sizes
        x = _shift_1d(before.x, before.x + before.w, after.x, after.x + after.w, width)
        y = _shift_1d(before.y, before.y + before.h, after.y, after.y + after.h, height)
        return None if x is None or y is None else (x, y)

    def _measure_speed(self, moves: Sequence[tuple[Region, Region]], elapsed: int) -> None:
        alike = [(before, after) for before, after in moves if self._is_cut(before, after) or _same_size(before, after)]
        shifts = [shift for before, after in alike if (shift := self._shift(before, after))]
        if not shifts:
            return
        x, y = (statistics.median(s[a] for s in shifts) / elapsed for a in (0, 1))
        self._speed = (x, y)
        self._travelled = [0.98 * t + abs(s) for t, s in zip(self._travelled, (x, y), strict=True)]

    def _measure_way(self, track: Track, blob: Blob, elapsed: int) -> None:
        shift = None if track.missed else self._shift(track.blob.box, blob.box)
        if shift is not None and self._speed is not None:
            track.moved += abs(shift[self.axis])
            track.belt_moved += abs(self._speed[self.axis]) * elapsed

    def _is_cut(self, *boxes: Region) -> bool:
        width, height = self._sizes
        return any(b.x <= 0 or b.y <= 0 or b.x + b.w >= width or b.y + b.h >= height for b in boxes)

    def _coast(self, track: Track, elapsed: int) -> None:
        """A part that was not found is taken to have moved on with the belt."""
        x, y = self._speed or (0.0, 0.0)
        box = track.blob.box
        moved = Region(round(box.x + x * elapsed), round(box.y + y * elapsed), box.w, box.h)
        track.blob = Blob(moved, track.blob.look_HW)
        track.missed += elapsed

    def _is_outside(self, track: Track) -> bool:
        box, (width, height) = track.blob.box, self._sizes
        return box.x >= width or box.y >= height or box.x + box.w <= 0 or box.y + box.h <= 0


def _look_alike(before: Blob, after: Blob) -> bool:
    """Unless both are wholly in view, there is nothing to compare."""
    if before.look_HW is None or after.look_HW is None:
        return True
    return float(np.abs(before.look_HW - after.look_HW).mean()) <= _SAME_LOOK


def _share_place(before: Blob, after: Blob) -> bool:
    a, b = before.box, after.box
    w, h = min(a.x + a.w, b.x + b.w) - max(a.x, b.x), min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    if min(w, h) <= 0 or w * h < _SAME_PLACE * min(a.w * a.h, b.w * b.h):
        return False
    return not _same_size(a, b) or _look_alike(before, after)


def _same_size(a: Region, b: Region) -> bool:
    return abs(a.w - b.w) <= _SAME_SIZE * max(a.w, b.w) and abs(a.h - b.h) <= _SAME_SIZE * max(a.h, b.h)


def _shift_1d(low: int, high: int, new_low: int, new_high: int, size: int) -> float | None:
    shifts = []
    if min(low, new_low) > 0:
        shifts.append(new_low - low)
    if max(high, new_high) < size:
        shifts.append(new_high - high)
    if shifts:
        return statistics.fmean(shifts)
    fills_both = low <= 0 and new_low <= 0 and high >= size and new_high >= size
    return 0.0 if fills_both else None
