"""Turns requests into answers. Whatever comes is answered, if only by an error; who asks too often waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from edge.line.marking import MarkError, MarkWish, UnknownVerdictError
from edge.line.picture_rates import TooManyLeasesError
from edge.line.recipes import RecipeError
from edge.line.triggers import RequestError
from edge.messages import VerdictMark, encode, topic_for
from edge.reports.handover import Ask, Asked
from edge.requests.desk import Desk
from edge.requests.messages import (
    Answer,
    AskAnswer,
    AskRequest,
    ErrorAnswer,
    Fault,
    FoundPart,
    MarkAnswer,
    MarkRequest,
    PicturesAnswer,
    PicturesRequest,
    RecipeAnswer,
    RecipeRequest,
    ReplayAnswer,
    ReplayRequest,
    Request,
    SearchAnswer,
    SearchRequest,
    SnapshotAnswer,
    SnapshotRequest,
    TriggerAnswer,
    TriggerRequest,
    decode_request,
    encode_request,
)
from edge.requests.peer_limit import PeerLimit
from edge.requests.replay import Replay
from edge.search.asked import Told, Wish

_MOST_FRAMES = 4
# A client that catches up asks for a hundred pages a second at most; a page is 500 messages.
_PER_S, _BURST = 100.0, 200


class Clerk:
    """Turns the frames of a request into the frames of its answer; never raises over what came. One thread.

    Of some requests the answer comes later: then `answer` gives none, and `later` gets it.
    """

    def __init__(self, desk: Desk, later: Callable[[list[bytes]], None] = lambda _: None) -> None:
        self._desk = desk
        self._later = later
        self._limit = PeerLimit(_PER_S, _BURST)
        self._replay: Replay | None = None

    def answer(self, parts: list[bytes]) -> list[bytes] | None:
        """[peer, (empty,) JSON] -> [peer, (empty,) JSON, messages...]; only REQ sockets put the empty frame."""
        peer, *rest = parts
        envelope = [peer, b""] if rest[:1] == [b""] else [peer]
        wait_s = self._limit.wait_s(peer)
        if wait_s:
            error = _error("too_often", f"at most {_PER_S:g} requests a second; wait", retry_ms=int(wait_s * 1000) + 1)
            return [*envelope, encode_request(error)]
        found = self._answer_body(envelope, parts[len(envelope) :], len(parts))
        return None if found is None else [*envelope, encode_request(found[0]), *found[1]]

    def close(self) -> None:
        if self._replay is not None:
            self._replay.close()
            self._replay = None

    def _answer_body(self, envelope: list[bytes], body: list[bytes], frames: int) -> tuple[Answer, list[bytes]] | None:
        if len(body) != 1 or frames > _MOST_FRAMES:
            return _error("malformed", f"a request is one frame of JSON, but {len(body)} frames came"), []
        try:
            request = decode_request(body[0])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return _error("malformed", f"not a request: {error}; see docs/feed/requests.schema.json"), []
        return self._do(envelope, request)

    def _do(self, envelope: list[bytes], request: Request) -> tuple[Answer, list[bytes]] | None:
        try:
            match request:
                case ReplayRequest():
                    return self._replayed(request)
                case SnapshotRequest():
                    return self._snapshot(request)
                case PicturesRequest():
                    return self._pictures(envelope[0], request), []
                case TriggerRequest():
                    return self._triggered(request), []
                case RecipeRequest():
                    return self._chosen(request), []
                case AskRequest():
                    return self._asked(envelope, request)
                case SearchRequest():
                    self._search(envelope, request)
                    return None
                case MarkRequest():
                    return self._mark(envelope, request)
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self.close()  # opened anew with the next request
            return _error("unavailable", f"the history cannot be read now ({error})", request.id, retry_ms=500), []

    def _opened(self) -> Replay:
        if self._replay is None:
            self._replay = self._desk.open_replay()
        return self._replay

    def _replayed(self, request: ReplayRequest) -> tuple[Answer, list[bytes]]:
        page = self._opened().page(request.topic, request.start, request.last)
        # An epoch that has just begun may have no verdict yet; that is no loss.
        young = request.start is not None and request.start.epoch == self._desk.epoch and not page.known
        known, follows = (True, None) if young else (page.known, page.next)
        return ReplayAnswer(request.topic, len(page.payloads), known, follows, request.id), list(page.payloads)

    def _snapshot(self, request: SnapshotRequest) -> tuple[Answer, list[bytes]]:
        """Verdicts from the store, not from the feed: marks and messages must be of one moment."""
        stored = self._opened().newest()
        heard = self._desk.publisher.newest()
        reports = [payload for topic, payload in heard.items() if topic.startswith(("line/", "camera/"))]
        messages = [*reports, *(payload for _, payload in stored.values())]
        marks = {topic: mark for topic, (mark, _) in stored.items()}
        return SnapshotAnswer(self._desk.epoch, marks, len(messages), request.id), messages

    def _pictures(self, peer: bytes, request: PicturesRequest) -> Answer:
        try:
            hz = self._desk.pictures(request.camera, peer, request.hz, request.seconds)
        except KeyError:
            return _error("unknown", f"this line has no camera {request.camera!r}", request.id)
        except TooManyLeasesError as error:
            return _error("refused", str(error), request.id, retry_ms=1000)
        return PicturesAnswer(topic_for("picture", self._desk.line, request.camera), hz, request.id)

    def _triggered(self, request: TriggerRequest) -> Answer:
        try:
            self._desk.trigger(request.camera, request.identity)
        except RequestError as error:
            return _error("refused", str(error), request.id)
        return TriggerAnswer(topic_for("verdict", self._desk.line, request.camera), request.id)

    def _asked(self, envelope: list[bytes], request: AskRequest) -> tuple[Answer, list[bytes]] | None:
        """Another process answers; this thread goes on with what others ask."""
        found = self._desk.find(request.verdict)
        if found is None:
            return _error("unknown", f"the history has no verdict {request.verdict!r}", request.id), []

        def reply(asked: Asked | str) -> None:
            if isinstance(asked, str):
                answer: Answer = _error("unavailable", asked, request.id, retry_ms=1000)
            else:
                answer = AskAnswer(request.verdict, asked.session, asked.answers, request.id)
            self._later([*envelope, encode_request(answer)])

        self._desk.ask(Ask(request.question, request.session, *found), reply)
        return None

    def _search(self, envelope: list[bytes], request: SearchRequest) -> None:
        """Another process looks; this thread goes on with what others ask."""

        def reply(told: Told | str) -> None:
            payloads: list[bytes] = []
            if isinstance(told, str):
                answer: Answer = _error("unavailable", told, request.id, retry_ms=1000)
            elif told.error is not None:
                answer = _error("refused", told.error, request.id)
            else:
                parts = tuple(FoundPart(part.verdict.id, part.score, part.by, part.has_picture) for part in told.parts)
                answer = SearchAnswer(parts, len(parts), request.id)
                payloads = [encode(part.verdict) for part in told.parts]
            self._later([*envelope, encode_request(answer), *payloads])

        r = request
        self._desk.search(Wish(r.question, r.status, r.camera, r.class_name, r.since, r.until, r.limit), reply)

    def _mark(self, envelope: list[bytes], request: MarkRequest) -> tuple[Answer, list[bytes]] | None:
        """The writer stores it, and answers when it is on disk."""

        def reply(marked: VerdictMark | str) -> None:
            if isinstance(marked, str):
                refused = _error("unavailable", marked, request.id, retry_ms=1000)
                self._later([*envelope, encode_request(refused)])
                return
            answer = MarkAnswer(marked.verdict, marked.truth, request.id)
            self._later([*envelope, encode_request(answer), encode(marked)])

        r = request
        try:
            self._desk.mark(MarkWish(r.verdict, r.truth, r.class_name, r.note, r.by), reply)
        except UnknownVerdictError as error:
            return _error("unknown", str(error), request.id), []
        except MarkError as error:
            return _error("refused", str(error), request.id), []
        return None

    def _chosen(self, request: RecipeRequest) -> Answer:
        try:
            state = self._desk.recipe(request.product, request.camera)
        except RecipeError as error:
            return _error("refused", str(error), request.id)
        return RecipeAnswer(request.product, state, request.id)


def _error(fault: Fault, detail: str, request_id: str = "", retry_ms: int = 0) -> ErrorAnswer:
    return ErrorAnswer(fault, detail, retry_ms, request_id)
