"""`python -m edge.search DATA_DIR BUNDLE...`: answers searches, a line of JSON each, until its input ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from edge.search.asked import Part, Told, Wish
from edge.search.finder import Finder


def main() -> None:
    """Gives way to the line in everything."""
    os.nice(10)
    finder = Finder(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
    decoder = msgspec.json.Decoder(Wish)
    for line in sys.stdin.buffer:
        wish = decoder.decode(line)
        found = finder.find(wish.question, wish.wanted, wish.limit)
        parts = tuple(Part(hit.score, hit.by, hit.stored.has_picture, hit.stored.verdict) for hit in found.hits)
        sys.stdout.buffer.write(msgspec.json.encode(Told(parts, found.error)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
