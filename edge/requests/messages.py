"""What goes over the request socket: one JSON object asks, one answers, with messages of the feed behind it.

`python -m edge.requests.messages > docs/feed/requests.schema.json` writes the schema.
"""

from __future__ import annotations

import inspect
import sys
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from edge.messages import Truth
from edge.questions.answered import Answered
from edge.search.asked import Moment
from edge.search.results import By
from edge.verdict import Status

REQUESTS_VERSION = 1

# SQLite and JavaScript hold both.
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Name = Annotated[str, Meta(max_length=300)]
Epoch = Annotated[str, Meta(min_length=1, max_length=100)]

Fault = Literal["malformed", "too_often", "unknown", "refused", "unavailable"]


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message's place in its topic."""

    epoch: Epoch
    number: Number


class ReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="replay"):
    """Stored messages of one topic, from `start` on; without `start` from the oldest that is kept.

    last: the last number wanted of this epoch; without it the answer also leads on into later epochs. `id` comes back.
    """

    topic: Name
    start: Mark | None = None
    last: Number | None = None
    id: Name = ""


class SnapshotRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="snapshot"):
    """The line as it is now: newest report of the line and of each camera, newest verdict of each topic."""

    id: Name = ""


class PicturesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="pictures"):
    """Live pictures of a camera, `hz` a second, for `seconds`; ask again before they are over. hz 0 gives them back."""

    camera: Name
    hz: Annotated[float, Meta(ge=0, le=120)]
    seconds: Annotated[float, Meta(gt=0, le=300)] = 30.0
    id: Name = ""


class TriggerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="trigger"):
    """A verdict on the next frame of a camera with `trigger = "external"`; `identity` comes back in the verdict."""

    camera: Name
    identity: Annotated[str, Meta(min_length=1, max_length=200)]
    id: Name = ""


class RecipeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="recipe"):
    """Judge a camera's parts as a product of the line file from now on; all cameras' where none is named."""

    product: Name
    camera: Name | None = None
    id: Name = ""


class AskRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ask"):
    """A question about the part of a stored verdict, in English or Traditional Chinese; several at once may be asked.

    session: as an earlier answer named it, so that "and on the right?" is understood; empty for a new conversation.
    """

    verdict: Name
    question: Annotated[str, Meta(max_length=20_000)]
    session: Annotated[str, Meta(max_length=100)] = ""
    id: Name = ""


class SearchRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="search"):
    """Parts of the history that a sentence (English or Traditional Chinese) describes, or that look like a verdict's.

    question: the sentence, or the id of the verdict. The rest says which parts may be found; `until` is not included.
    """

    question: Annotated[str, Meta(max_length=20_000)]
    status: Status | None = None
    camera: Name | None = None
    class_name: Name | None = None
    since: Moment | None = None
    until: Moment | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    id: Name = ""


class MarkRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="mark"):
    """A person says that a stored verdict was wrong. The verdict stands; the newest mark of it counts.

    truth: what the part really was; null withdraws the mark. class_name: of a defect, one of the line's `defects`;
    null for another. note: at most 500 characters, by: at most 60; both become plain text on one line.
    """

    verdict: Name
    truth: Truth | None
    class_name: Name | None = None
    note: Annotated[str, Meta(max_length=20_000)] = ""
    by: Name = ""
    id: Name = ""


class ReplayAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="replay"):
    """The messages follow as further frames, in order, as they were published.

    next: what to ask for as the next `start`; null where nothing follows yet. known: false where the epoch asked for is
    not kept any more, so that nobody can say what is missing of it.
    """

    topic: str
    count: int
    known: bool
    next: Mark | None
    id: str = ""


class SnapshotAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="snapshot"):
    """The messages follow as further frames. marks: the newest message of each topic that is stored."""

    epoch: str
    marks: dict[str, Mark]
    count: int
    id: str = ""


class PicturesAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="pictures"):
    """They come on `topic`, `hz` a second: the highest rate that anyone has asked for."""

    topic: str
    hz: float
    id: str = ""


class TriggerAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="trigger"):
    """The request waits for the next frame; the verdict comes on the feed."""

    topic: str
    id: str = ""


class RecipeAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="recipe"):
    """active: the next trigger is judged so. opening: as soon as its engine is warm; ask again to know."""

    product: str
    state: Literal["active", "opening"]
    id: str = ""


class AskAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="ask"):
    """One answer for each question, in its language. session: to be named with the next question."""

    verdict: str
    session: str
    answers: tuple[Answered, ...]
    id: str = ""


class FoundPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part that was found. `verdict` is its id. score: a cosine where it was found by look, else for order only.

    by: it looks alike; the sentence describes it; its words are in what is written about it.
    """

    verdict: str
    score: float
    by: tuple[By, ...]
    has_picture: bool


class SearchAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="search"):
    """The parts, best first; their verdicts follow as further frames, as on the feed."""

    parts: tuple[FoundPart, ...]
    count: int
    id: str = ""


class MarkAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="mark"):
    """The mark is on disk. It follows as a further frame, as on the feed."""

    verdict: str
    truth: Truth | None
    id: str = ""


class ErrorAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="error"):
    """The request was not done. `detail` is one sentence for whoever wrote it; `retry_ms`: when to ask again."""

    fault: Fault
    detail: str
    retry_ms: int = 0
    id: str = ""


Request = (
    ReplayRequest
    | SnapshotRequest
    | PicturesRequest
    | TriggerRequest
    | RecipeRequest
    | AskRequest
    | SearchRequest
    | MarkRequest
)
Answer = (
    ReplayAnswer
    | SnapshotAnswer
    | PicturesAnswer
    | TriggerAnswer
    | RecipeAnswer
    | AskAnswer
    | SearchAnswer
    | MarkAnswer
    | ErrorAnswer
)


def is_stored(topic: str) -> bool:
    """Whether lost messages of a topic can be had again."""
    return topic.startswith(("verdict/", "note/", "report/", "mark/"))


def encode_request(message: Request | Answer) -> bytes:
    """The JSON of a request or an answer, UTF-8."""
    return _ENCODER.encode(message)


def decode_request(raw: bytes) -> Request:
    """Raises msgspec.DecodeError or RecursionError."""
    request: Request = _REQUESTS.decode(raw)
    return request


def decode_answer(raw: bytes) -> Answer:
    """Raises msgspec.DecodeError or RecursionError."""
    answer: Answer = _ANSWERS.decode(raw)
    return answer


def requests_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of requests and answers, generated from the structs above."""
    (requests, answers), definitions = msgspec.json.schema_components((Request, Answer), ref_template="#/$defs/{name}")
    for definition in definitions.values():
        definition["description"] = inspect.cleandoc(definition["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"edgevl requests, version {REQUESTS_VERSION}",
        "anyOf": [{"$ref": "#/$defs/Request"}, {"$ref": "#/$defs/Answer"}],
        "$defs": {"Request": requests, "Answer": answers, **definitions},
    }


_ENCODER = msgspec.json.Encoder()
_REQUESTS = msgspec.json.Decoder(Request)
_ANSWERS = msgspec.json.Decoder(Answer)

if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(requests_schema()), indent=2) + b"\n")
