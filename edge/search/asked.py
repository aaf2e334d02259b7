"""A search as one process asks it of another: one line of JSON there, one line back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from edge.messages import Verdict
from edge.search.results import By
from edge.store.wanted import Wanted
from edge.verdict import Status

Name = Annotated[str, Meta(max_length=300)]
Moment = Annotated[datetime, Meta(tz=True)]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """question: a sentence, or the id of a verdict. The rest narrows it, see `edge.store.wanted.Wanted`."""

    question: Annotated[str, Meta(max_length=20_000)]
    status: Status | None = None
    camera: Name | None = None
    class_name: Name | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 10

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.status, self.camera, self.class_name, self.since, self.until)


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part that was found. score: a cosine where it was found by its look, else for order only."""

    score: float
    by: tuple[By, ...]
    has_picture: bool
    verdict: Verdict


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parts, best first; error: one sentence where the question cannot be answered."""

    parts: tuple[Part, ...] = ()
    error: str | None = None
