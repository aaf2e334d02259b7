"""Groups stay whole, classes reach every split, and the shares come near."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compress.data.splits import SHARES, complete, groups_across, split_groups


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=1, max_size=60), st.integers(0, 9))
def test_no_group_is_ever_cut(images: list[tuple[str, int]], seed: int) -> None:
    """Whatever the classes and groups."""
    classes, groups = [c for c, _ in images], [str(g) for _, g in images]
    splits = split_groups(classes, groups, seed)
    assert groups_across(groups, splits) == ()
    assert splits == split_groups(classes, groups, seed)


def test_shares_come_near_in_every_class() -> None:
    """Within three images of 60/15/25 for classes of 40 and 400 in groups of 1 to 4."""
    rng = np.random.default_rng(0)
    classes = ["rare"] * 40 + ["common"] * 400
    groups = [f"{c}{g}" for c, g in zip(classes, np.repeat(np.arange(440), rng.integers(1, 5, 440)), strict=False)]
    splits = split_groups(classes, groups, seed=0)
    for name, total in Counter(classes).items():
        counts = Counter(s for s, c in zip(splits, classes, strict=True) if c == name)
        for split, share in SHARES.items():
            assert counts[split] == pytest.approx(share * total, abs=3)


@pytest.mark.parametrize(("groups", "reached"), [(1, {"train"}), (2, {"train", "test"}), (3, {"train", "val", "test"})])
def test_a_class_of_few_groups_reaches_train_then_test_then_val(groups: int, reached: set[str]) -> None:
    """What cannot be learned needs no test."""
    classes = ["few"] * groups + ["many"] * 60
    splits = split_groups(classes, [str(i) for i in range(len(classes))], seed=0)
    assert {s for s, c in zip(splits, classes, strict=True) if c == "few"} == reached


def test_completing_touches_train_only() -> None:
    """A given test set stays as it was published."""
    given_splits = ["train"] * 80 + ["test"] * 20
    classes = ["a", "b"] * 50
    splits, clause = complete(given_splits, classes, [str(i // 2) for i in range(100)], seed=0)  # type: ignore[arg-type]
    assert Counter(splits) == {"train": 64, "val": 16, "test": 20}
    assert splits[80:] == ["test"] * 20
    assert clause == ", val taken from train by groups (seed 0)"
    assert complete(splits, classes, ["g"] * 100, seed=0) == (splits, "")
