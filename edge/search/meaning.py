"""Parts and sentences as vectors of one space, where a sentence is near the parts that it describes.

Two small graphs of the bundle, made by the workshop (`compress.search`); both give float32 [N, DIM], L2-normalised:

    language/search-text.onnx   ids       int32   [N, UNITS, GRAMS]   of `edge.search.sentence.hashed`
    language/search-part.onnx   embedding float32 [N, D]              of the bundle's own graph
                                seen      float32 [N, F]              of `edge.search.seen.numbers`
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.engines.aside import open_aside
from edge.messages import Verdict
from edge.search.seen import Seen, numbers, seen_in
from edge.search.sentence import hashed
from edge.search.vectors import DIM

TEXT_GRAPH = "language/search-text.onnx"
PART_GRAPH = "language/search-part.onnx"


class Meaning:
    """The two graphs of a bundle, on one thread of the CPU."""

    def __init__(self, text_graph: Path, part_graph: Path, classes: Sequence[str]) -> None:
        """classes: names in the order of the manifest. Raises BundleError."""
        self._text, self._part = open_aside(text_graph), open_aside(part_graph)
        self._classes = classes

    def of_sentence(self, text: str) -> NDArray[np.float32]:
        """float32 [DIM]."""
        (vector_ND,) = self._text.run(None, {"ids": hashed(text)[None]})
        return np.asarray(vector_ND[0], np.float32)

    def of_parts(self, verdicts: Sequence[Verdict], embedding_ND: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 [N, DIM] of what verdicts say, and of what their embeddings know beside."""
        return self.of_seen([seen_in(verdict) for verdict in verdicts], embedding_ND)

    def of_seen(self, seen: Sequence[Seen], embedding_ND: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same for parts that are described otherwise."""
        number_NF = np.stack([numbers(one, self._classes) for one in seen])
        (vector_ND,) = self._part.run(None, {"embedding": embedding_ND, "seen": number_NF})
        return np.asarray(vector_ND, np.float32)


def meaning_of(bundle: Bundle) -> Meaning | None:
    """What a bundle is searched by sentence with; None where it has no such graphs. Raises BundleError."""
    text = bundle.manifest.text
    if text is None or text.dim != DIM:
        return None
    classes = [spec.name for spec in bundle.manifest.classes]
    return Meaning(bundle.file(text.sentence), bundle.file(text.part), classes)
