"""An answer as it goes over the request socket."""

from __future__ import annotations

import msgspec


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question and its answer.

    kind: how it was understood, null where it was not. told: false where the answer is that nobody can tell. language:
    of the question and the answer; null for one that is not spoken here.
    """

    question: str
    text: str
    told: bool
    kind: str | None = None
    language: str | None = None
    value: bool | int | str | tuple[tuple[int, int], ...] | None = None
