"""Boxes held against labelled ones, and what of a map gets a box, fitted on validation pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from compress.data.dataset import Sample
from compress.data.images import read_image
from compress.data.masks import defect_mask, labelled_boxes
from edge.geometry import Box, Region
from edge.inspection.boxes import Marking, boxes_from_map

UNFITTED = Marking(0.5, 0.5)
_MATCH = 0.1  # intersection over union: a map's cells are coarse, so half, as usual, would count hardly any
_THRESHOLDS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8)
_OUTLINES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
_AS_GOOD = 0.01
_ENOUGH = 150  # pictures to fit on


@dataclass(frozen=True, slots=True)
class Marked:
    """A defective picture: its map (float32, 0..1) and the boxes that people gave it, in pixels of the picture."""

    map_HW: NDArray[np.float32]
    picture: Region
    labelled: tuple[Box, ...]


class BoxAgreement(msgspec.Struct, frozen=True):
    """Of the boxes of defective pictures with labelled places.

    quality: panoptic quality (Kirillov et al. 2019) with matches from an IoU of 0.1 on: the sum of the matches' IoU
        over matches + half of the boxes without one, found or labelled. 0 to 1.
    same_number: the share of pictures with as many boxes as were labelled. unplaced: of those without any.
    """

    pictures: int
    quality: float
    same_number: float
    unplaced: float


def masked(
    samples: Iterable[Sample], maps: Iterable[NDArray[np.float32]]
) -> Iterator[tuple[Sample, NDArray[np.float32], NDArray[np.bool_]]]:
    """Those samples whose places are known, with their maps, and masks in pixels of their pictures."""
    for sample, map_HW in zip(samples, maps, strict=True):
        if not sample.localised:
            continue
        mask_HW = defect_mask(sample, *read_image(sample.path).shape[:2])
        if mask_HW is not None:
            yield sample, map_HW, mask_HW


def marked(sample: Sample, map_HW: NDArray[np.float32], mask_HW: NDArray[np.bool_]) -> list[Marked]:
    """One, or none where nothing is marked."""
    height, width = mask_HW.shape
    return [Marked(map_HW, Region(0, 0, width, height), labelled_boxes(sample, mask_HW))] if mask_HW.any() else []


def marked_pictures(samples: Sequence[Sample], map_NHW: NDArray[np.float32]) -> list[Marked]:
    """Those samples that are defective and whose places are known, with their maps."""
    defective = [number for number, sample in enumerate(samples) if sample.kind != "good"]
    found = masked((samples[number] for number in defective), map_NHW[defective])
    return [one for each in found for one in marked(*each)]


def agreement(pictures: Sequence[Marked], marking: Marking) -> BoxAgreement | None:
    """None without pictures."""
    if not pictures:
        return None
    shared = halves = same = unplaced = 0.0
    for each in pictures:
        boxes = boxes_from_map(each.map_HW, marking, each.picture)
        overlaps = _matched(boxes, each.labelled)
        shared += sum(overlaps)
        halves += (len(boxes) + len(each.labelled)) / 2
        same += len(boxes) == len(each.labelled)
        unplaced += not boxes
    count = len(pictures)
    return BoxAgreement(count, shared / halves, same / count, unplaced / count)


def fit_marking(pictures: Sequence[Marked]) -> Marking:
    """The marking whose boxes agree best with labelled ones.

    Of those about as good, the one with the lowest threshold: a part that is rejected with no place leaves the operator
    searching. UNFITTED where no place is labelled.
    """
    some = pictures[:: max(1, -(-len(pictures) // _ENOUGH))]
    if not some:
        return UNFITTED
    tried = {}
    for threshold, outline in product(_THRESHOLDS, _OUTLINES):
        marking = Marking(threshold, outline)
        found = agreement(some, marking)
        assert found is not None
        tried[marking] = found.quality
    good = max(tried.values()) - _AS_GOOD
    lowest = min(marking.threshold for marking, quality in tried.items() if quality >= good)
    return max((marking for marking in tried if marking.threshold == lowest), key=lambda marking: tried[marking])


def _matched(found: Sequence[Box], labelled: Sequence[Box]) -> list[float]:
    """The IoU of each pair, paired so that their sum is largest; pairs that hardly touch are none."""
    if not found or not labelled:
        return []
    overlap_FL = np.array([[_iou(one, other) for other in labelled] for one in found])
    pairs = linear_sum_assignment(overlap_FL, maximize=True)
    return [float(overlap) for overlap in overlap_FL[pairs] if overlap >= _MATCH]


def _iou(one: Box, other: Box) -> float:
    width = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    height = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(0, width) * max(0, height)
    return shared / (one.w * one.h + other.w * other.h - shared)
