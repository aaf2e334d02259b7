"""How good a model is, in the measures the field uses. Counting is scikit-learn's; intervals come along.

Suffixes: N images, K classes, HW pixels of one map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import (
    auc,
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

_CONFIDENCE = 0.95
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class: precision, recall and F1, 0..1, and how many images it has."""

    name: str
    precision: float
    recall: float
    f1: float
    images: int


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Classification:
    """How well classes are told apart.

    macro_f1: the mean F1 of the classes that have images here.
    macro_f1_interval: by bootstrap over groups.
    confusion_KK: counts; the row is the true class, the column the decided one.
    """

    accuracy: float
    macro_f1: float
    macro_f1_interval: Interval
    classes: tuple[ClassScore, ...]
    confusion_KK: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `total`, with the 95 % interval of the rate (Wilson 1927)."""

    count: int
    total: int
    interval: Interval

    @property
    def value(self) -> float:
        """0..1."""
        return self.count / self.total


@dataclass(frozen=True, slots=True)
class Inspection:
    """How well good and defective are told apart; None where there is no image of the kind that is needed.

    escape: defective parts that passed. overkill: good parts that were rejected.
    f1_max: the best F1 of the defect kind over all thresholds, reached at f1_max_threshold.
    """

    threshold: float
    escape: Rate | None
    overkill: Rate | None
    auroc: float | None
    average_precision: float | None
    f1_max: float | None
    f1_max_threshold: float | None


def classification(
    prob_NK: NDArray[np.floating],
    y_N: NDArray[np.integer],
    classes: Sequence[str],
    groups: Sequence[str] | None = None,
    seed: int = 0,
) -> Classification:
    """Score the likeliest class of each image against its true one.

    groups: the images' groups, for the interval; without them each image stands alone.
    """
    decided_N = prob_NK.argmax(axis=1)
    labels = range(len(classes))
    confusion_KK = confusion_matrix(y_N, decided_N, labels=labels)
    precision_K, recall_K, f1_K, images_K = precision_recall_fscore_support(
        y_N, decided_N, labels=labels, zero_division=0.0
    )
    scores = tuple(
        ClassScore(name, float(precision_K[k]), float(recall_K[k]), float(f1_K[k]), int(images_K[k]))
        for k, name in enumerate(classes)
    )
    return Classification(
        accuracy=float(np.mean(decided_N == y_N)),
        macro_f1=float(_macro_f1(confusion_KK[None])[0]),
        macro_f1_interval=_bootstrap_macro_f1(y_N, decided_N, len(classes), groups, seed),
        classes=scores,
        confusion_KK=tuple(tuple(int(n) for n in row) for row in confusion_KK),
    )


def inspection(
    defect_score_N: NDArray[np.floating],
    is_defect_N: NDArray[np.bool_],
    threshold: float,
    groups: Sequence[str] | None = None,
) -> Inspection:
    """Score OK/NG: a part is NG where its defect score reaches the threshold, as in `edge.verdict`.

    groups: the images' groups, for the intervals; without them each image stands alone.
    """
    rejected_N = defect_score_N >= threshold
    group_N = np.arange(len(is_defect_N)) if groups is None else np.asarray(groups)
    escape = grouped_rate(~rejected_N[is_defect_N], group_N[is_defect_N])
    overkill = grouped_rate(rejected_N[~is_defect_N], group_N[~is_defect_N])
    if escape is None or overkill is None:
        return Inspection(threshold, escape, overkill, None, None, None, None)
    f1_max, f1_max_threshold = _f1_max(defect_score_N, is_defect_N)
    return Inspection(
        threshold=threshold,
        escape=escape,
        overkill=overkill,
        auroc=float(roc_auc_score(is_defect_N, defect_score_N)),
        average_precision=float(average_precision_score(is_defect_N, defect_score_N)),
        f1_max=f1_max,
        f1_max_threshold=f1_max_threshold,
    )


def grouped_rate(hit_N: NDArray[np.bool_], group_N: NDArray[np.generic]) -> Rate | None:
    """How many of N images are hits; None of none.

    Images of one group (one part photographed often) say less than as many of their own: for the interval, N is
    divided by the design effect (Korn & Graubard 1998, "Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data"). Where no image is a hit, or each is one, nothing tells
    how alike the images of a group are, and only groups are counted.
    """
    return rate(int(hit_N.sum()), len(hit_N), _effective_count(hit_N, group_N)) if len(hit_N) else None


def rate(count: int, total: int, effective: float | None = None) -> Rate | None:
    """A rate with the 95 % interval of Wilson 1927; None of nothing. effective: as how many images they count."""
    if total == 0:
        return None
    share, n = count / total, effective or total
    z = float(norm.ppf((1 + _CONFIDENCE) / 2))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
    low, high = (0.0 if count == 0 else centre - reach), (1.0 if count == total else centre + reach)
    return Rate(count, total, Interval(low, high))


def _effective_count(hit_N: NDArray[np.bool_], group_N: NDArray[np.generic]) -> float:
    """N over the design effect: the variance between groups against that of as many images of their own."""
    _, group_N = np.unique(group_N, return_inverse=True)
    size_G, hit_G = np.bincount(group_N), np.bincount(group_N, weights=hit_N)
    total, groups, share = len(hit_N), len(size_G), float(hit_N.mean())
    if groups == total or share in (0.0, 1.0) or groups == 1:
        return groups
    between = groups / (groups - 1) * float(((hit_G - share * size_G) ** 2).sum()) / total**2
    effect = between / (share * (1 - share) / total)
    return total / max(1.0, effect)


def pixel_auroc(maps: Sequence[NDArray[np.floating]], masks: Sequence[NDArray[np.bool_]]) -> float | None:
    """Area under the ROC curve over all pixels of all images; None where either kind of pixel is missing.

    maps, masks: one HxW pair per image, sizes may differ from image to image. Exact, so all pixels are sorted at
    once: give maps of the model's size rather than of the camera's.
    """
    score_P, is_defect_P = _pixels(maps, masks)
    if is_defect_P.all() or not is_defect_P.any():
        return None
    return float(roc_auc_score(is_defect_P, score_P))


def aupro(maps: Sequence[NDArray[np.floating]], masks: Sequence[NDArray[np.bool_]], limit: float = 0.3) -> float | None:
    """Area under the per-region-overlap curve up to a false-positive rate of `limit`, as a share of `limit`.

    Every connected defect region counts the same, however small (Bergmann et al. 2019, "MVTec AD"). It is a ROC
    curve whose defect pixels weigh one over the size of their region. None as for `pixel_auroc`.
    """
    score_P, is_defect_P = _pixels(maps, masks)
    if is_defect_P.all() or not is_defect_P.any():
        return None
    weight_P = np.concatenate([_region_weights(mask_HW).ravel() for mask_HW in masks])
    fpr, overlap = roc_curve(is_defect_P, score_P, sample_weight=weight_P, drop_intermediate=False)[:2]
    inside = fpr <= limit
    x = np.append(fpr[inside], limit)
    y = np.append(overlap[inside], np.interp(limit, fpr, overlap))
    return float(auc(x, y) / limit)


def _macro_f1(confusion_BKK: NDArray[np.integer] | NDArray[np.floating]) -> NDArray[np.float64]:
    """Macro-F1 of B confusion matrices over the classes that have images."""
    right_BK = np.diagonal(confusion_BKK, axis1=1, axis2=2)
    true_BK, decided_BK = confusion_BKK.sum(axis=2), confusion_BKK.sum(axis=1)
    f1_BK = 2 * right_BK / np.maximum(true_BK + decided_BK, 1)
    present_BK = true_BK > 0
    return np.asarray((f1_BK * present_BK).sum(axis=1) / np.maximum(present_BK.sum(axis=1), 1))


def _bootstrap_macro_f1(
    y_N: NDArray[np.integer],
    decided_N: NDArray[np.integer],
    num_classes: int,
    groups: Sequence[str] | None,
    seed: int,
) -> Interval:
    """Percentiles over resampled groups (Field & Welsh 2007, "Bootstrapping clustered data")."""
    _, group_N = np.unique(np.arange(len(y_N)) if groups is None else np.asarray(groups), return_inverse=True)
    count = int(group_N.max()) + 1
    confusion_GKK = np.zeros((count, num_classes, num_classes), dtype=np.int64)
    np.add.at(confusion_GKK, (group_N, y_N, decided_N), 1)
    drawn_BG = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=_RESAMPLES)
    f1_B = _macro_f1(np.tensordot(drawn_BG.astype(np.float64), confusion_GKK.astype(np.float64), axes=1))
    low, high = np.quantile(f1_B, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return Interval(float(low), float(high))


def _f1_max(score_N: NDArray[np.floating], is_defect_N: NDArray[np.bool_]) -> tuple[float, float]:
    precision, recall, thresholds = precision_recall_curve(is_defect_N, score_N)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(np.argmax(f1[:-1]))  # the last point has no threshold
    return float(f1[best]), float(thresholds[best])


def _pixels(
    maps: Sequence[NDArray[np.floating]], masks: Sequence[NDArray[np.bool_]]
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    score_P = np.concatenate([map_HW.ravel() for map_HW in maps])
    return score_P, np.concatenate([mask_HW.ravel() for mask_HW in masks])


def _region_weights(mask_HW: NDArray[np.bool_]) -> NDArray[np.float64]:
    """One over the size of the pixel's region (8 neighbours); 1 for good pixels."""
    _, region_HW = cv2.connectedComponents(mask_HW.astype(np.uint8), connectivity=8)
    weight_R = 1.0 / np.maximum(np.bincount(region_HW.ravel()), 1)
    weight_R[0] = 1.0
    return np.asarray(weight_R[region_HW])
