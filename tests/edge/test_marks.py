"""Verdicts that a person marks as wrong: stored, answered for over the request socket, told on the feed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from edge.bench.framelist import FrameList
from edge.line.marking import MarkError, Marking, one_line
from edge.line.plan import CameraPlan
from edge.messages import LineReport, Truth, Verdict, VerdictMark, decode, encode
from edge.requests.desk import Desk
from edge.requests.messages import ErrorAnswer, Mark, MarkAnswer, MarkRequest, ReplayRequest, encode_request
from edge.requests.replay import Replay
from edge.requests.socket import RequestServer
from edge.store.database import DATABASE
from edge.store.history import History
from edge.store.marks import MarkCounts
from edge.store.opening import open_store
from edge.store.store import Store, StoreLimits
from edge.store.wanted import Wanted
from tests.bundles import flat
from tests.edge.desks import Asker
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED, mark_of
from tests.edge.lines import Bench, built_line
from tests.edge.small_disk import fill, small_disk
from tests.edge.test_store import NOON, append, keep, silent

SCHEMAS = Path(__file__).parents[2] / "docs/feed"


def mark(store: Store, data_dir: Path, verdict_id: str, truth: Truth | None, class_name: str | None = None) -> None:
    stored = History(data_dir).verdict(verdict_id)
    assert stored is not None
    (number,) = store._connection.execute("SELECT COUNT(*) FROM marks").fetchone()
    store.append_marks([mark_of(stored.verdict, truth, class_name, number=number)])


def test_the_newest_mark_counts_and_the_verdict_stands(tmp_path: Path) -> None:
    """A later one replaces, a withdrawal ends it, the earlier ones stay; also in a file that an older edgevl began."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        ids = append(store, GOOD, SCRATCHED, DOUBTFUL, SCRATCHED)
    before = [encode(stored.verdict) for stored in History(tmp_path).recent(9)]
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("DROP TABLE marks")
    history = History(tmp_path)
    assert list(history.select(Wanted(marked=True))) == []
    assert history.marks(ids) == history.marked_hours(Wanted()) == {}
    with open_store(tmp_path, StoreLimits(), silent) as store:
        mark(store, tmp_path, ids[1], "good")
        mark(store, tmp_path, ids[3], "unknown")
        mark(store, tmp_path, ids[1], "defect", "stain")
        mark(store, tmp_path, ids[2], "good")
        mark(store, tmp_path, ids[2], None)
        mark(store, tmp_path, ids[0], "defect")
    found = {stored.verdict.id: stored.mark for stored in history.select(Wanted(marked=True))}
    said = {id_: (m.truth, m.class_name) for id_, m in found.items() if m is not None}
    assert said == {ids[3]: ("unknown", None), ids[1]: ("defect", "stain"), ids[0]: ("defect", None)}
    assert [stored.mark is not None for stored in history.recent(9)] == [True, False, True, True]
    assert [encode(stored.verdict) for stored in history.recent(9)] == before
    assert list(history.marked_hours(Wanted()).values()) == [MarkCounts(escapes=1, other_class=1, unknown=1)]
    assert list(history.marked_hours(Wanted(status="NG")).values()) == [MarkCounts(other_class=1, unknown=1)]
    assert history.marked_hours(Wanted(until=NOON)) == {}
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM marks").fetchone() == (6,)


def test_pictures_of_marked_parts_go_last_but_for_the_newest(tmp_path: Path) -> None:
    """Room is made of the others first, then of these; a withdrawn mark keeps nothing; the quota holds."""
    with open_store(tmp_path, StoreLimits(pictures=4), silent) as store:
        ids = append(store, *[SCRATCHED] * 8)
        files = [keep(store, tmp_path, verdict_id, f"{n}.jpg") for n, verdict_id in enumerate(ids[:4])]
        mark(store, tmp_path, ids[0], "good")
        mark(store, tmp_path, ids[1], "good")
        mark(store, tmp_path, ids[1], None)
        for n, verdict_id in enumerate(ids[4:], start=4):
            files.append(keep(store, tmp_path, verdict_id, f"{n}.jpg"))
        assert [n for n, file in enumerate(files) if file.exists()] == [0, 5, 6, 7]
        for verdict_id in ids[5:7]:
            mark(store, tmp_path, verdict_id, "unknown")
        more = append(store, SCRATCHED, SCRATCHED, first=8)
        files += [keep(store, tmp_path, verdict_id, f"{n}.jpg") for n, verdict_id in enumerate(more, start=8)]
        assert [n for n, file in enumerate(files) if file.exists()] == [5, 6, 8, 9]
        assert store.usage().pictures == 4


def test_the_number_of_marks_is_bounded(tmp_path: Path) -> None:
    """Somebody who marks without end does not fill the disk."""
    with open_store(tmp_path, StoreLimits(marks=3), silent) as store:
        ids = append(store, *[SCRATCHED] * 5)
        for number, verdict_id in enumerate(ids):
            stored = History(tmp_path).verdict(verdict_id)
            assert stored is not None
            store.append_marks([mark_of(stored.verdict, "good", number=number)])
        assert sorted(History(tmp_path).marks(ids)) == ids[2:]


@dataclass(frozen=True, slots=True)
class Marked:
    """A line that has judged a black (good), a white and a grey part, and can be asked."""

    bench: Bench
    asker: Asker
    verdicts: list[Verdict]

    def mark(self, index: int, truth: Truth | None, **more: Any) -> MarkAnswer:
        answer, (payload,) = self.asker.ask(MarkRequest(self.verdicts[index].id, truth, **more))
        assert isinstance(answer, MarkAnswer), answer
        told = decode(payload)
        assert isinstance(told, VerdictMark)
        assert (answer.verdict, answer.truth) == (told.verdict, told.truth) == (self.verdicts[index].id, truth)
        jsonschema.validate(json.loads(encode_request(answer)), schema("requests"))
        jsonschema.validate(json.loads(payload), schema("feed"))
        return answer

    def refused(self, request: MarkRequest | bytes) -> ErrorAnswer:
        answer, _ = self.asker.ask(request)
        assert isinstance(answer, ErrorAnswer)
        return answer


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


@contextmanager
def marked_line(bundle: Path, data_dir: Path) -> Iterator[Marked]:
    camera = CameraPlan(FrameList("belt", [flat(0, 64), flat(255, 64), flat(128, 64)]), waits=True)
    with (
        built_line(bundle, data_dir, [camera]) as bench,
        RequestServer("tcp://127.0.0.1:*", bench.publisher) as server,
    ):
        line, history = bench.line, History(data_dir)
        marking = Marking(history, ("grey", "white"), line.mark)
        nothing = (line.request, line.show_pictures, lambda *_: "active")
        server.start(Desk("steel", "e1", bench.publisher, lambda: Replay(data_dir), *nothing, mark=marking.mark))
        line.start()
        assert line.wait(60)
        while len(history.recent(9)) < 3:
            time.sleep(0.02)
        with Asker(server.address) as asker:
            yield Marked(bench, asker, [stored.verdict for stored in reversed(history.recent(9))])
        line.stop()


def test_a_mark_is_on_disk_when_it_is_answered_and_on_the_feed(small_bundle: Path, tmp_path: Path) -> None:
    """Each is a message of a topic of its own, numbered, told by the heartbeat and replayed as it was published."""
    with marked_line(small_bundle, tmp_path) as line:
        line.mark(1, "good", note="a reflection", by="Lin", id="mine")
        (stored,) = History(tmp_path).select(Wanted(marked=True))
        assert stored.mark is not None
        assert (stored.mark.note, stored.mark.by, stored.mark.status, stored.mark.judged) == (
            "a reflection", "Lin", "NG", "white",
        )  # fmt: skip
        line.mark(1, "defect", class_name="grey")
        line.mark(0, "defect")
        line.mark(1, None)
        assert [s.verdict.id for s in History(tmp_path).select(Wanted(marked=True))] == [line.verdicts[0].id]
        heard = [message for message in line.bench.messages() if isinstance(message, VerdictMark)]
        assert [(m.topic, m.number, m.truth, m.class_name) for m in heard] == [
            ("mark/steel/belt", 0, "good", None),
            ("mark/steel/belt", 1, "defect", "grey"),
            ("mark/steel/belt", 2, "defect", None),
            ("mark/steel/belt", 3, None, None),
        ]
        _, replayed = line.asker.ask(ReplayRequest("mark/steel/belt", Mark(heard[0].epoch, 1)))
        assert replayed == [encode(message) for message in heard[1:]]
        beat = line.bench.reader.receive(5)
        while beat is None or not isinstance(beat[0], LineReport):
            beat = line.bench.reader.receive(5)
        assert (beat[0].last["mark/steel/belt"], beat[0].defects) == (3, ("grey", "white"))


def test_what_cannot_be_marked_gets_a_sentence(small_bundle: Path, tmp_path: Path) -> None:
    """Unknown verdicts and classes, notes without end, what the verdict says anyway; and markup is text."""
    with marked_line(small_bundle, tmp_path) as line:
        good, white = line.verdicts[0].id, line.verdicts[1].id
        refusals = {
            MarkRequest("nothing", "good"): ("unknown", "the history has no verdict 'nothing'"),
            MarkRequest("' OR 1=1 --", "good"): ("unknown", "has no verdict"),
            MarkRequest(white, "defect", "rust"): (
                "refused",
                "knows no defect 'rust'; name one that it knows (grey",
            ),
            MarkRequest(white, "defect", "black"): ("refused", "knows no defect 'black'"),
            MarkRequest(white, "good", "grey"): ("refused", "a class is named of a defect only"),
            MarkRequest(white, "good", note="太" * 10_000): ("refused", "a note has at most 500 characters"),
            MarkRequest(white, "good", by="x" * 61): ("refused", "a name has at most 60 characters"),
            MarkRequest(white, "defect", "white"): ("refused", "already says so"),
            MarkRequest(good, "good"): ("refused", "already says so"),
            MarkRequest(white, None): ("refused", "has no mark that could be withdrawn"),
        }
        for request, (fault, sentence) in refusals.items():
            answer = line.refused(request)
            assert (answer.fault, sentence in answer.detail, "\n" in answer.detail) == (fault, True, False), answer
        for field in ({"truth": "bad"}, {"truth": "good", "note": "x" * 30_000}, {"truth": "good", "note": 5}, {}):
            assert line.refused(json.dumps({"type": "mark", "verdict": white, **field}).encode()).fault == "malformed"
        assert list(History(tmp_path).select(Wanted(marked=True))) == []
        line.mark(1, "good", note="<b>[red]x[/]\x1b[31m\n\u202ey</b> =1+1", by="\t王\u3000小明 ")
        told = History(tmp_path).marks([white])[white]
        assert (told.note, told.by) == ("<b>[red]x[/] [31m y</b> =1+1", "王 小明")


def test_a_full_disk_takes_no_mark_says_so_and_leaves_no_gap(small_bundle: Path, tmp_path: Path) -> None:
    """Whoever marks is told to do it again; verdicts do not notice; the next number is the next."""
    with small_disk(tmp_path / "disk", 8) as disk, marked_line(small_bundle, disk / "data") as line:
        line.mark(1, "good")
        ballast = fill(disk)
        request = MarkRequest(line.verdicts[2].id, "good", note="x" * 500)
        answer, _ = line.asker.ask(request)
        while isinstance(answer, MarkAnswer):  # SQLite's own files still have a little room
            answer, _ = line.asker.ask(request)
        assert isinstance(answer, ErrorAnswer)
        assert answer.fault == "unavailable"
        assert answer.detail.startswith("the mark was not stored: the disk")
        ballast.unlink()
        while isinstance(answer, ErrorAnswer):
            time.sleep(0.1)
            answer, _ = line.asker.ask(request)
        heard = [message.number for message in line.bench.messages() if isinstance(message, VerdictMark)]
        assert heard == list(range(len(heard)))
        assert line.bench.line.failure is None


def test_a_line_that_has_ended_takes_no_mark(small_bundle: Path, tmp_path: Path) -> None:
    """One sentence instead of an answer that never comes."""
    with marked_line(small_bundle, tmp_path) as line:
        line.bench.line.stop()
        assert "is being stopped" in line.refused(MarkRequest(line.verdicts[1].id, "good")).detail


@pytest.mark.parametrize(
    ("text", "plain"), [("", ""), (" a \n b\x00", "a b"), ("刮傷\u200b", "刮傷"), ("x" * 9, "x" * 9)]
)
def test_a_note_becomes_one_line(text: str, plain: str) -> None:
    """Of plain text, whatever was typed."""
    assert one_line(text, "note", 500) == plain
    with pytest.raises(MarkError, match="this one has 501; shorten it"):
        one_line("y" * 501, "note", 500)


def test_a_mark_is_msgspec_bounded() -> None:
    """A note that no line of ours would send is no message of the feed."""
    verdict_mark = msgspec.json.decode(encode(mark_of(_verdict(), "good")))
    with pytest.raises(msgspec.ValidationError, match="length <= 500"):
        decode(msgspec.json.encode({**verdict_mark, "note": "x" * 501}))


def _verdict() -> Verdict:
    from tests.edge.feed_double import Origin, verdict_of

    return verdict_of(SCRATCHED, Origin(), (800, 600))
