"""Evaluate: rules fitted on validation, then one look at the test split for every model of the chain."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset, Sample
from compress.data.pictures import Pictures
from compress.good_parts.conformal import DEFAULT_OVERKILL, fit_anomaly_rule
from compress.good_parts.unknown import known_classes, knows_defects
from compress.judge.answers import Answers
from compress.judge.boxes import UNFITTED, Marked, agreement, fit_marking, marked, marked_pictures, masked
from compress.judge.by_group import GroupScore, by_group
from compress.judge.curves import Curve, curve
from compress.judge.metrics import Classification, Inspection, aupro, classification, inspection, pixel_auroc
from compress.judge.thresholds import fit_threshold
from compress.report.record import Flip, Localisation, Mistake, Parity
from edge.bundle.manifest import AnomalyRule, ClassSpec, Decision
from edge.inspection.boxes import Marking
from edge.verdict import decide

MIN_CONFIDENCE = 0.5  # classification only: below an even chance for the best class, a person should look
_MAP_SIDE = 128  # pixel metrics are computed on maps and masks of this many pixels a side


def fit_rule(
    dataset: Dataset,
    val: Pictures,
    answers: Answers,
    max_escape: float | None = None,
    max_overkill: float | None = None,
) -> Decision:
    """The decision rule for a model, from its answers on the validation split.

    Limits are rates, 0..1. Raises BudgetError where no threshold keeps them. Where both known and unknown defects
    are told, each may reject half of the good parts allowed, so that both together keep the limit.
    """
    anomaly = _fit_anomaly(dataset, val, answers, max_overkill)
    threshold = None
    if not knows_defects(dataset):
        threshold = 1.0
    elif dataset.has_good:
        shared = max_overkill if max_overkill is None or anomaly is None else max_overkill / 2
        threshold = fit_threshold(defect_scores(dataset, answers.prob_NK), val.defect_N, max_escape, shared)
    marking = _fit_marking(val, answers)
    return Decision(threshold, MIN_CONFIDENCE, marking.threshold, anomaly, marking.outline)


def score(
    dataset: Dataset, pictures: Pictures, answers: Answers, rule: Decision
) -> tuple[Classification, Inspection | None]:
    """Score a model under its rule: classes as the device would decide them, and OK/NG where there is a good class."""
    names = [c.name for c in dataset.classes]
    decided_NK = np.eye(len(names))[decided_classes(dataset, answers, rule)]
    found = classification(decided_NK, pictures.label_N, names, pictures.groups)
    if rule.defect_threshold is None:
        return found, None
    scores, threshold = ng_scores(dataset, answers, rule)
    return found, inspection(scores, pictures.defect_N, threshold, pictures.groups)


def ng_scores(dataset: Dataset, answers: Answers, rule: Decision) -> tuple[NDArray[np.floating], float]:
    """One score per picture and the threshold from which on the device's rule says NG.

    With both kinds of defects it is the larger of the two scores, each in units of its own threshold.
    """
    assert rule.defect_threshold is not None
    known_N = defect_scores(dataset, answers.prob_NK)
    if rule.anomaly is None or answers.anomaly_N is None:
        return known_N, rule.defect_threshold
    if not knows_defects(dataset):
        return answers.anomaly_N, rule.anomaly.threshold
    units = (known_N.astype(np.float64) / max(rule.defect_threshold, 1e-9), answers.anomaly_N / rule.anomaly.threshold)
    return np.maximum(*units), 1.0


def decided_classes(dataset: Dataset, answers: Answers, rule: Decision) -> NDArray[np.int64]:
    """The class index the device's own decision gives to each picture."""
    names = [c.name for c in dataset.classes]
    specs = tuple(ClassSpec(c.name, c.kind) for c in known_classes(dataset))
    anomalies = [None] * len(answers.prob_NK) if answers.anomaly_N is None else answers.anomaly_N.tolist()
    decided = (decide(p, specs, rule, a).class_name for p, a in zip(answers.prob_NK, anomalies, strict=True))
    return np.array([names.index(name) if name else -1 for name in decided], np.int64)


def defect_scores(dataset: Dataset, prob_NK: NDArray[np.float32]) -> NDArray[np.float32]:
    """The summed probability of the known defect classes."""
    is_defect_K = np.array([c.kind == "defect" for c in known_classes(dataset)])
    return np.asarray(np.minimum(prob_NK[:, is_defect_K].sum(1), 1.0), np.float32)


def parity(
    dataset: Dataset, pictures: Pictures, rule: Decision, in_torch: Answers, in_onnx: Answers, in_int8: Answers
) -> Parity:
    """Hold torch against ONNX, and float against int8, picture by picture, under one rule."""
    torch_N, onnx_N, int8_N = (decided_classes(dataset, answers, rule) for answers in (in_torch, in_onnx, in_int8))
    flipped = tuple(
        Flip(
            dataset.below(pictures.samples[i].path),
            *(_name_of(dataset, int(index)) for index in (pictures.label_N[i], onnx_N[i], int8_N[i])),
        )
        for i in np.flatnonzero(onnx_N != int8_N)
    )
    return Parity(
        images=len(onnx_N),
        torch_onnx_flips=int((torch_N != onnx_N).sum()),
        torch_onnx_max_difference=_apart(in_torch, in_onnx),
        int8_flips=len(flipped),
        int8_max_difference=_apart(in_onnx, in_int8),
        flipped=flipped,
    )


def _apart(one: Answers, other: Answers) -> float:
    """The largest difference of any probability, and of the anomaly where both give one."""
    off = float(np.abs(one.prob_NK - other.prob_NK).max())
    if one.anomaly_N is None or other.anomaly_N is None:
        return off
    return max(off, float(np.abs(one.anomaly_N - other.anomaly_N).max()))


def _name_of(dataset: Dataset, index: int) -> str:
    """Of the class; -1 is a picture nothing was decided for."""
    return dataset.classes[index].name if index >= 0 else "undecided"


def localise(
    samples: Sequence[Sample], map_NHW: NDArray[np.float32] | None, marking: Marking | None = None
) -> Localisation:
    """Pixel AUROC and AUPRO of a map, on all pictures whose defects are marked (good ones included).

    marking: what of it gets a box, to hold its boxes against labelled ones, too.
    """
    assert map_NHW is not None
    maps, masks = [], []
    defective: list[Marked] = []
    size = (_MAP_SIDE, _MAP_SIDE)
    for sample, map_HW, mask_HW in masked(samples, map_NHW):
        maps.append(np.asarray(cv2.resize(map_HW, size, interpolation=cv2.INTER_LINEAR), np.float32))
        masks.append(cv2.resize(mask_HW.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5)
        defective += marked(sample, map_HW, mask_HW)
    if not maps:
        return Localisation(0, None, None)
    boxes = None if marking is None else agreement(defective, marking)
    return Localisation(len(maps), pixel_auroc(maps, masks), aupro(maps, masks), boxes)


def mistakes(
    dataset: Dataset, pictures: Pictures, answers: Answers, rule: Decision, map_NHW: NDArray[np.float32] | None
) -> tuple[Mistake, ...]:
    """Every wrong decision, the surest first, each with its map."""
    decided_N = decided_classes(dataset, answers, rule)
    wrong = np.flatnonzero(decided_N != pictures.label_N)
    found = [
        Mistake(
            dataset.below(pictures.samples[i].path),
            _name_of(dataset, int(pictures.label_N[i])),
            _name_of(dataset, int(decided_N[i])),
            _sureness(answers, int(i), int(decided_N[i])),
            b"" if map_NHW is None else _as_png(map_NHW[i]),
        )
        for i in wrong
    ]
    return tuple(sorted(found, key=lambda m: -m.probability))


def curves(dataset: Dataset, pictures: Pictures, answers: Answers, rule: Decision) -> tuple[Curve, ...]:
    """Defective or not, where there is a good class, and each known class against all others."""
    found: list[Curve | None] = []
    if rule.defect_threshold is not None:
        score_N, threshold = ng_scores(dataset, answers, rule)
        found.append(curve("defective", score_N, pictures.defect_N, threshold))
    known = known_classes(dataset)
    if len(known) > 2 or rule.defect_threshold is None:
        names = [c.name for c in dataset.classes]
        for index, label in enumerate(known):
            is_it_N = pictures.label_N == names.index(label.name)
            found.append(curve(label.name, answers.prob_NK[:, index], is_it_N))
    return tuple(one for one in found if one is not None)


def groups(dataset: Dataset, pictures: Pictures, answers: Answers, rule: Decision) -> tuple[GroupScore, ...]:
    """How each group of the split fared."""
    decided_N = decided_classes(dataset, answers, rule)
    is_good_K = np.array([*(c.kind == "good" for c in dataset.classes), False])  # the last for undecided, at -1
    return by_group(pictures.groups, pictures.label_N, decided_N, ~pictures.defect_N, is_good_K[decided_N])


def _as_png(map_HW: NDArray[np.float32]) -> bytes:
    grey_HW = np.clip(255 * map_HW + 0.5, 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".png", grey_HW)[1].tobytes())


def _sureness(answers: Answers, picture: int, decided: int) -> float:
    """The probability of the decided class; of an unknown defect, how unlike good parts the picture is."""
    if 0 <= decided < answers.prob_NK.shape[1]:
        return float(answers.prob_NK[picture, decided])
    return 0.0 if answers.anomaly_N is None else float(answers.anomaly_N[picture])


def _fit_anomaly(dataset: Dataset, val: Pictures, answers: Answers, max_overkill: float | None) -> AnomalyRule | None:
    if answers.anomaly_N is None or answers.anomaly_map_Nhw is None:
        return None
    limit = DEFAULT_OVERKILL if max_overkill is None else max_overkill
    limit = limit / 2 if knows_defects(dataset) else limit
    good_N = ~val.defect_N
    return fit_anomaly_rule(answers.anomaly_N[good_N], answers.anomaly_map_Nhw[good_N], limit)


def _fit_marking(val: Pictures, answers: Answers) -> Marking:
    return UNFITTED if answers.map_NHW is None else fit_marking(marked_pictures(val.samples, answers.map_NHW))
