"""What the bundle itself makes of every picture: visual tokens to describe it by, and the facts of its verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Sample
from compress.data.images import read_image
from compress.data.masks import defect_mask, labelled_boxes
from compress.progress import Reporter
from edge.bundle.load import Bundle
from edge.engines.choose import open_engine
from edge.facts import Facts
from edge.geometry import Box, Region
from edge.inspection.inspector import Inspection, Inspector
from edge.language.sight import Sight
from edge.language.state import findings_of, state_facts
from edge.verdict import Status, disposition

FORMAT = 2  # of what is kept: goes up where a look of an earlier version cannot be read any more
_TOKENS = "tokens.npy"
_MARKED = "marked.npy"
_FACTS = "facts.json"


class Seen(msgspec.Struct, frozen=True):
    """One picture. verdict: the facts of the bundle's verdict; truth: of its labels, None where no place is known.

    class_name: the label.
    """

    name: str
    class_name: str
    verdict: Facts
    truth: Facts | None


@dataclass(frozen=True, slots=True)
class Look:
    """tokens_NTC float32, in the order of `seen`.

    marked_NT: which of the tokens' places touch a defect, by the labels, or by the verdict's boxes where those have no
    places; none where there is no defect, or where tokens are no places.
    """

    seen: tuple[Seen, ...]
    tokens_NTC: NDArray[np.float32]
    marked_NT: NDArray[np.bool_]

    def every(self, most: int) -> Look:
        """At most so many pictures, spread over all of them."""
        step = max(1, -(-len(self.seen) // most))
        return Look(self.seen[::step], self.tokens_NTC[::step], self.marked_NT[::step])

    def of(self, names: Collection[str]) -> Look:
        """Only these pictures."""
        kept = [number for number, each in enumerate(self.seen) if each.name in names]
        return Look(tuple(self.seen[number] for number in kept), self.tokens_NTC[kept], self.marked_NT[kept])


def look(folder: Path, bundle: Bundle, samples: Sequence[Sample], reporter: Reporter) -> None:
    """Inspect every picture as the device would, and keep what was seen in `folder`."""
    sight = Sight(bundle)
    opened = open_engine(bundle, place="cpu", threads=1)
    try:
        inspector = Inspector(bundle, opened.engine)
        seen, tokens, marked = [], [], []
        with reporter.bar("looking at pictures", len(samples)) as advance:
            for sample in samples:
                image_HWC = read_image(sample.path)
                tokens.append(sight.see(image_HWC))
                found = inspector.inspect(image_HWC)
                seen.append(Seen(sample.name, sample.class_name, _verdict(found), truth_of(sample, image_HWC)))
                marked.append(
                    marked_tokens(sample, image_HWC, found.boxes, sight.grid(len(tokens[-1])), len(tokens[-1]))
                )
                advance()
    finally:
        opened.engine.close()
    np.save(folder / _TOKENS, np.stack(tokens))
    np.save(folder / _MARKED, np.stack(marked))
    (folder / _FACTS).write_bytes(msgspec.json.encode(seen))


def read_look(folder: Path) -> Look:
    seen = msgspec.json.decode((folder / _FACTS).read_bytes(), type=tuple[Seen, ...])
    tokens_NTC = np.load(folder / _TOKENS, mmap_mode="r", allow_pickle=False)
    return Look(seen, tokens_NTC, np.load(folder / _MARKED, allow_pickle=False))


def truth_of(sample: Sample, image_HWC: NDArray[np.uint8]) -> Facts | None:
    """The facts of a sample's labels, as a verdict would say them; None where nobody knows its place."""
    height, width = image_HWC.shape[:2]
    mask_HW = defect_mask(sample, height, width)
    if mask_HW is None:
        return None
    findings = findings_of(labelled_boxes(sample, mask_HW), Region(0, 0, width, height))
    status: Status = "OK" if sample.kind == "good" else "NG"
    return state_facts(status, None, sample.class_name, 1.0, disposition(status, "reject"), findings)


def marked_tokens(
    sample: Sample, image_HWC: NDArray[np.uint8], boxes: Sequence[Box], grid: tuple[int, int] | None, tokens: int
) -> NDArray[np.bool_]:
    """Which tokens, row by row, touch a defect."""
    if grid is None or sample.kind == "good":
        return np.zeros(tokens, np.bool_)
    mask_HW = defect_mask(sample, *image_HWC.shape[:2])
    if mask_HW is None:
        mask_HW = np.zeros(image_HWC.shape[:2], np.bool_)
        for box in boxes:
            mask_HW[box.y : box.y + box.h, box.x : box.x + box.w] = True
    return np.asarray(cv2.resize(mask_HW.astype(np.float32), grid[::-1], interpolation=cv2.INTER_AREA) > 0).ravel()


def _verdict(found: Inspection) -> Facts:
    decided = found.decided
    return state_facts(
        decided.status,
        decided.reason,
        decided.class_name,
        min(1.0, max(0.0, decided.probability)),
        disposition(decided.status, "reject"),
        findings_of(found.boxes, found.region),
    )
