"""Validation where no defect is known: held-out good parts, and the same with made-up defects beside them.

Good parts alone would let any rounding pass that leaves good parts good. The made-up defects show whether int8 tells
defects from good parts as float does; no threshold is fitted on them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from compress.data.dataset import Dataset, Sample
from compress.data.images import read_image
from compress.data.pictures import Pictures, read_pictures
from compress.good_parts.pseudo_defects import spoil
from compress.good_parts.unknown import knows_defects
from compress.teachers.views import View
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input
from edge.verdict import UNKNOWN_DEFECT

_COPIES = 2  # of each held-out part
_AT_MOST = 400
_SEED = 1


def validation(dataset: Dataset, spec: InputSpec) -> Pictures:
    """The validation pictures, with made-up defects after them where the data set knows none; always the same ones."""
    val = read_pictures(dataset, "val", spec)
    if knows_defects(dataset):
        return val
    good = [sample for sample in val.samples if sample.kind == "good"]
    parts = (good * _COPIES)[:_AT_MOST]
    rng = np.random.default_rng(_SEED)
    donors = dataset.of("train")
    spoilt = []
    for part in parts:
        donor_HWC = read_image(donors[int(rng.integers(len(donors)))].path)
        spoilt.append(model_input(spoil(View(read_image(part.path), None), donor_HWC, rng).image_HWC, spec))
    unknown = [c.name for c in dataset.classes].index(UNKNOWN_DEFECT.name)
    return Pictures(
        samples=(*val.samples, *(_as_defect(part) for part in parts)),
        image_NHWC=np.concatenate([val.image_NHWC, np.stack(spoilt)]),
        label_N=np.concatenate([val.label_N, np.full(len(parts), unknown)]),
        defect_N=np.concatenate([val.defect_N, np.ones(len(parts), np.bool_)]),
    )


def _as_defect(part: Sample) -> Sample:
    return replace(part, class_name=UNKNOWN_DEFECT.name, kind="defect", localised=False)
