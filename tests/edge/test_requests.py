"""The request socket: replay, snapshot, pictures, triggers, and whatever else may come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import jsonschema
import msgspec
import psutil
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.messages import Note, decode, encode
from edge.requests.clerk import Clerk
from edge.requests.messages import (
    ErrorAnswer,
    Mark,
    PicturesAnswer,
    PicturesRequest,
    RecipeAnswer,
    RecipeRequest,
    ReplayAnswer,
    ReplayRequest,
    SearchAnswer,
    SearchRequest,
    SnapshotAnswer,
    SnapshotRequest,
    TriggerAnswer,
    TriggerRequest,
    decode_answer,
    encode_request,
    requests_schema,
)
from edge.requests.peer_limit import PeerLimit
from tests.edge.desks import Asker, Talking, talking
from tests.edge.feed_double import GOOD, SCRATCHED, Origin, verdict_of

SCHEMA_FILE = Path(__file__).parents[2] / "docs/feed/requests.schema.json"
TOPIC = "verdict/steel/belt"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Talking]:
    with talking(tmp_path, "e1") as line:
        yield line


@pytest.fixture
def asker(line: Talking) -> Iterator[Asker]:
    with Asker(line.server.address) as asker:
        yield asker


def test_the_committed_schema_is_the_generated_one() -> None:
    """`python -m edge.requests.messages > docs/feed/requests.schema.json` was not forgotten."""
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json.loads(msgspec.json.encode(requests_schema()))


def test_a_range_is_replayed_as_it_was_published(line: Talking, asker: Asker) -> None:
    """By topic, epoch and numbers, in order, byte for byte; the answer follows the schema."""
    line.say(0, 10)
    answer, messages = asker.ask(ReplayRequest(TOPIC, Mark("e1", 3), last=6, id="mine"))
    assert answer == ReplayAnswer(TOPIC, 4, known=True, next=None, id="mine")
    assert [decode(message).number for message in messages] == [3, 4, 5, 6]
    jsonschema.validate(msgspec.to_builtins(answer), json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_replay_leads_through_pages_and_epochs(tmp_path: Path) -> None:
    """From any place `next` leads to the newest message: over page ends and over restarts."""
    for epoch in ("z-first", "a-second"):
        with talking(tmp_path, epoch) as line:
            line.mute(0, 700)
    with talking(tmp_path, "m-third") as line, Asker(line.server.address) as asker:
        line.mute(0, 3)
        seen: list[tuple[str, int]] = []
        at: Mark | None = None
        while True:
            answer, messages = asker.ask(ReplayRequest(TOPIC, at))
            seen += [(decode(message).epoch, decode(message).number) for message in messages]
            assert isinstance(answer, ReplayAnswer)
            if answer.next is None:
                break
            at = answer.next
    lengths = {"z-first": 700, "a-second": 700, "m-third": 3}
    assert seen == [(epoch, number) for epoch, length in lengths.items() for number in range(length)]


def test_what_is_not_kept_is_said(line: Talking, asker: Asker) -> None:
    """An epoch that the store does not know is no silence: `known` is false, and `next` is the oldest that is kept."""
    line.mute(0, 2)
    answer, messages = asker.ask(ReplayRequest(TOPIC, Mark("long-gone", 5)))
    assert (answer, messages) == (ReplayAnswer(TOPIC, 0, known=False, next=Mark("e1", 0)), [])
    assert asker.ask(ReplayRequest("verdict/steel/none"))[0] == ReplayAnswer("verdict/steel/none", 0, True, None)


def test_parts_are_searched_for_in_a_process_beside_the_line(line: Talking, asker: Asker) -> None:
    """Their verdicts follow, best first; a question that cannot be asked is refused; a dead process is begun anew."""
    line.mute(0, 2)
    line.mute(2, part=SCRATCHED)
    answer, messages = asker.ask(SearchRequest("a scratch", status="NG", id="mine"))
    assert isinstance(answer, SearchAnswer)
    assert (answer.count, answer.id, answer.parts[0].by) == (1, "mine", ("words",))
    assert [decode(message).number for message in messages] == [2]
    jsonschema.validate(json.loads(encode_request(answer)), json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    since = datetime(2100, 1, 1, tzinfo=timezone.utc)
    assert asker.ask(SearchRequest("scratch", since=since))[0] == SearchAnswer((), 0)
    for question in (" ", "刮" * 10_000, "царапина"):
        refused = asker.ask(SearchRequest(question))[0]
        assert isinstance(refused, ErrorAnswer)
        assert refused.fault == "refused"
    (process,) = [p for p in psutil.Process().children(recursive=True) if "edge.search" in p.cmdline()]
    process.kill()
    process.wait()
    assert isinstance(asker.ask(SearchRequest("scratch"))[0], SearchAnswer)


def test_notes_are_replayed_too(line: Talking, asker: Asker) -> None:
    """What the model said after its deadline is stored under a topic of its own."""
    line.mute(0)
    verdict = verdict_of(GOOD, Origin("e1", "steel", "belt", 0), (800, 600))
    shared = {name: getattr(verdict, name) for name in Note.__struct_fields__ if hasattr(verdict, name)}
    note = Note(**{**shared, "topic": "note/steel/belt", "verdict": verdict.id, "time": verdict.captured})
    line.store.append_notes([note])
    assert asker.ask(ReplayRequest("note/steel/belt", Mark("e1", 0)))[1] == [encode(note)]
    answer, _ = asker.ask(SnapshotRequest())
    assert isinstance(answer, SnapshotAnswer)
    assert answer.marks == {TOPIC: Mark("e1", 0), "note/steel/belt": Mark("e1", 0)}


def test_a_snapshot_tells_a_late_joiner_where_the_line_is(line: Talking, asker: Asker) -> None:
    """The newest report, the newest verdict of each camera, and the mark of each topic."""
    line.say(0, 5)
    line.say(0, 2, camera="oven")
    line.beat()
    answer, messages = asker.ask(SnapshotRequest())
    assert isinstance(answer, SnapshotAnswer)
    assert answer.marks == {TOPIC: Mark("e1", 4), "verdict/steel/oven": Mark("e1", 1)}
    assert sorted(decode(message).topic for message in messages) == ["line/steel", *sorted(answer.marks)]


def test_pictures_come_at_the_rate_that_is_asked_for(line: Talking, asker: Asker) -> None:
    """The highest wish counts; giving back, or silence, ends it; other cameras are not known."""
    assert asker.ask(PicturesRequest("belt", 4))[0] == PicturesAnswer("picture/steel/belt", 4)
    with Asker(line.server.address) as other:
        assert other.ask(PicturesRequest("belt", 9, seconds=0.001))[0] == PicturesAnswer("picture/steel/belt", 9)
    while line.rates.hz("belt") != 4:
        pass
    assert asker.ask(PicturesRequest("belt", 0))[0] == PicturesAnswer("picture/steel/belt", 0)
    answer, _ = asker.ask(PicturesRequest("oven", 1))
    assert isinstance(answer, ErrorAnswer)
    assert answer.fault == "unknown"


def test_a_recipe_is_passed_on_or_refused(line: Talking, asker: Asker) -> None:
    """For one camera or for all; an unknown product comes back as a sentence."""
    assert asker.ask(RecipeRequest("main", "belt"))[0] == RecipeAnswer("main", "active")
    assert asker.ask(RecipeRequest("main"))[0] == RecipeAnswer("main", "active")
    assert line.chosen == [("main", "belt"), ("main", None)]
    answer, _ = asker.ask(RecipeRequest("screws"))
    assert isinstance(answer, ErrorAnswer)
    assert (answer.fault, "'screws'" in answer.detail) == ("refused", True)


def test_a_trigger_is_passed_on_or_refused(line: Talking, asker: Asker) -> None:
    """What the line refuses comes back as its sentence."""
    assert asker.ask(TriggerRequest("belt", "part-17"))[0] == TriggerAnswer(TOPIC)
    assert line.triggered == [("belt", "part-17")]
    answer, _ = asker.ask(TriggerRequest("oven", "part-18"))
    assert isinstance(answer, ErrorAnswer)
    assert (answer.fault, "takes no requests" in answer.detail) == ("refused", True)


hostile_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "topic",
    "start",
    "last",
    "id",
    "camera",
    "hz",
    "seconds",
    "identity",
    "epoch",
    "number",
    "product",
    "verdict",
    "truth",
    "note",
]
field = st.sampled_from(FIELDS)
almost = st.fixed_dictionaries(
    {"type": st.sampled_from(["replay", "snapshot", "pictures", "trigger", "recipe", "mark", "nonsense"])}
).flatmap(lambda base: st.dictionaries(field, hostile_json, max_size=5).map(lambda more: {**base, **more}))
hostile_body = st.binary(max_size=300) | almost.map(lambda value: json.dumps(value).encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(frames=st.lists(hostile_body, max_size=5))
def test_no_request_makes_the_socket_fall_over(line: Talking, tmp_path: Path, frames: list[bytes]) -> None:
    """Any frames from any peer are answered with an answer of the schema, most of them with an error."""
    from edge.requests.replay import Replay

    clerk = Clerk(line.desk(lambda: Replay(tmp_path)))
    answered = clerk.answer([b"peer", *frames])
    clerk.close()
    assert answered[0] == b"peer"
    decode_answer(answered[2] if answered[1] == b"" else answered[1])


@pytest.mark.parametrize(
    "hostile",
    [
        [b""],
        [b"", b"[" * 30_000],
        [b"", b'{"type":"replay","topic":"verdict/steel/belt","start":{"epoch":"e1","number":1e300}}'],
        [b"", b'{"type":"replay","topic":"x","start":{"epoch":"e1","number":' + b"9" * 5000 + b"}}"],
        [b"", b"{}", b"{}", b"{}", b"{}", b"{}"],
        [b"", b"\xff" * 60_000],
    ],
)
def test_rubbish_gets_an_error_and_the_next_request_its_answer(
    line: Talking, asker: Asker, hostile: list[bytes]
) -> None:
    """Over a real socket: what is no request is answered as such."""
    context = zmq.Context()
    with context.socket(zmq.DEALER) as attacker:
        attacker.setsockopt(zmq.LINGER, 0)
        attacker.setsockopt(zmq.RCVTIMEO, 20_000)
        attacker.connect(line.server.address)
        attacker.send_multipart(hostile)
        answer = decode_answer(attacker.recv_multipart()[-1])
    context.term()
    assert isinstance(answer, ErrorAnswer)
    assert answer.fault == "malformed"
    assert isinstance(asker.ask(SnapshotRequest())[0], SnapshotAnswer)


def test_ten_megabytes_are_not_taken(line: Talking, asker: Asker) -> None:
    """ZeroMQ hangs up on who sends more than a request can be; the others do not notice."""
    context = zmq.Context()
    with context.socket(zmq.DEALER) as attacker, context.socket(zmq.PAIR) as monitor:
        attacker.setsockopt(zmq.LINGER, 0)
        attacker.monitor("inproc://seen", zmq.EVENT_DISCONNECTED)
        monitor.connect("inproc://seen")
        attacker.connect(line.server.address)
        attacker.send(bytes(10_000_000))
        assert monitor.poll(20_000), "the connection was never cut"
        assert isinstance(asker.ask(SnapshotRequest())[0], SnapshotAnswer)
        attacker.disable_monitor()
    context.term()


def test_a_flood_is_slowed_and_others_are_answered(line: Talking, asker: Asker) -> None:
    """Who asks without pause is told to wait, and how long; another gets its answer meanwhile."""
    context = zmq.Context()
    with context.socket(zmq.DEALER) as attacker:
        attacker.setsockopt(zmq.LINGER, 0)
        attacker.setsockopt(zmq.RCVTIMEO, 20_000)
        attacker.connect(line.server.address)
        for _ in range(3000):
            attacker.send(encode_request(TriggerRequest("oven", "x")))
        assert isinstance(asker.ask(SnapshotRequest())[0], SnapshotAnswer)
        faults = set()
        while "too_often" not in faults:
            answer = decode_answer(attacker.recv())
            assert isinstance(answer, ErrorAnswer)
            faults.add(answer.fault)
            retry_ms = answer.retry_ms
        assert retry_ms > 0
    context.term()


def test_each_peer_has_its_own_limit() -> None:
    """A burst, then so many a second, whatever the others do; a peer that waits gets its burst back."""
    now = [0.0]
    limit = PeerLimit(per_s=2, burst=3, now=lambda: now[0])
    assert [limit.wait_s(b"a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert limit.wait_s(b"b") == 0.0
    now[0] = 0.5
    assert limit.wait_s(b"a") == 0.0
    assert limit.wait_s(b"a") > 0
    now[0] = 60.0
    assert [limit.wait_s(b"a") for _ in range(3)] == [0.0, 0.0, 0.0]
