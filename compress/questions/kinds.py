"""What the reader of questions is taught to tell apart: the kinds that can be answered, and all the others."""

from __future__ import annotations

from typing import Literal

from edge.questions.reader import KINDS

Taught = Literal[
    "exists", "count", "what", "where", "size", "compare", "status", "severity", "action", "follow", "other"
]
TAUGHT: tuple[Taught, ...] = (*KINDS, "other")
