"""The empty belt: learned from the stream itself, so that whatever lies on it stands out.

A background per pixel, starting as the first frame. What keeps it true:
- places without a part follow slow changes (dust, drift), and one gain for all follows the light;
- the noise of each place is measured, so a brushed or rattling belt gets a higher threshold than a plain one;
- where a part lay at the start, the background shows that part. Such a place is seldom seen as remembered and does
  not look like the belt around it; once recent frames show belt there often enough, it is replaced;
- where next to nothing is seen as remembered (the camera was moved), the value seen most often replaces it.

Only frames in which something moves count: a stopped belt says nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Region

# Grey levels by which a place must differ at least, clearly or faintly; compression noise stays below.
_CLEAR = 7.0
_FAINT = 3.0
# The same in units of a place's own noise.
_CLEAR_NOISE = 5.0
_FAINT_NOISE = 3.0
_FIRST_NOISE = 2.0
_LEARNING_RATE = 0.04

# The light may become so much weaker or stronger than it was at the start.
_GAINS = (0.1, 10.0)

# Moving frames kept to repair the background, and how often that is looked at.
_MEMORY = 48
_REPAIR_EVERY = 12

# Shares of the moving frames in which a place looked as remembered.
_TRUSTED = 0.8
_DOUBTFUL = 0.5
_NEVER = 0.05

# A background that differs from the trusted belt around it by so many grey levels is worth a second look. What
# belongs there is searched for within a wide range about that belt, then more narrowly about what was found.
_STRANGE = 5.0
# At the start so does one whose noise is so many times that of the belt.
_LOUD = 4.0
_NARROWING = (20.0, 8.0)
# How far "around" reaches, as a share of the picture's longer side.
_SURROUNDINGS = 0.12
# To be taken for belt, that must be what a place shows in this share of the frames at least.
_OFTEN_ENOUGH = 0.08

# The background is trusted once a repair finds no more than this share of the picture wrong, or after so many moving
# frames: some places, such as a lamp that blinks, never look as remembered.
_STILL_WRONG = 0.002
_LONGEST = 8 * _REPAIR_EVERY

# Below this share of changed pixels the belt stands still.
_MOVING_SHARE = 0.005

# Replacing more than this share of the picture is a new beginning for those who follow parts.
_NEW_BEGINNING = 0.02


@dataclass(frozen=True, slots=True)
class _Repair:
    """How many places of the background were wrong, and how many of them could be replaced."""

    wrong: int
    replaced: int


class Belt:
    """Tells parts from belt in small BGR pictures of one camera (uint8, all of one size).

    For each picture `standing_out`, then `learn`. moving: whether the last one differed from the one before. settled:
    enough has been seen moving to trust the background.
    """

    def __init__(self, first_HWC: NDArray[np.uint8]) -> None:
        height, width = first_HWC.shape[:2]
        self._background_HWC = first_HWC.astype(np.float32)
        self._noise_HW = np.full((height, width), _FIRST_NOISE, np.float32)
        self._seen_HW = np.ones((height, width), np.float32)
        self._difference_HW = np.zeros((height, width), np.float32)
        self._parts_HW = np.zeros((height, width), np.bool_)
        self._before_HWC = first_HWC
        self._gain = 1.0
        self._frames = 0
        self._memory_NHWC = np.zeros((_MEMORY, *first_HWC.shape), np.uint8)
        self._moving_frames = 0
        self.moving = False
        self.settled = False

    def standing_out(self, small_HWC: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Where the picture differs from the empty belt (bool, H, W)."""
        self._gain = self._measure_gain(small_HWC)
        # signed, so that blurring takes away the noise before the sign is dropped
        difference_HWC = small_HWC.astype(np.float32) - self._background_HWC * self._gain
        sharp_HW = _largest(np.abs(difference_HWC))
        self._difference_HW = _largest(np.abs(cv2.blur(difference_HWC, (3, 3))))
        self._parts_HW = self._joined_to_clear(self._difference_HW)
        # blurring has put a rim around bright parts, where nothing differs in the sharp picture
        return self._parts_HW & (sharp_HW > 0.5 * self._difference_HW)

    def learn(self, small_HWC: NDArray[np.uint8], parts: Iterable[Region]) -> bool:
        """Take the same picture for belt wherever nothing stood out.

        At first, what stood out but is no part counts as the belt's own pattern: noise, to be ignored from then on.
        True where so much of the background was replaced that what was found before means little.
        """
        belt_HW = (~self._parts_HW).astype(np.uint8)
        plain_HW = belt_HW if self.settled else _outside(parts, belt_HW)
        self._frames += 1
        rate = max(_LEARNING_RATE, 1.0 / (self._frames + 1))
        # in the light of the background: places under parts do not see the light change
        image_HWC = small_HWC.astype(np.float32) / self._gain
        cv2.accumulateWeighted(image_HWC, self._background_HWC, rate, mask=belt_HW)
        cv2.accumulateWeighted(self._difference_HW, self._noise_HW, rate, mask=plain_HW)
        self.moving = self._has_moved(small_HWC)
        return self.moving and self._remember(image_HWC, belt_HW)

    def _joined_to_clear(self, difference_HW: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Faint places count where they hang together with clear ones: a dull part keeps its dull corner.

        Hysteresis as in J. Canny, "A computational approach to edge detection", 1986.
        """
        clear_HW = difference_HW > np.maximum(_CLEAR, _CLEAR_NOISE * self._noise_HW)
        faint_HW = difference_HW > np.maximum(_FAINT, _FAINT_NOISE * self._noise_HW)
        opened_HW = cv2.morphologyEx(faint_HW.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, labels_HW = cv2.connectedComponents(opened_HW)
        has_clear = np.zeros(count, np.bool_)
        has_clear[labels_HW[clear_HW]] = True
        has_clear[0] = False
        parts_HW: NDArray[np.bool_] = has_clear[labels_HW]
        return parts_HW

    def _measure_gain(self, small_HWC: NDArray[np.uint8]) -> float:
        """How much brighter the belt is than remembered: the median over places that held no part before."""
        belt_HW = ~self._parts_HW[::5, ::5]
        now = small_HWC[::5, ::5, 1][belt_HW].astype(np.float32)
        then = self._background_HWC[::5, ::5, 1][belt_HW]
        if now.size < 0.05 * belt_HW.size:
            return self._gain
        return float(np.clip(np.median((now + 1.0) / (then + 1.0)), *_GAINS))

    def _has_moved(self, small_HWC: NDArray[np.uint8]) -> bool:
        changed_HWC = cv2.absdiff(small_HWC[::3, ::3], self._before_HWC[::3, ::3])
        self._before_HWC = small_HWC
        return bool(np.count_nonzero(changed_HWC > _CLEAR) > _MOVING_SHARE * changed_HWC.size)

    def _remember(self, image_HWC: NDArray[np.float32], belt_HW: NDArray[np.uint8]) -> bool:
        self._memory_NHWC[self._moving_frames % _MEMORY] = np.clip(image_HWC, 0, 255)
        self._moving_frames += 1
        # a plain mean at first, then over about the frames in memory
        weight = 1.0 / min(self._moving_frames, _MEMORY)
        cv2.accumulateWeighted(belt_HW.astype(np.float32), self._seen_HW, weight)
        if self._moving_frames % _REPAIR_EVERY != 0:
            return False
        repair = self._repair(self._memory_NHWC[: self._moving_frames])
        is_right = repair.wrong <= _STILL_WRONG * self._seen_HW.size
        self.settled = self.settled or is_right or self._moving_frames >= _LONGEST
        return repair.replaced > _NEW_BEGINNING * self._seen_HW.size

    def _repair(self, recent_NHWC: NDArray[np.uint8]) -> _Repair:
        """Put right what of the background cannot be belt."""
        around_HWC = _spread(self._background_HWC, self._seen_HW >= _TRUSTED)
        if around_HWC is not None:
            return self._repair_by_surroundings(recent_NHWC, around_HWC)
        return self._repair_by_habit(recent_NHWC) if len(recent_NHWC) == _MEMORY else _Repair(self._seen_HW.size, 0)

    def _repair_by_surroundings(self, recent_NHWC: NDArray[np.uint8], around_HWC: NDArray[np.float32]) -> _Repair:
        """Replace what is seldom seen as remembered and differs from the belt around it, by what looks like it."""
        strange_HW = _largest(cv2.absdiff(self._background_HWC, around_HWC)) > _STRANGE
        wrong_HW = (strange_HW & (self._seen_HW < _DOUBTFUL)) | (self._seen_HW < _NEVER)
        if not self.settled:
            # A part that moves over its own image leaves specks, which pass for noise and hide the place.
            wrong_HW |= strange_HW & (self._noise_HW > _LOUD * np.median(self._noise_HW[~strange_HW]))
        wrong = int(np.count_nonzero(wrong_HW))
        if not wrong:
            return _Repair(0, 0)
        values_NPC = recent_NHWC[:, wrong_HW].astype(np.float32)
        belt_PC = around_HWC[wrong_HW]
        for tolerance in _NARROWING:
            near_NP1 = (np.abs(values_NPC - belt_PC) <= tolerance).all(axis=2, keepdims=True)
            near = np.ma.masked_array(values_NPC, np.broadcast_to(~near_NP1, values_NPC.shape))
            enough_P = near_NP1.sum(axis=(0, 2)) >= max(2.0, _OFTEN_ENOUGH * len(recent_NHWC))
            median_PC = np.ma.median(near, axis=0).filled(0.0)  # type: ignore[no-untyped-call]
            belt_PC = np.where(enough_P[:, None], median_PC, belt_PC).astype(np.float32)
        wrong_HW[wrong_HW] = enough_P
        self._set(wrong_HW, belt_PC[enough_P])
        return _Repair(wrong, int(np.count_nonzero(enough_P)))

    def _repair_by_habit(self, recent_NHWC: NDArray[np.uint8]) -> _Repair:
        """Replace what is next to never seen as remembered by what is seen most often."""
        wrong_HW = self._seen_HW < _NEVER
        if wrong_HW.any():
            self._set(wrong_HW, _half_sample_mode(recent_NHWC[:, wrong_HW]))
        wrong = int(np.count_nonzero(wrong_HW))
        return _Repair(wrong, wrong)

    def _set(self, where_HW: NDArray[np.bool_], values_PC: NDArray[np.float32]) -> None:
        self._background_HWC[where_HW] = values_PC
        self._noise_HW[where_HW] = _FIRST_NOISE
        self._seen_HW[where_HW] = _DOUBTFUL


def _outside(parts: Iterable[Region], belt_HW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The belt, and whatever lies outside the boxes of the parts."""
    outside_HW = np.ones_like(belt_HW)
    for box in parts:
        outside_HW[box.y : box.y + box.h, box.x : box.x + box.w] = 0
    return belt_HW | outside_HW


def _largest(difference_HWC: cv2.typing.MatLike) -> NDArray[np.float32]:
    """The largest of three channels; `max(axis=2)` takes twenty times as long."""
    blue, green, red = cv2.split(difference_HWC)
    return np.asarray(cv2.max(cv2.max(blue, green), red), dtype=np.float32)


def _spread(image_HWC: NDArray[np.float32], known_HW: NDArray[np.bool_]) -> NDArray[np.float32] | None:
    """The known places' mean colour around each place; None where too little is known."""
    if np.count_nonzero(known_HW) < 0.1 * known_HW.size:
        return None
    height, width = known_HW.shape
    size, sigma = (max(1, width // 4), max(1, height // 4)), _SURROUNDINGS * max(height, width) / 4
    weight_HW = cv2.resize(known_HW.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    known_HWC = cv2.resize(image_HWC * known_HW[:, :, None], size, interpolation=cv2.INTER_AREA)
    total_HW = cv2.GaussianBlur(weight_HW, (0, 0), sigma) + 1e-6
    mean_HWC = np.asarray(cv2.GaussianBlur(known_HWC, (0, 0), sigma)) / np.asarray(total_HW)[:, :, None]
    return np.asarray(cv2.resize(mean_HWC, (width, height)), dtype=np.float32)


def _half_sample_mode(values_NPC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The densest value per pixel: halve the sorted sample to its narrowest half, again and again.

    D. R. Bickel and R. Fruehwirth, "On a fast, robust estimator of the mode", 2006. Sorted by brightness; the
    colour is the mean of the frames that remain.
    """
    brightness_NP = values_NPC.sum(axis=2, dtype=np.int32)
    order_NP = np.argsort(brightness_NP, axis=0)
    sorted_NP = np.take_along_axis(brightness_NP, order_NP, axis=0)
    columns_P = np.arange(sorted_NP.shape[1])
    first_P = np.zeros(sorted_NP.shape[1], np.int64)
    length = len(sorted_NP)
    while length > 3:
        half = (length + 1) // 2
        starts_SP = first_P + np.arange(length - half + 1)[:, None]
        spread_SP = sorted_NP[starts_SP + half - 1, columns_P] - sorted_NP[starts_SP, columns_P]
        first_P = first_P + spread_SP.argmin(axis=0)
        length = half
    kept_LP = np.take_along_axis(order_NP, first_P + np.arange(length)[:, None], axis=0)
    kept_LPC = np.take_along_axis(values_NPC, kept_LP[:, :, None], axis=0)
    return np.asarray(kept_LPC.mean(axis=0), dtype=np.float32)
