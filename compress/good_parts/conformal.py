"""A threshold that good parts alone can vouch for: split conformal prediction on held-out good parts.

Where held-out and future good parts come from the same source, a new good part reaches the threshold with at most
the promised chance, whatever the scores look like (Vovk et al. 2005; Laxhammar & Falkman 2010). With n held-out
parts nothing below 1 / (n + 1) can be promised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compress.errors import DataError
from edge.bundle.manifest import AnomalyRule

DEFAULT_OVERKILL = 0.01
_USUAL_PLACES = 0.995  # of a held-out good part's places stay outside boxes


@dataclass(frozen=True, slots=True)
class Promise:
    """NG from `threshold` on. overkill: the share of good parts that is promised at most, from `held_out` of them."""

    threshold: float
    overkill: float
    held_out: int

    def said(self, wanted: float) -> str:
        """The promise in words, and what it would take to keep the one that was wanted."""
        kept = f"at most {self.overkill:.1%} of good parts are promised to be rejected, from {self.held_out} held out"
        if self.overkill <= wanted:
            return kept
        needed = math.ceil(1 / wanted) - 1 if wanted > 0 else None
        missing = f"{wanted:.1%} takes {needed:,} held-out good parts" if needed else "none at all cannot be promised"
        return f"{kept}; {missing}"


def promise(good_score_N: NDArray[np.floating], max_overkill: float = DEFAULT_OVERKILL) -> Promise:
    """The lowest threshold that promises `max_overkill` (0..1), or the best promise where the parts are too few.

    good_score_N: of held-out good parts, higher is more anomalous. Raises DataError where there is none.
    """
    count = len(good_score_N)
    if count == 0:
        raise DataError("no picture of a good part is held out, so no threshold can be fitted; add some to val")
    above = min(count, math.floor(max_overkill * (count + 1) + 1e-9) - 1)  # so many of them may be rejected
    above = max(0, above)
    largest_first = np.sort(np.asarray(good_score_N, np.float64))[::-1]
    reached = largest_first[above] if above < count else -np.inf
    threshold = float(np.nextafter(np.float32(reached), np.float32(np.inf)))
    return Promise(max(0.0, threshold), (above + 1) / (count + 1), count)


def fit_anomaly_rule(
    good_score_N: NDArray[np.floating], good_map_NHW: NDArray[np.floating], max_overkill: float
) -> AnomalyRule:
    """Both thresholds of the bundle's rule, from what a graph says of held-out good parts."""
    level = float(np.quantile(good_map_NHW, _USUAL_PLACES))
    return AnomalyRule(promise(good_score_N, max_overkill).threshold, level)
