"""What is written about a part: short sentences that say what its verdict says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bundle import read_manifest
from edge.heartbeat import shown_classes
from edge.messages import Verdict
from edge.reports.child import Writes
from edge.reports.handover import Open, Written


def opened(wish: Open) -> Writes:
    """A writer for a bundle. Raises BundleError."""
    titles = {spec.name: spec.titles for spec in shown_classes(read_manifest(Path(wish.bundle)))}

    def write(image_HWC: NDArray[np.uint8], verdict: Verdict) -> Written:
        del image_HWC  # these sentences need the verdict only
        return Written({language: _SENTENCES[language](verdict, titles) for language in wish.languages}, {}, 0, 0.0)

    return write


def _english(verdict: Verdict, titles: Mapping[str, Mapping[str, str]]) -> str:
    what = _title(verdict, titles, "en")
    places = f", {len(verdict.boxes)} place{'s' if len(verdict.boxes) != 1 else ''} marked" if verdict.boxes else ""
    return f"{verdict.status}{what}{places}."


def _taiwan_chinese(verdict: Verdict, titles: Mapping[str, Mapping[str, str]]) -> str:
    status = "待判" if verdict.status == "UNDECIDED" else verdict.status
    places = f"，標示 {len(verdict.boxes)} 處" if verdict.boxes else ""
    return f"{status}{_title(verdict, titles, 'zh-TW').replace(': ', '：')}{places}。"


def _title(verdict: Verdict, titles: Mapping[str, Mapping[str, str]], language: str) -> str:
    if verdict.class_name is None:
        return f": {verdict.reason}" if verdict.reason else ""
    return f": {titles.get(verdict.class_name, {}).get(language, verdict.class_name)}"


_SENTENCES: Mapping[str, Callable[[Verdict, Mapping[str, Mapping[str, str]]], str]] = {
    "en": _english,
    "zh-TW": _taiwan_chinese,
}
