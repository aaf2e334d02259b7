"""The parts that `benchmarks.questions` asks about, and what is true of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camera.simulated.defects import PART_CLASSES
from camera.simulated.picture import PartPicture, render_part
from camera.simulated.sprite import boxes_of
from compress.data.images import read_image
from compress.data.reading import Reading
from compress.demo.pictures import TITLES
from edge.bench.rehearse import verdicts_on
from edge.bundle.load import Bundle
from edge.bundle.manifest import ClassSpec
from edge.errors import EdgevlError
from edge.geometry import Box, Region
from edge.line.heartbeat import shown_classes
from edge.messages import SCHEMA_VERSION, Timings, Verdict, time_text

_SIDE = 144
_GAP_PX = 6


@dataclass(frozen=True, slots=True)
class Subject:
    """A verdict, and what is true: the class (None for a good part), and the third that each box is in."""

    verdict: Verdict
    class_name: str | None
    cells: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """What is asked about. left_out: parts that the bundle took for others, or left undecided."""

    told: list[Subject]
    left_out: int
    classes: list[ClassSpec]


def true_parts(parts: int, seed: int) -> Parts:
    """Parts of the simulated line, and the verdicts of a line that is never wrong."""
    pictures = _drawn(parts, seed)
    classes = [ClassSpec(name, "good" if name == "good" else "defect", titles) for name, titles in TITLES.items()]
    return _parts([picture.class_name for picture in pictures], [_true_verdict(one) for one in pictures], classes)


def judged_parts(bundle: Bundle, parts: int, seed: int) -> Parts:
    """Parts of the simulated line, as a bundle of the demo's classes judges them. Raises EdgevlError."""
    classes = list(shown_classes(bundle.manifest))
    if not {one.name for one in classes} <= set(TITLES):
        raise EdgevlError(f"{bundle.path} does not know the simulated line's classes: give pictures with --data FOLDER")
    pictures = _drawn(parts, seed)
    verdicts = verdicts_on([picture.image_HWC for picture in pictures], bundle)
    return _parts([picture.class_name for picture in pictures], verdicts, classes)


def data_parts(bundle: Bundle, data: Path, parts: int, seed: int) -> Parts:
    """Pictures of a data folder's test split, at most `parts`, drawn at random. Raises EdgevlError."""
    test = [sample for sample in Reading().read(data, 0).samples if sample.split == "test"]
    order = np.random.default_rng(seed).permutation(len(test))[:parts]
    samples = [test[n] for n in order]
    verdicts = verdicts_on([read_image(sample.path) for sample in samples], bundle)
    names = ["good" if sample.kind == "good" else sample.class_name for sample in samples]
    return _parts(names, verdicts, list(shown_classes(bundle.manifest)))


def _parts(names: Sequence[str], verdicts: Sequence[Verdict], classes: list[ClassSpec]) -> Parts:
    good = {one.name for one in classes if one.kind == "good"} | {"good"}
    told = []
    for name, verdict in zip(names, verdicts, strict=True):
        is_right = verdict.class_name == name or (name in good and verdict.class_name in good)
        if is_right and verdict.status != "UNDECIDED":
            cells = tuple(_cell(box, verdict.region) for box in verdict.boxes)
            told.append(Subject(verdict, None if name in good else name, cells))
    return Parts(told, len(verdicts) - len(told), classes)


def _drawn(parts: int, seed: int) -> list[PartPicture]:
    return [render_part(n, 1000 + seed, _SIDE, PART_CLASSES[n % len(PART_CLASSES)]) for n in range(parts)]


def _cell(box: Box, region: Region) -> tuple[int, int]:
    """Thirds of the region, by the middle of the box."""
    x, y = box.x + box.w / 2 - region.x, box.y + box.h / 2 - region.y
    return min(2, int(x * 3 // region.w)), min(2, int(y * 3 // region.h))


def _true_verdict(picture: PartPicture) -> Verdict:
    """What a line that is never wrong would say."""
    height, width = picture.image_HWC.shape[:2]
    found = boxes_of(picture.defect_mask_HW, _GAP_PX)
    now = time_text(picture.number * 10**9)
    return Verdict(
        schema=SCHEMA_VERSION,
        id=f"truth-belt-{picture.number}",
        topic="verdict/simulated/belt",
        epoch="truth",
        number=picture.number,
        line="simulated",
        camera="belt",
        captured=now,
        published=now,
        frame_seq=picture.number,
        status="OK" if picture.class_name == "good" else "NG",
        reason=None,
        class_name=picture.class_name,
        probability=1.0,
        defect_score=float(picture.class_name != "good"),
        frame_width=width,
        frame_height=height,
        region=Region(0, 0, width, height),
        boxes=tuple(Box(box.x, box.y, box.w, box.h, 1.0) for box in found),
        timings=Timings(0.0, 0.0, 0.0, 0.0, 0.0),
        bundle="truth",
        engine="truth",
    )
