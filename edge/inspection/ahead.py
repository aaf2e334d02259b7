"""One batch ahead: what is slow to make is made in a second thread while the batch before is used."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def made_ahead(make: Callable[[Item], Made], items: Sequence[Item], size: int) -> Generator[list[Made], None, None]:
    """`make` of every item in order, in lists of `size` (the last may be shorter); at most two lists exist at a time.

    Raises what `make` raises, when its list is asked for. The thread is gone when the iterator is.
    """
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming = pool.submit(_each, make, batches[0]) if batches else None
        for following in [*batches[1:], None]:
            if coming is None:
                return
            ready = coming.result()
            coming = None if following is None else pool.submit(_each, make, following)
            yield ready


def _each(make: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    return [make(item) for item in items]
