"""Triggered pictures in, what is found in each out, as the feed says it. Runs in the inspection thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from camera.frame import Frame
from edge.geometry import Box, Region, in_millimetres
from edge.inspection.inspector import Inspection, Prepared, View, clipped
from edge.line.familiar import unlike_training
from edge.line.ledger import Trigger
from edge.line.recipes import Recipe
from edge.messages import Timings
from edge.verdict import Decided, Reason, undecided


@dataclass(frozen=True, slots=True)
class Work:
    """A trigger with the picture to judge; `region` in its pixels, None for all of it.

    recipe: by what it is judged, as it was when the trigger opened. prepared: its model input, where that is made.
    unfit: why the picture cannot be judged, where that is known already. check_quality: whether to look for more.
    """

    trigger: Trigger
    frame: Frame
    region: Region | None
    recipe: Recipe
    prepared: Prepared | None = None
    unfit: Reason | None = None
    check_quality: bool = True


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """The bundle's id, the engine's description and the product, for the verdict."""

    bundle: str
    engine: str
    product: str

    @classmethod
    def recipe(cls, recipe: Recipe) -> JudgedBy:
        """Who judges by a recipe now."""
        return cls(recipe.inspector.bundle_id, recipe.inspector.engine.description, recipe.product)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is said of one trigger. region and boxes: pixels of the camera's frame; boxes in millimetres, too, where
    the camera has a scale.

    embedding_D: as the engine gave it, for searching later. map_HW: that of the inspection, over the region, to be kept
    with the picture.
    """

    decided: Decided
    region: Region
    boxes: tuple[Box, ...]
    timings: Timings
    by: JudgedBy
    embedding_D: NDArray[np.float32] | None = None
    map_HW: NDArray[np.float32] | None = None


class Judge:
    """Times what the inspectors say, and speaks up where one fails. One thread at a time."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._last_error: str | None = None
        self._met: set[tuple[str, str]] = set()  # cameras, with the bundles that judged them

    def judge(self, works: Sequence[Work]) -> list[Findings]:
        """Inspect; what the same inspector judges goes together. A failing engine gives UNDECIDED."""
        if len(works) == 1:
            return self._judge(works)
        found: dict[Trigger, Findings] = {}
        for inspector in {id(work.recipe.inspector): work.recipe.inspector for work in works}.values():
            group = [work for work in works if work.recipe.inspector is inspector]
            found |= zip((work.trigger for work in group), self._judge(group), strict=True)
        return [found[work.trigger] for work in works]

    def _judge(self, works: Sequence[Work]) -> list[Findings]:
        """Of one inspector. by: who it is before it answers, for one that hangs is replaced meanwhile."""
        by = JudgedBy.recipe(works[0].recipe)
        fit = [work for work in works if work.unfit is None]
        begin_ns = time.monotonic_ns()
        inspections = iter(_inspected(fit))
        end_ns = time.monotonic_ns()
        found = []
        for work in works:
            if work.unfit is not None:
                found.append(nothing_found(work, work.unfit))
                continue
            inspection = next(inspections)
            self._speak_up(work, inspection)
            self._compare(work, inspection)
            found.append(_findings(work, inspection, _timings(work, inspection, begin_ns, end_ns), by))
        return found

    def _speak_up(self, work: Work, inspection: Inspection) -> None:
        """Once, not thirty times a second."""
        if inspection.error is not None and inspection.error != self._last_error:
            self._say(f"{work.trigger.camera}: a part stays UNDECIDED because {inspection.error}")
        self._last_error = inspection.error

    def _compare(self, work: Work, inspection: Inspection) -> None:
        """The first part of a camera tells whether it delivers what the bundle learned from."""
        met = work.trigger.camera, work.recipe.inspector.bundle_id
        if met in self._met:
            return
        self._met.add(met)
        said = unlike_training(inspection.region, work.recipe.tiling, work.recipe.inspector.manifest)
        if said is not None:
            self._say(f"{work.trigger.camera}: {said}")


def prepared(work: Work) -> Work:
    """With its model input, where one can be made ahead. For the camera's thread: the inspection's has the engine."""
    if work.unfit is not None:
        return work
    return replace(work, prepared=work.recipe.inspector.prepare(_view_of(work)))


def _view_of(work: Work) -> View:
    return View(work.frame.image_HWC, work.region, work.check_quality, work.recipe.tiling)


def _inspected(works: Sequence[Work]) -> list[Inspection]:
    """Of one inspector; those that are prepared skip that."""
    if not works:
        return []
    inspector = works[0].recipe.inspector
    ready = [work.prepared for work in works if work.prepared is not None]
    if len(ready) == len(works):
        return inspector.judge(ready)
    return inspector.inspect_all([_view_of(work) for work in works])


def nothing_found(work: Work, reason: Reason) -> Findings:
    """UNDECIDED, without the model."""
    waited_ms = milliseconds(time.monotonic_ns() - work.frame.captured_ns)
    timings = Timings(wait_ms=waited_ms, preprocess_ms=0.0, engine_ms=0.0, decide_ms=0.0, total_ms=waited_ms)
    region = clipped(work.region, work.frame.image_HWC)
    return Findings(undecided(reason), region, (), timings, JudgedBy.recipe(work.recipe))


def milliseconds(ns: int) -> float:
    """A frame may be stamped by another clock, so never below zero."""
    return max(0, ns) / 1e6


def _timings(work: Work, inspection: Inspection, begin_ns: int, end_ns: int) -> Timings:
    """What was prepared ahead is no waiting."""
    frame, ahead_ms = work.frame, 0.0 if work.prepared is None else work.prepared.ms
    return Timings(
        wait_ms=max(0.0, milliseconds(begin_ns - frame.captured_ns) - ahead_ms),
        preprocess_ms=inspection.preprocess_ms,
        engine_ms=inspection.engine_ms,
        decide_ms=inspection.decide_ms,
        total_ms=milliseconds(end_ns - frame.captured_ns),
    )


def _findings(work: Work, inspection: Inspection, timings: Timings, by: JudgedBy) -> Findings:
    decided = inspection.decided
    shares = replace(decided, probability=_share(decided.probability), defect_score=_share(decided.defect_score))
    boxes = tuple(_tidy(box, work.frame.px_per_mm) for box in inspection.boxes)
    return Findings(shares, inspection.region, boxes, timings, by, inspection.embedding_D, inspection.map_HW)


def _tidy(box: Box, px_per_mm: float | None) -> Box:
    mm = None if px_per_mm is None else in_millimetres(box, px_per_mm)
    return msgspec.structs.replace(box, score=_share(box.score), mm=mm)


def _share(value: float) -> float:
    """Sums and softmaxes of float32 may pass 1 by a rounding error, which the schema does not allow."""
    return min(1.0, max(0.0, value))
