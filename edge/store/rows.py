"""A verdict on its way into the database: encoded once, whether it goes in now or waits for the disk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.messages import Verdict, encode

# id, topic, epoch, number, camera, captured_ns, status, class_name as the INSERT has them; embedding; payload.
Row = tuple[str, str, str, int, str, int, str, "str | None", "bytes | None", bytes]


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """A row to be: the message, when its frame was taken (`Frame.wall_ns`), and the embedding where there is one."""

    verdict: Verdict
    wall_ns: int
    embedding_D: NDArray[np.float32] | None = None


def row_of(new: NewVerdict) -> Row:
    """In the order of the INSERT, with the embedding before the JSON, which is last."""
    v, embedding_D = new.verdict, new.embedding_D
    half = None if embedding_D is None else embedding_D.astype("<f2").tobytes()
    return (v.id, v.topic, v.epoch, v.number, v.camera, new.wall_ns, v.status, v.class_name, half, encode(v))
