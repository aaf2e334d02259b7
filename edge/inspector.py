"""One picture in, one verdict out: preprocess, engine, decision, boxes. A straight line without threads."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.boxes import boxes_from_map
from edge.bundle import Bundle
from edge.engines.engine import Engine, Outputs
from edge.errors import EngineError
from edge.messages import Box, Region
from edge.preprocess import model_input
from edge.quality import measure, unfit
from edge.verdict import UNKNOWN_DEFECT, Decided, decide, undecided


@dataclass(frozen=True, slots=True)
class Inspection:
    """What one look at one region gave.

    boxes: in pixels of the camera's frame, best first; empty unless the status is NG.
    embedding_D, map_HW: float32, None where the engine gave no answer. The map is the anomaly map for an unknown
        defect, else the defect map.
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


class Inspector:
    """Holds a bundle's rules and the engine that runs it. One thread at a time."""

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self._manifest = bundle.manifest
        self._engine = engine
        self.bundle_id = bundle.manifest.bundle_id

    @property
    def engine(self) -> Engine:
        return self._engine

    def inspect(
        self, image_HWC: NDArray[np.uint8], region: Region | None = None, *, check_quality: bool = True
    ) -> Inspection:
        """Judge `region` (None: the whole picture) of a uint8 BGR frame.

        A failing engine is UNDECIDED, and so is a picture that is unfit by the bundle's limits; the engine is then
        not asked.
        """
        region = clipped(region, image_HWC)
        begin = time.perf_counter()
        image_NHWC = self._prepare(image_HWC, region)
        limits = self._manifest.quality
        reason = unfit(measure(image_NHWC[0]), limits) if limits is not None and check_quality else None
        prepared = time.perf_counter()
        outputs, error = self._run(image_NHWC) if reason is None else (None, None)
        ran = time.perf_counter()
        decided, map_HW, boxes = self._judge(outputs, region) if reason is None else (undecided(reason), None, ())
        done = time.perf_counter()
        return Inspection(
            decided=decided,
            region=region,
            boxes=boxes,
            embedding_D=outputs.embedding_ND[0] if outputs else None,
            map_HW=map_HW,
            preprocess_ms=(prepared - begin) * 1e3,
            engine_ms=(ran - prepared) * 1e3,
            decide_ms=(done - ran) * 1e3,
            error=error,
        )

    def _prepare(self, image_HWC: NDArray[np.uint8], region: Region) -> NDArray[np.uint8]:
        part_HWC = image_HWC[region.y : region.y + region.h, region.x : region.x + region.w]
        return model_input(part_HWC, self._manifest.input)[None]

    def _run(self, image_NHWC: NDArray[np.uint8]) -> tuple[Outputs | None, str | None]:
        try:
            return self._engine.run(image_NHWC), None
        except EngineError as error:
            return None, str(error)

    def _judge(
        self, outputs: Outputs | None, region: Region
    ) -> tuple[Decided, NDArray[np.float32] | None, tuple[Box, ...]]:
        if outputs is None:
            return undecided("engine_failed"), None, ()
        rule = self._manifest.decision
        anomaly = None if outputs.anomaly_N is None else outputs.anomaly_N.item(0)
        decided = decide(outputs.prob_NK[0], self._manifest.classes, rule, anomaly)
        map_HW, level = outputs.map_NHW[0], rule.map_threshold
        if decided.class_name == UNKNOWN_DEFECT.name and rule.anomaly and outputs.anomaly_map_NHW is not None:
            map_HW, level = outputs.anomaly_map_NHW[0], rule.anomaly.map_threshold
        return decided, map_HW, boxes_from_map(map_HW, level, region) if decided.status == "NG" else ()


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
