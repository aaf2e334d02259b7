"""One batch ahead: in order, never more than one ahead, and nothing left behind."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.inspection.ahead import made_ahead


@given(st.lists(st.integers(), max_size=20), st.integers(1, 6))
def test_all_come_in_order_in_full_lists(items: list[int], size: int) -> None:
    """Only the last list may be shorter."""
    lists = list(made_ahead(lambda item: item + 1, items, size))
    assert [made for one in lists for made in one] == [item + 1 for item in items]
    assert all(len(one) == size for one in lists[:-1])


def test_one_list_is_made_ahead_and_no_more() -> None:
    """The second is made in another thread while the first is used; the third is never made if nobody asks."""
    made: list[int] = []
    second = threading.Event()

    def make(item: int) -> int:
        made.append(item)
        if item == 3:
            second.set()
        return threading.get_ident()

    lists = made_ahead(make, range(10), 2)
    assert threading.get_ident() not in next(lists)
    assert second.wait(10)
    lists.close()
    assert made == [0, 1, 2, 3]
    assert "ahead" not in {thread.name.partition("_")[0] for thread in threading.enumerate()}


def test_what_fails_is_raised_where_its_list_is_asked_for() -> None:
    """Those before it are given."""
    lists = made_ahead(lambda item: 1 // item, [2, 1, 0], 1)
    assert [next(lists), next(lists)] == [[0], [1]]
    with pytest.raises(ZeroDivisionError):
        next(lists)
