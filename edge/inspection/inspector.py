"""Pictures in, one verdict each out: preprocess, engine, decision, boxes. A straight line.

`prepare` may be called ahead, in another thread: a camera's own thread makes the model input while the inspection
thread has the engine at work on the picture before. The tiles of a large frame are cut ahead in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.engines.engine import Engine, Outputs
from edge.errors import EngineError
from edge.geometry import Box, Region
from edge.inspection.added import additions_of, with_added
from edge.inspection.ahead import made_ahead
from edge.inspection.boxes import NOTHING, Marking, boxes_from_map, marking_of
from edge.inspection.preprocess import model_input
from edge.inspection.tiles import Tiling, boxes_on, joined_map, tile_regions, worst
from edge.quality import measure, unfit
from edge.verdict import UNKNOWN_DEFECT, Decided, Reason, decide, undecided

# So many tiles are cut in one go: to hand over each by itself costs both threads more than to cut it.
_AT_ONCE = 16
_WORTH_A_THREAD = 2 * _AT_ONCE


@dataclass(frozen=True, slots=True)
class View:
    """What to judge: `region` (None: all) of a uint8 BGR frame; in tiles where it has a tiling.

    check_quality: whether a picture that is unfit by the bundle's limits is UNDECIDED; the engine is then not asked.
    """

    image_HWC: NDArray[np.uint8]
    region: Region | None = None
    check_quality: bool = True
    tiling: Tiling | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one view gave.

    boxes: in pixels of the camera's frame, best first; empty unless the status is NG.
    embedding_D, map_HW: float32, None where the engine gave no answer. The map is the anomaly map for an unknown
        defect, else the defect map; of a tiled view it is put together, and the embedding is the worst tile's.
    marking: what of the map is a defect.
    preprocess_ms, engine_ms, decide_ms: this view's share of what a batch took; the sum over its tiles, which are cut
        while the engine works, so that the three may be more than the whole.
    error: the engine's own words where it failed, for the log.
    """

    decided: Decided
    region: Region
    boxes: tuple[Box, ...]
    embedding_D: NDArray[np.float32] | None
    map_HW: NDArray[np.float32] | None
    preprocess_ms: float
    engine_ms: float
    decide_ms: float
    error: str | None = None
    marking: Marking = NOTHING


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model input (uint8 BGR); unfit: why the engine need not judge it. is_tile: boxes are looked for later."""

    region: Region
    is_tile: bool
    image_HWC: NDArray[np.uint8]
    unfit: Reason | None
    ms: float


class Inspector:
    """Holds a bundle's rules and the engine that runs it. One thread at a time, but for `prepare`."""

    def __init__(self, bundle: Bundle, engine: Engine, batch: Callable[[], int] = lambda: 1) -> None:
        """batch: how many model inputs the engine should get at once, as of now."""
        self.manifest = bundle.manifest
        self._added = additions_of(bundle)
        self._engine = engine
        self._batch = batch
        self.bundle_id = bundle.manifest.bundle_id

    @property
    def engine(self) -> Engine:
        return self._engine

    @property
    def batch(self) -> int:
        return self._batch()

    def inspect(
        self, image_HWC: NDArray[np.uint8], region: Region | None = None, *, check_quality: bool = True
    ) -> Inspection:
        """Judge one view that has no tiles. A failing engine is UNDECIDED."""
        return self.inspect_all([View(image_HWC, region, check_quality)])[0]

    def prepare(self, view: View) -> Prepared | None:
        """The model input of a view, from any thread; None for one in tiles, which are cut as they are judged."""
        return None if view.tiling else self._prepare((view, clipped(view.region, view.image_HWC)))

    def judge(self, prepared: Sequence[Prepared]) -> list[Inspection]:
        """What `inspect_all` says of their views."""
        batch = self._batch()
        starts = range(0, len(prepared), batch)
        return [found for start in starts for found in self._judge_batch(prepared[start : start + batch])]

    def inspect_all(self, views: Sequence[View]) -> list[Inspection]:
        """Judge views, in batches; a failing engine is UNDECIDED for all that were in the batch with it.

        Tiles are cut as they are judged, the next few while the engine has these: no more than those are in memory,
        however large the frame.
        """
        wholes = [clipped(view.region, view.image_HWC) for view in views]
        tilings = [tile_regions(w, v.tiling) if v.tiling else (w,) for w, v in zip(wholes, views, strict=True)]
        places = [(view, region) for view, regions in zip(views, tilings, strict=True) for region in regions]
        found = self._found(places)
        return [
            _as_one([next(found) for _ in regions], whole) if view.tiling else next(found)
            for view, regions, whole in zip(views, tilings, wholes, strict=True)
        ]

    def _found(self, places: Sequence[tuple[View, Region]]) -> Iterator[Inspection]:
        if len(places) < _WORTH_A_THREAD:
            yield from self.judge([self._prepare(place) for place in places])
            return
        batch = self._batch()
        at_once = batch * ceil(_AT_ONCE / batch)
        for prepared in made_ahead(self._prepare, places, at_once):
            yield from self.judge(prepared)

    def _prepare(self, place: tuple[View, Region]) -> Prepared:
        view, region = place
        begin = time.perf_counter()
        part_HWC = view.image_HWC[region.y : region.y + region.h, region.x : region.x + region.w]
        image_HWC = model_input(part_HWC, self.manifest.input)
        limits = self.manifest.quality
        reason = unfit(measure(image_HWC), limits) if limits is not None and view.check_quality else None
        is_tile = view.tiling is not None
        return Prepared(region, is_tile, image_HWC, reason, (time.perf_counter() - begin) * 1e3)

    def _judge_batch(self, batch: Sequence[Prepared]) -> Iterator[Inspection]:
        begin = time.perf_counter()
        fit = [one.image_HWC for one in batch if one.unfit is None]
        outputs, error = self._run(fit[0][None] if len(fit) == 1 else np.stack(fit)) if fit else (None, None)
        engine_ms = (time.perf_counter() - begin) * 1e3 / max(1, len(fit))
        row = 0
        for one in batch:
            if one.unfit is not None:
                yield Inspection(undecided(one.unfit), one.region, (), None, None, one.ms, 0.0, 0.0)
                continue
            yield self._judge(outputs, row, one, engine_ms, error)
            row += 1

    def _run(self, image_NHWC: NDArray[np.uint8]) -> tuple[Outputs | None, str | None]:
        try:
            return self._engine.run(image_NHWC), None
        except EngineError as error:
            return None, str(error)

    def _judge(
        self, outputs: Outputs | None, row: int, one: Prepared, engine_ms: float, error: str | None
    ) -> Inspection:
        begin = time.perf_counter()
        if outputs is None:
            return Inspection(undecided("engine_failed"), one.region, (), None, None, one.ms, engine_ms, 0.0, error)
        rule = self.manifest.decision
        anomaly = None if outputs.anomaly_N is None else outputs.anomaly_N.item(row)
        decided = decide(outputs.prob_NK[row], self.manifest.classes, rule, anomaly)
        if self._added:
            decided = with_added(decided, outputs.embedding_ND[row], self._added)
        map_HW, unlike_good = outputs.map_NHW[row], False
        if decided.class_name == UNKNOWN_DEFECT.name and rule.anomaly and outputs.anomaly_map_NHW is not None:
            map_HW, unlike_good = outputs.anomaly_map_NHW[row], True
        marking = marking_of(rule, unlike_good=unlike_good)
        has_boxes = decided.status == "NG" and not one.is_tile
        boxes = boxes_from_map(map_HW, marking, one.region) if has_boxes else ()
        decide_ms = (time.perf_counter() - begin) * 1e3
        return Inspection(
            decided, one.region, boxes, outputs.embedding_ND[row], map_HW, one.ms, engine_ms, decide_ms, error, marking
        )


def _as_one(tiles: Sequence[Inspection], whole: Region) -> Inspection:
    """What the tiles of a view say together. The map is that of the tiles which have the verdict's status."""
    begin = time.perf_counter()
    speaker = worst(tiles)
    spoken_for = [tile for tile in tiles if tile.decided.status == speaker.decided.status]
    map_HW, marking = joined_map(spoken_for, whole), spoken_for[0].marking
    boxes = boxes_on(map_HW, marking, whole) if map_HW is not None and speaker.decided.status == "NG" else ()
    joining_ms = (time.perf_counter() - begin) * 1e3
    return Inspection(
        decided=speaker.decided,
        region=whole,
        boxes=boxes,
        embedding_D=speaker.embedding_D,
        map_HW=map_HW,
        preprocess_ms=sum(t.preprocess_ms for t in tiles),
        engine_ms=sum(t.engine_ms for t in tiles),
        decide_ms=sum(t.decide_ms for t in tiles) + joining_ms,
        error=next((t.error for t in tiles if t.error is not None), None),
        marking=marking,
    )


def clipped(region: Region | None, image_HWC: NDArray[np.uint8]) -> Region:
    """The part of the region that lies inside the picture; the whole picture where that is nothing."""
    height, width = image_HWC.shape[:2]
    if region is None:
        return Region(0, 0, width, height)
    left, top = max(0, region.x), max(0, region.y)
    right, bottom = min(width, region.x + region.w), min(height, region.y + region.h)
    if right <= left or bottom <= top:
        return Region(0, 0, width, height)
    return Region(left, top, right - left, bottom - top)
