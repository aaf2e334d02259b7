"""What readers get of reports: store, replay by number, client, history, and what a restart makes of them."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path

import jsonschema
import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from camera.packets import MOST_BYTES
from edge.bench.framelist import FrameList
from edge.bundle.load import load_bundle
from edge.client import Client
from edge.client.watch import watch
from edge.feed.publisher import Numbers
from edge.geometry import Box, Region
from edge.inspection.boxes import MAX_BOXES
from edge.language.grammar.languages import LANGUAGES
from edge.line.outbox import Reported, new_outbox
from edge.line.plan import CameraPlan
from edge.messages import (
    SCHEMA_VERSION,
    Attention,
    LineReport,
    Message,
    PartReport,
    Phrase,
    ReportState,
    Verdict,
    decode,
    encode,
)
from edge.reports.desk import ReportDesk
from edge.reports.handover import Open
from edge.reports.plan import NO_REPORTS, ReportPlan
from edge.reports.write import Desk
from edge.requests.messages import Mark, ReplayAnswer, ReplayRequest, SnapshotAnswer, SnapshotRequest
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import Store, StoreLimits
from edgevl import app
from tests.bundles import flat
from tests.edge.desks import Asker, Talking, talking
from tests.edge.feed_double import SCRATCHED, Origin, verdict_of
from tests.edge.lines import built_line
from tests.edge.test_store import append, silent

SCHEMA_FILE = Path(__file__).parents[2] / "docs/feed/feed.schema.json"
TOPIC = "report/steel/belt"
TEXT = {"en": "One scratch [left].", "zh-TW": "左側有一處刮痕。"}
LOOKED = Attention(Region(80, 60, 640, 480), ((0, 100), (7, 50)))
PHRASES = {"en": (Phrase("text", 4, 11, (Region(300, 210, 170, 60),)), Phrase("words", 0, 14, attention=LOOKED))}


def report_of(verdict: Verdict, number: int, state: ReportState, epoch: str | None = None) -> PartReport:
    written = {"text": TEXT, "words": {"en": "It looks fresh."}, "phrases": PHRASES} if state == "ready" else {}
    return PartReport(
        schema=SCHEMA_VERSION,
        topic=TOPIC,
        epoch=epoch or verdict.epoch,
        number=number,
        line=verdict.line,
        camera=verdict.camera,
        verdict=verdict.id,
        verdict_number=verdict.number,
        time=verdict.captured,
        state=state,
        **written,
    )


def scratched(number: int, epoch: str = "e1") -> Verdict:
    return verdict_of(SCRATCHED, Origin(epoch, "steel", "belt", number), (800, 600))


def story(store: Store) -> list[PartReport]:
    """Ready, shed, expired, and one that never came to an end."""
    told: list[tuple[int, ReportState]] = [
        (0, "queued"), (1, "shed"), (2, "queued"), (0, "ready"), (3, "queued"), (2, "expired"),
    ]  # fmt: skip
    reports = [report_of(scratched(part), number, state) for number, (part, state) in enumerate(told)]
    store.append_reports(reports)
    return reports


def test_a_report_is_as_the_schema_says_and_stored_as_published(tmp_path: Path) -> None:
    """Byte for byte, and the newest state of each part is the one that counts."""
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    with open_store(tmp_path, StoreLimits(), silent) as store:
        reports = story(store)
        history = History(tmp_path)
        for report in reports:
            jsonschema.validate(json.loads(encode(report)), schema)
            assert decode(encode(report)) == report
        found = history.reports([report.verdict for report in reports] + ["of nobody"])
        assert {r.verdict_number: r.state for r in found.values()} == {0: "ready", 1: "shed", 2: "expired", 3: "queued"}
        assert history.report(reports[0].verdict) == reports[3]
        assert history.report("of nobody") is None
        assert store.unfinished_reports() == [reports[4]]


def test_a_report_of_an_earlier_version_is_still_read() -> None:
    """It has no phrases, and means what it did."""
    report = report_of(scratched(0), 0, "ready")
    earlier = json.loads(encode(report))
    del earlier["phrases"]
    assert decode(json.dumps(earlier).encode()) == msgspec.structs.replace(report, phrases={})


def test_the_process_that_writes_says_where_to_look(small_bundle: Path) -> None:
    """Also without a decoder; it fits the socket to the line with as many places as a verdict may mark."""
    boxes = tuple(Box(20 * number, 20 * number, 9, 9, 0.9) for number in range(MAX_BOXES))
    verdict = msgspec.structs.replace(
        scratched(0), boxes=boxes, region=Region(0, 0, 800, 600), bundle=load_bundle(small_bundle).manifest.bundle_id
    )
    written = Desk(Open((str(small_bundle),), tuple(LANGUAGES))).write(flat(0, 8), verdict)
    assert set(written.phrases) == set(LANGUAGES)
    for code, phrases in written.phrases.items():
        assert written.text[code][: phrases[0].end].endswith("NG")
        assert {region for each in phrases for region in each.regions} > {Region(b.x, b.y, b.w, b.h) for b in boxes}
    assert len(msgspec.msgpack.encode(written)) < MOST_BYTES / 4


def test_what_was_queued_when_the_service_was_killed_has_expired_at_the_next_start(tmp_path: Path) -> None:
    """Told once, under the old verdict's number in the new epoch, also where no more reports are written."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        story(store)
    with open_store(tmp_path, StoreLimits(), silent) as store:
        outbox = new_outbox()
        desk = ReportDesk(NO_REPORTS, Numbers("e2"), outbox, silent, store.unfinished_reports())
        desk.run()
        (told,) = outbox.take_all(0)["reports"]
        assert isinstance(told, Reported)
        store.append_reports(told.reports)
        assert store.unfinished_reports() == []
    (expired,) = told.reports
    assert (expired.epoch, expired.number, expired.verdict_number, expired.state) == ("e2", 0, 3, "expired")
    assert expired.verdict == scratched(3).id


def test_rows_of_reports_are_bounded_as_those_of_verdicts_are(tmp_path: Path) -> None:
    """The oldest go."""
    with open_store(tmp_path, StoreLimits(verdicts=3), silent) as store:
        reports = story(store)
        assert History(tmp_path).report(reports[1].verdict) is None
        assert History(tmp_path).report(reports[0].verdict) == reports[3]


def tell(line: Talking, report: PartReport, loudly: bool = True) -> None:
    """Store it and, where it is not to be lost, publish it."""
    (payload,) = line.store.append_reports([report])
    line.last[TOPIC] = report.number
    if loudly:
        line.publisher.publish(TOPIC, payload)


def test_reports_are_replayed_by_number(tmp_path: Path) -> None:
    """As verdicts are; the snapshot names the newest."""
    with talking(tmp_path, "e1") as line, Asker(line.server.address) as asker:
        reports = story(line.store)
        answer, messages = asker.ask(ReplayRequest(TOPIC, Mark("e1", 2), last=4))
        assert answer == ReplayAnswer(TOPIC, 3, known=True, next=None)
        assert messages == [encode(report) for report in reports[2:5]]
        snapshot, messages = asker.ask(SnapshotRequest())
        assert isinstance(snapshot, SnapshotAnswer)
        assert snapshot.marks[TOPIC] == Mark("e1", 5)
        assert encode(reports[-1]) in messages


def test_a_client_misses_no_report(tmp_path: Path) -> None:
    """Those that were lost in the middle and at the end come by replay, in order."""
    states: list[ReportState] = ["queued", "ready", "queued", "expired", "queued", "ready"]
    with talking(tmp_path, "e1") as line, Client(line.publisher.address, ["report/"]) as client:
        while client.silent_socket is not None:
            line.beat()
            assert client.receive(0.05) is None
        for number, state in enumerate(states):
            tell(line, report_of(scratched(number // 2), number, state), loudly=number in (0, 3))
        heard: list[Message] = []
        while len(heard) < len(states):
            received = client.receive(0.1)
            if received is None:
                line.beat()
            elif isinstance(received[0], PartReport):
                heard.append(received[0])
        assert [message.number for message in heard] == list(range(6))
        assert str(client.account) == "0 missing of 6"


def test_the_terminal_shows_reports_under_their_verdicts(tmp_path: Path) -> None:
    """In the language asked for, the model's words as such, and why there is none."""
    output, stop = io.StringIO(), threading.Event()

    def publish() -> None:
        number = 0
        while not stop.wait(0.02):
            line.say(number, part=SCRATCHED)
            tell(line, report_of(scratched(number), number, "shed" if number % 2 else "ready"))
            line.beat()
            number += 1

    with talking(tmp_path, "e1") as line:
        thread = threading.Thread(target=publish)
        thread.start()
        watch(line.publisher.address, Console(file=output, width=160), 2.5, language="en")
        stop.set()
        thread.join()
    assert "One scratch [left]. [the model's own words: It looks fresh.]" in output.getvalue()
    assert "no report: too many parts at once" in output.getvalue()


@pytest.mark.parametrize(("language", "said"), [("en", "One scratch [left]."), ("zh-TW", "左側有一處刮痕。")])
def test_the_history_shows_reports(tmp_path: Path, language: str, said: str) -> None:
    """Below the verdicts, with their state; the model's words in a column of their own."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        append(store, SCRATCHED, SCRATCHED, SCRATCHED)
        verdicts = [stored.verdict for stored in History(tmp_path).recent(3)]
        store.append_reports([report_of(verdicts[0], 0, "ready"), report_of(verdicts[1], 1, "expired")])
    arguments = ["history", "--db", str(tmp_path), "--reports", language]
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "160"}).stdout
    assert said in shown
    assert "expired" in shown
    assert ("It looks fresh." in shown) == (language == "en")


def test_a_long_chinese_report_is_shown_whole(tmp_path: Path) -> None:
    """It has no spaces to break at; a language that no report is written in is refused."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        append(store, SCRATCHED)
        (stored,) = History(tmp_path).recent(1)
        report = report_of(stored.verdict, 0, "ready")
        store.append_reports([msgspec.structs.replace(report, text={"zh-TW": "左側有一處刮痕，" * 20 + "完"})])
    arguments = ["history", "--db", str(tmp_path), "--reports"]
    shown = CliRunner().invoke(app, [*arguments, "zh-TW"], env={"COLUMNS": "80"}).stdout
    assert (shown.count("刮"), "完" in shown) == (20, True)
    refused = CliRunner().invoke(app, [*arguments, "fr"])
    assert (refused.exit_code, "there are: zh-TW, en" in refused.stderr) == (3, True)


def test_a_history_from_before_there_were_reports_is_read(tmp_path: Path) -> None:
    """It says that there is none, and does not fail."""
    with open_store(tmp_path, StoreLimits(), silent) as store:
        (verdict_id,) = append(store, SCRATCHED)
        store._connection.execute("DROP TABLE reports")
        assert History(tmp_path).report(verdict_id) is None
        assert History(tmp_path).reports([verdict_id]) == {}


def test_rubbish_is_no_report() -> None:
    """An unknown state or field is refused, as of any message."""
    report = msgspec.to_builtins(report_of(scratched(0), 0, "ready"))
    for change in ({"state": "lost"}, {"verdict_number": -1}, {"more": 1}, {"text": "text"}):
        with pytest.raises(msgspec.ValidationError):
            decode(msgspec.json.encode({**report, **change}))


def test_a_line_reports_on_its_parts_and_its_verdicts_do_not_wait(small_bundle: Path, tmp_path: Path) -> None:
    """Each NG part: its verdict first, then queued, then ready, under the same id; in the heartbeat and the metrics."""
    images = [flat(255 if n % 3 == 0 else 0, 64) for n in range(9)]
    plan = ReportPlan((small_bundle,), ("en", "zh-TW"), expire_s=120)
    camera = CameraPlan(FrameList("belt", images), waits=True)
    with built_line(small_bundle, tmp_path, [camera], reports=plan) as bench:
        bench.line.start()
        heard: list[Message] = []
        while sum(isinstance(message, PartReport) and message.state == "ready" for message in heard) < 3:
            received = bench.reader.receive(90)
            assert received is not None
            heard.append(received[0])
        counts = bench.line.state().reports
        summary = bench.line.stop()
        beats = [message for message in bench.messages() if isinstance(message, LineReport)]
    ids = {message.id for message in heard if isinstance(message, Verdict) and message.status == "NG"}
    assert len(ids) == 3
    for verdict_id in ids:
        told = [m for m in heard if isinstance(m, PartReport) and m.verdict == verdict_id]
        assert [report.state for report in told] == ["queued", "ready"]
        verdict = next(m for m in heard if isinstance(m, Verdict) and m.id == verdict_id)
        assert heard.index(verdict) < heard.index(told[0])
        assert set(told[1].text) == {"en", "zh-TW"}
        assert History(tmp_path).report(verdict_id) == told[1]
    assert counts == {"queued": 0, "ready": 3, "expired": 0, "shed": 0}
    assert beats[-1].last == {"verdict/steel/belt": 8, TOPIC: 5}
    account = summary.accounts["belt"]
    assert (account.triggers, account.verdicts, account.unaccounted) == (9, 9, 0)
    assert bench.said[:1] == ["belt: up: delivers pictures of 64x64"]
