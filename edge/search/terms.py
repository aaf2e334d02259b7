"""The terms of a text: Latin words as they are, Chinese in pairs of characters, as words have no spaces between them.

SQLite's own tokenizers take a whole Chinese clause for one word, or (trigram) miss words of two characters.
"""

from __future__ import annotations

import re
import unicodedata

from edge.defect_names import other_names

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+")
_HAN = re.compile(f"[{HAN}]")


def folded(text: str) -> str:
    """Full-width letters as narrow ones, capitals as small ones (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", text).lower()


def runs(text: str) -> list[str]:
    """Runs of Chinese characters and Latin words, in order."""
    return _RUN.findall(folded(text))


def is_han(run: str) -> bool:
    return bool(_HAN.match(run))


def terms(text: str) -> list[str]:
    """What is written into the index. A run of Chinese ends with its last character, to be found by it alone."""
    found: list[str] = []
    for run in runs(text):
        found += [run[n : n + 2] for n in range(len(run))] if is_han(run) else [run]
    return found


def match(text: str) -> str:
    """The FTS5 expression that finds any term of a text, or another name of a defect in it; empty where it has none."""
    wanted: list[str] = []
    for run in runs(text):
        if is_han(run) and len(run) == 1:  # whatever begins with it
            wanted.append(f'"{run}" *')
        else:
            wanted += [f'"{term}"' for term in _whole(run)]
    for name in other_names(folded(text)):
        every = " AND ".join(f'"{term}"' for run in runs(name) for term in _whole(run))
        wanted.append(f"({every})")
    return " OR ".join(dict.fromkeys(wanted))


def _whole(run: str) -> list[str]:
    """The terms of a run that it alone has."""
    return [run[n : n + 2] for n in range(len(run) - 1)] if is_han(run) else [run]
