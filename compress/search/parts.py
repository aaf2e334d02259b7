"""The pictures of a data set as the bundle sees them, and as they truly are: what search is learned and measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.data.images import read_image
from compress.data.masks import defect_mask
from compress.data.samples import Sample
from compress.progress import Reporter
from edge.bundle.load import Bundle
from edge.engines.ort import OrtEngine
from edge.errors import EngineError
from edge.geometry import Box, Region
from edge.inspection.inspector import Inspection, Inspector
from edge.search.seen import Seen, patches_of

# A patch smaller than this share of the picture is a splash of the same defect, not one to be counted.
_SPECK = 0.0004


@dataclass(frozen=True, slots=True)
class Parts:
    """One split. said: what the verdict would say; true: what the annotation says; embedding_ND: float32.

    captions: sentences about each part, often none.
    """

    said: tuple[Seen, ...]
    true: tuple[Seen, ...]
    embedding_ND: NDArray[np.float32]
    captions: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.true)


def look_at(bundle: Bundle, samples: Sequence[Sample], reporter: Reporter) -> Parts:
    """Every picture through the graph that ships, on one thread. Pictures without a place count as unmarked."""
    engine = OrtEngine(bundle, bundle.manifest.default_variant, threads=1)
    inspector = Inspector(bundle, engine)
    said, true, embeddings = [], [], []
    with reporter.bar("looking at pictures", len(samples)) as advance:
        for sample in samples:
            image_HWC = read_image(sample.path)
            found = inspector.inspect(image_HWC, check_quality=False)
            if found.embedding_D is None:
                raise EngineError(f"the engine gave no answer for {sample.path}: {found.error}")
            said.append(_said(found))
            true.append(true_of(sample, defect_mask(sample, *image_HWC.shape[:2])))
            embeddings.append(found.embedding_D)
            advance()
    engine.close()
    return Parts(tuple(said), tuple(true), np.stack(embeddings), tuple(sample.captions for sample in samples))


def true_of(sample: Sample, mask_HW: NDArray[np.bool_] | None) -> Seen:
    """What an annotation says of a picture."""
    boxes: tuple[Box, ...] = ()
    if mask_HW is not None and mask_HW.any():
        _, _, stats_MF, _ = cv2.connectedComponentsWithStats(mask_HW.astype(np.uint8))
        least = _SPECK * mask_HW.size
        boxes = tuple(Box(int(x), int(y), int(w), int(h), 1.0) for x, y, w, h, area in stats_MF[1:] if area >= least)
    region = Region(0, 0, 1, 1) if mask_HW is None else Region(0, 0, mask_HW.shape[1], mask_HW.shape[0])
    return Seen("OK" if sample.kind == "good" else "NG", sample.class_name, patches_of(boxes, region))


def _said(found: Inspection) -> Seen:
    decided = found.decided
    patches = patches_of(found.boxes, found.region)
    return Seen(decided.status, decided.class_name, patches, decided.probability, decided.defect_score)
