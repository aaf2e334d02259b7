"""Questions over the request socket of a running line, in its terminal, and where nobody can answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from edge.bench.framelist import FrameList
from edge.client import ask
from edge.client.asking import RequestRefusedError
from edge.line.plan import CameraPlan
from edge.messages import Verdict
from edge.reports.plan import NO_REPORTS, ReportPlan
from edge.requests.desk import Desk
from edge.requests.messages import AskAnswer, AskRequest, decode_request
from edge.requests.replay import Replay
from edge.requests.socket import RequestServer
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import StoreLimits
from edgevl import app
from tests.bundles import flat
from tests.edge.lines import Bench, built_line


@contextmanager
def asked_line(bundle: Path, data_dir: Path, reports: ReportPlan) -> Iterator[tuple[Bench, str, list[Verdict]]]:
    """A line that has judged a good and two white parts and can be asked; its request address, and its verdicts."""
    camera = CameraPlan(FrameList("belt", [flat(0, 64), flat(255, 64), flat(255, 64)]), waits=True)
    with (
        built_line(bundle, data_dir, [camera], reports=reports) as bench,
        RequestServer("tcp://127.0.0.1:*", bench.publisher) as server,
    ):
        server.start(
            Desk(
                line="steel",
                epoch="e1",
                publisher=bench.publisher,
                open_replay=lambda: Replay(data_dir),
                trigger=bench.line.request,
                pictures=bench.line.show_pictures,
                recipe=lambda *_: "active",
                find=History(data_dir).with_previous,
                ask=bench.line.ask,
            )
        )
        bench.line.start()
        assert bench.line.wait(60)
        while len(History(data_dir).recent(9)) < 3:
            time.sleep(0.02)
        yield bench, server.address, [stored.verdict for stored in reversed(History(data_dir).recent(9))]
        bench.line.stop()


def asked(address: str, verdict: str, question: str, session: str = "") -> AskAnswer:
    answer, _ = ask(address, AskRequest(verdict, question, session, id="mine"), timeout_s=60)
    assert isinstance(answer, AskAnswer)
    assert (answer.verdict, answer.id) == (verdict, "mine")
    return answer


def test_a_running_line_is_asked_over_its_socket(small_bundle: Path, tmp_path: Path) -> None:
    """By the process that writes reports: conversations are kept, the part before is known, a killed one comes back."""
    with asked_line(small_bundle, tmp_path, ReportPlan((small_bundle,), ("en",))) as (bench, address, verdicts):
        first = asked(address, verdicts[1].id, "Is there a white? 這件合格嗎？")
        assert [(answer.value, answer.language) for answer in first.answers] == [(True, "en"), ("NG", "zh-TW")]
        (follow,) = asked(address, verdicts[1].id, "What about a grey?", first.session).answers
        assert (follow.kind, follow.value) == ("exists", False)
        (compared,) = asked(address, verdicts[1].id, "Is it worse than the previous part?").answers
        assert compared.value == "different"
        with pytest.raises(RequestRefusedError, match="has no verdict 'nothing'"):
            asked(address, "nothing", "Is there a white?")
        children = psutil.Process().children()
        for child in children:
            child.kill()
        psutil.wait_procs(children, timeout=20)
        deadline = time.monotonic() + 60
        while True:
            try:
                (again,) = asked(address, verdicts[2].id, "Is it OK?").answers
                break
            except RequestRefusedError:  # it was asked of the one that was killed
                assert time.monotonic() < deadline
        assert again.value == "NG"
        accounts = bench.line.state().accounts["belt"]
        assert (accounts.verdicts, accounts.unaccounted) == (3, 0)


def test_a_line_without_reports_says_so(small_bundle: Path, tmp_path: Path) -> None:
    """At once, and the socket serves others."""
    off = pytest.raises(RequestRefusedError, match=r"`enabled` in \[reports\] is false")
    with asked_line(small_bundle, tmp_path, NO_REPORTS) as (_, address, verdicts), off:
        asked(address, verdicts[0].id, "Is it OK?")


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_rubbish_as_a_question_is_refused_by_the_socket(rubbish: bytes) -> None:
    """It decodes to a question with bounded fields, or to an error."""
    raw = b'{"type":"ask","verdict":"v","question":"' + rubbish + b'"}'
    try:
        request = decode_request(raw)
    except (ValueError, UnicodeDecodeError, RecursionError):
        return
    assert isinstance(request, AskRequest)
    assert len(request.question) <= 20_000


def command(*arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(app, ["ask", *arguments], input=text)


def test_the_command_looks_at_a_picture(small_bundle: Path, tmp_path: Path) -> None:
    """One question, or one after the other until the input ends, with what was asked before in mind."""
    picture = tmp_path / "part.png"
    cv2.imwrite(str(picture), flat(255, 64))
    one = command(str(picture), "Is there a white? 有灰嗎？", "--bundle", str(small_bundle))
    assert one.exit_code == 0, one.output
    assert one.stdout.splitlines() == ["Yes. Found: White, in 1 place: in the centre.", "否。沒有發現灰。發現的是白。"]
    talk = command(str(picture), "--bundle", str(small_bundle), text="Is there a white?\nAnd on the left?\n")
    assert talk.stdout.splitlines()[-1] == "No. Found elsewhere: White (in the centre)."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["part.png", "Is it OK?"], "say what looked at the part"),
        (["absent-verdict", "Is it OK?", "--bundle", "{bundle}"], "is no picture, and no history was named"),
        (["absent-verdict", "Is it OK?", "--bundle", "{bundle}", "--db", "{folder}/history"], "has no such verdict"),
        (["absent-verdict", "Is it OK?", "--bundle", "{bundle}", "--db", "{folder}"], "no verdicts are in"),
        (["{folder}/rubbish.png", "Is it OK?", "--bundle", "{bundle}"], "is not an image or is damaged"),
    ],
)
def test_a_wrong_command_is_one_sentence(small_bundle: Path, tmp_path: Path, arguments: list[str], says: str) -> None:
    """With what to do instead."""
    (tmp_path / "rubbish.png").write_bytes(b"rubbish")
    open_store(tmp_path / "history", StoreLimits(), print).close()
    filled = [word.replace("{bundle}", str(small_bundle)).replace("{folder}", str(tmp_path)) for word in arguments]
    result = command(*filled)
    assert result.exit_code == 3
    assert says in " ".join(result.stderr.split())
