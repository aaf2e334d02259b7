"""Pictures that are copies of one another: re-encoded, resized, re-lit, cropped a little, mirrored, turned by quarters.

Two steps, in bounded memory: projected fingerprints of all pictures against all others, block by block, name each
picture's nearest; those few are compared in full, and once more after one was laid over the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.check.fingerprint import SIDE, TURNS, UNDOES, Fingerprint, details, fit_fingerprint, turned
from compress.progress import Reporter, SilentReporter

THRESHOLD = 0.90  # measured: python -m benchmarks.duplicates
_NEAREST = 4
_CROWDED = 0.05  # as a share of the pictures
_WORTH_LAYING_OVER = 0.15  # of the first guess; what is less alike takes time and is no copy
_PROJECTED = 256
_BLOCK = 256
_FARTHEST_PX = 5.0  # of SIDE: a corner that has to move farther was not cropped a little
_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 12, 1e-3)
_EVERYWHERE_HW = np.full((SIDE, SIDE), 255, np.uint8)
_CORNERS_23 = np.array([[0, SIDE - 1, 0, SIDE - 1], [0, 0, SIDE - 1, SIDE - 1]], np.float32)


@dataclass(frozen=True, slots=True)
class Copy:
    """Two places in the list of pictures, the similarity (up to 1), and the turn that lays the first on the second."""

    first: int
    second: int
    similarity: float
    turn: int


def find_copies(thumb_NHW: NDArray[np.uint8], reporter: Reporter | None = None) -> tuple[Copy, ...]:
    """All pairs of thumbnails (uint8 N x SIDE x SIDE, `fingerprint.thumbnail`) that are copies, the surest first.

    Of a crowd of copies each is paired with its nearest few, which ties them together. Where crowds are a good part
    of the set, what they show passes for what all pictures share; so they are then taken once each and all is compared
    again. Time grows with N squared, memory with N.
    """
    reporter = reporter or SilentReporter()
    if len(thumb_NHW) < 2:
        return ()
    found = _search(thumb_NHW, fit_fingerprint(thumb_NHW), "comparing pictures", reporter)
    extra = {copy.second if copy.first < copy.second else copy.first for copy in found.values()}
    alone = [place for place in range(len(thumb_NHW)) if place not in extra]
    if len(extra) > _CROWDED * len(thumb_NHW) and len(alone) >= 2:
        found |= _search(thumb_NHW, fit_fingerprint(thumb_NHW[alone]), "comparing once more", reporter)
    return tuple(sorted(found.values(), key=lambda c: (-c.similarity, c.first, c.second)))


def _search(
    thumb_NHW: NDArray[np.uint8], fingerprint: Fingerprint, title: str, reporter: Reporter
) -> dict[tuple[int, int], Copy]:
    """The copies by their two places, the lower one first."""
    found: dict[tuple[int, int], Copy] = {}
    tried: set[tuple[int, int, int]] = set()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool, reporter.bar(title, len(thumb_NHW)) as advance:
        for done, guesses in _nearest(thumb_NHW, fingerprint):
            new = [guess for guess in guesses if _key(guess) not in tried]
            tried.update(_key(guess) for guess in guesses)
            for copy in pool.map(lambda guess: compare(thumb_NHW, fingerprint, guess), new):
                if copy.similarity >= THRESHOLD:
                    found[min(copy.first, copy.second), max(copy.first, copy.second)] = copy
            advance(done)
    return found


def _key(guess: Copy) -> tuple[int, int, int]:
    """The same for a guess and for the same guess seen from the other picture."""
    if guess.first < guess.second:
        return guess.first, guess.second, guess.turn
    return guess.second, guess.first, UNDOES[guess.turn]


def compare(thumb_NHW: NDArray[np.uint8], fingerprint: Fingerprint, guess: Copy) -> Copy:
    """The guess with its exact similarity.

    Seen from both pictures, and the lower one counts: were only one turned upside down, everything the scene has in
    common would make it resemble every other picture that is turned as well.
    """
    first_HW, second_HW = thumb_NHW[guess.first], thumb_NHW[guess.second]
    back_HW, there_HW = turned(second_HW[None], UNDOES[guess.turn])[0], turned(first_HW[None], guess.turn)[0]
    views = (first_HW, back_HW), (second_HW, there_HW)
    similarity = min(_similarity(fingerprint, *view) for view in views)
    if similarity < THRESHOLD:
        similarity = max(similarity, _laid_over_similarity(fingerprint, views))
    return Copy(guess.first, guess.second, similarity, guess.turn)


def _laid_over_similarity(fingerprint: Fingerprint, views: Iterable[tuple[NDArray[np.uint8], ...]]) -> float:
    lowest = 1.0
    for seen_HW, other_HW in views:
        laid_HW = _laid_over(seen_HW, other_HW)
        lowest = min(lowest, -1.0 if laid_HW is None else _similarity(fingerprint, seen_HW, laid_HW))
        if lowest < THRESHOLD:  # the other view cannot raise it again
            break
    return lowest


def _similarity(fingerprint: Fingerprint, first_HW: NDArray[np.uint8], second_HW: NDArray[np.uint8]) -> float:
    first_D, second_D = fingerprint(details(np.stack([first_HW, second_HW])))
    return float(first_D @ second_D)


def _laid_over(template_HW: NDArray[np.uint8], moved_HW: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """`moved` shifted, stretched and sheared onto the template (Evangelidis and Psarakis 2008, "ECC"); None where
    that does not succeed by small steps."""
    start_23 = np.eye(2, 3, dtype=np.float32)
    try:
        _, warp = cv2.findTransformECC(template_HW, moved_HW, start_23, cv2.MOTION_AFFINE, _STEPS, _EVERYWHERE_HW, 3)
    except cv2.error:  # did not converge, or nothing to hold on to
        return None
    warp_23 = np.asarray(warp, np.float32)
    if np.abs(warp_23[:, :2] @ _CORNERS_23 + warp_23[:, 2:] - _CORNERS_23).max() > _FARTHEST_PX:
        return None
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid_HW = cv2.warpAffine(moved_HW, warp_23, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid_HW, np.uint8)


def _nearest(thumb_NHW: NDArray[np.uint8], fingerprint: Fingerprint) -> Iterator[tuple[int, list[Copy]]]:
    """Each picture's nearest few over all turns, one block of pictures at a time, with the size of the block."""
    random = np.random.default_rng(0)
    projection_DP = random.standard_normal((SIDE * SIDE, _PROJECTED), dtype=np.float32) / np.sqrt(_PROJECTED)
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(thumb_NHW), _BLOCK)]
    all_NP = np.concatenate([fingerprint(details(thumb_NHW[block])) @ projection_DP for block in blocks])
    for block in blocks:
        detail_BHW = details(thumb_NHW[block])
        score_BN = np.full((len(thumb_NHW[block]), len(thumb_NHW)), -1.0, np.float32)
        turn_BN = np.zeros(score_BN.shape, np.int8)
        for turn in range(len(TURNS)):
            seen_BN = (fingerprint(turned(detail_BHW, turn)) @ projection_DP) @ all_NP.T
            better_BN = seen_BN > score_BN
            turn_BN[better_BN] = turn
            np.maximum(score_BN, seen_BN, out=score_BN)
        own_B = np.arange(len(score_BN))
        score_BN[own_B, block.start + own_B] = -1.0
        yield len(score_BN), list(_guesses(score_BN, turn_BN, block.start))


def _guesses(score_BN: NDArray[np.float32], turn_BN: NDArray[np.int8], start: int) -> Iterator[Copy]:
    count = min(_NEAREST, score_BN.shape[1] - 1)
    near_BK = np.argpartition(-score_BN, count - 1, axis=1)[:, :count]
    for row, near_K in enumerate(near_BK):
        for column in near_K:
            if score_BN[row, column] >= _WORTH_LAYING_OVER:
                yield Copy(start + row, int(column), float(score_BN[row, column]), int(turn_BN[row, column]))
