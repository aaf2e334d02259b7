"""Each sample's split: given, made here, or with every defect held out for the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from compress.data.readers.found import Split
from compress.data.readers.lists import SPLITS
from compress.data.samples import Sample
from compress.data.splits import SHARES, Given, complete, split_groups
from compress.errors import DataError

Defects = Literal["auto", "teach", "hold-out"]


def assign_splits(
    samples: Sequence[Sample], given: Given | None, defects: Defects, seed: int
) -> tuple[tuple[Sample, ...], str]:
    """Give each sample its split, and say in a clause where the splits come from.

    defects: "teach" makes new splits where the given ones train on good parts only; "hold-out" moves every defect
    to test, so that training and tuning see good parts only; "auto" does as the given splits do.
    Raises DataError where the samples leave that no sense.
    """
    _require(samples, defects)
    classes, groups = [s.class_name for s in samples], [s.group for s in samples]
    refused = _why_not(samples, given, defects) if given else ""
    if given is None or refused:
        splits = split_groups(classes, groups, seed)
        shares = "/".join(f"{100 * SHARES[split]:.0f}" for split in SPLITS)
        source = f"splits made here by groups, {shares} train/val/test (seed {seed}){refused}"
    else:
        splits, taken = complete([given.split_of[s.path] for s in samples], classes, groups, seed)
        source = given.source + taken
    divided = _divided(samples, splits)
    if defects == "hold-out" or (defects == "auto" and {s.kind for s in divided if s.split == "train"} == {"good"}):
        return _held_out(divided, source)
    return divided, source


def _require(samples: Sequence[Sample], defects: Defects) -> None:
    kinds = {s.kind for s in samples}
    if defects == "hold-out" and "good" not in kinds:
        names = ", ".join(sorted({s.class_name for s in samples}))
        raise DataError(f"no class of good parts to train on is left ({names}); name it with --good")
    if defects == "teach" and "defect" not in kinds:
        raise DataError("there are good parts only, so no defects can be taught; leave --defects out")


def _why_not(samples: Sequence[Sample], given: Given, defects: Defects) -> str:
    """Why the given splits cannot be used, as a clause; "" where they can."""
    taught = {(s.class_name, s.kind) for s in samples if given.split_of[s.path] == "train"}
    kinds = {kind for _, kind in taught}
    if defects == "hold-out":
        return "" if "good" in kinds else f" because train of the {given.source} holds no good parts"
    if len(taught) >= 2 or len({s.class_name for s in samples}) < 2 or (kinds == {"good"} and defects == "auto"):
        return ""
    return f" because train of the {given.source} holds one class only"


def _held_out(samples: Sequence[Sample], source: str) -> tuple[tuple[Sample, ...], str]:
    moved = sum(s.kind == "defect" and s.split != "test" for s in samples)
    held = _divided(samples, ["test" if s.kind == "defect" else s.split for s in samples])
    return held, source + (f", {moved:,} defects moved to test" if moved else "")


def _divided(samples: Sequence[Sample], splits: Sequence[Split]) -> tuple[Sample, ...]:
    return tuple(replace(s, split=split) for s, split in zip(samples, splits, strict=True))
