"""A sentence as numbers for the text encoder: hashed n-grams of its words and characters, no vocabulary to carry.

A unit is a Latin word (itself and its letters in threes, so that a plural or a slip of the pen stays near) or a
Chinese character (itself and its pairs with both neighbours), after fastText (Bojanowski et al. 2017).
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from edge.search.terms import is_han, runs

UNITS = 32
GRAMS = 10
BUCKETS = 8192


def hashed(text: str) -> NDArray[np.int32]:
    """int32 [UNITS, GRAMS] of 1..BUCKETS - 1, 0 where there is nothing; what is beyond UNITS is cut."""
    ids_LG = np.zeros((UNITS, GRAMS), np.int32)
    for place, grams in enumerate(_units(text)[:UNITS]):
        ids = [zlib.crc32(gram.encode()) % (BUCKETS - 1) + 1 for gram in grams[:GRAMS]]
        ids_LG[place, : len(ids)] = ids
    return ids_LG


def _units(text: str) -> list[list[str]]:
    units: list[list[str]] = []
    for run in runs(text):
        if is_han(run):
            edged = f"<{run}>"
            units += [[run[n], edged[n : n + 2], edged[n + 1 : n + 3]] for n in range(len(run))]
        else:
            edged = f"<{run}>"
            units.append([run, *(edged[n : n + 3] for n in range(len(edged) - 2))])
    return units
