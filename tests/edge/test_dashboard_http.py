"""The dashboard's HTTP routes, asked of a real process: what they answer, and what they refuse."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.edge.dashboard_process import Dashboard, arguments, dashboard, free_port
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED, FeedDouble, drawn_part

LINE, CAMERA = "鋼板 A", "上料 1"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard whose history holds one part of each kind."""
    folder = tmp_path_factory.mktemp("line")
    (folder / "secret.jpg").write_bytes(b"not for the browser")
    with FeedDouble(LINE, (CAMERA,), folder) as feed, dashboard(feed.address, folder, LINE) as running:
        for part in (GOOD, SCRATCHED, DOUBTFUL):
            feed.part(CAMERA, part, drawn_part(2, part))
        yield running


def test_the_history_is_answered_as_the_feed_published_it(served: Dashboard) -> None:
    """Newest first, filtered by status, paged by row id."""
    assert [stored["verdict"]["status"] for stored in _json(served, "/api/history")] == ["UNDECIDED", "NG", "OK"]
    (reject,) = _json(served, "/api/history?status=NG")
    assert reject["verdict"]["class_name"] == "scratch"
    (older,) = _json(served, f"/api/history?before_id={reject['row_id']}")
    assert older["verdict"]["status"] == "OK"
    (counted,) = _json(served, "/api/counts?minutes=1440&bucket_s=86400")[-1:]
    assert counted["counts"]["by_class"] == {"scratch": 1, "stain": 1}


def test_parts_are_found_by_words_and_a_bad_question_is_a_sentence(served: Dashboard) -> None:
    """In either language, within filters; what cannot be searched for is refused with what to write instead."""
    (found,) = _json(served, "/api/search?question=" + quote("a scratch"))
    assert found["stored"]["verdict"]["class_name"] == "scratch"
    (found,) = _json(served, "/api/search?question=" + quote("待判"))
    assert found["stored"]["verdict"]["status"] == "UNDECIDED"
    assert _json(served, "/api/search?status=OK&question=scratch") == []
    for question, words in (("царапина", "Traditional Chinese and English"), ("x" * 501, "500")):
        status, _, body = served.get("/api/search?question=" + quote(question))
        assert (status, words in body.decode()) == (422, True)


def test_a_kept_picture_is_served_by_its_verdict(served: Dashboard) -> None:
    """A real JPEG, for a verdict whose id holds Chinese characters and a blank."""
    (reject,) = _json(served, "/api/history?status=NG")
    status, kind, body = served.get("/api/picture/" + quote(reject["verdict"]["id"], safe=""))
    assert (status, kind, body[:2]) == (200, "image/jpeg", b"\xff\xd8")


def test_a_kept_map_is_served_beside_its_picture(served: Dashboard) -> None:
    """A real PNG where the history says so, a sentence where there is none."""
    answers = {}
    for stored in _json(served, "/api/history"):
        path = "/api/map/" + quote(stored["verdict"]["id"], safe="")
        answers[stored["verdict"]["status"]] = (stored["has_map"], *served.get(path))
    has_map, status, kind, body = answers["NG"]
    assert (has_map, status, kind, body[:4]) == (True, 200, "image/png", b"\x89PNG")
    assert [answers[word][:2] for word in ("OK", "UNDECIDED")] == [(False, 404)] * 2
    assert b"no map is kept" in answers["OK"][3]


@pytest.mark.parametrize(
    "path",
    [
        "/api/map/..%2Fsecret.jpg",
        "/api/picture/../secret.jpg",
        "/api/picture/..%2Fsecret.jpg",
        "/api/picture/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/api/picture/..%5Csecret.jpg",
        "/api/picture//etc/passwd",
        "/api/picture/%2Fetc%2Fpasswd",
        "/api/picture/test%2F1-0.jpg",
        "/api/picture/1-0.jpg",
        "/api/picture/%00",
        "/api/picture/%25",
        "/api/picture/x'%20OR%20'1'='1",
        "/api/live/..%2F..%2Fetc/0",
        "/api/live/unknown/0",
        "/api/live/%E4%B8%8A%E6%96%99%201/99999999999999999999",
        "/_nicegui/../../../etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_history(served: Dashboard, path: str) -> None:
    """Whatever is written in an address: no file but a kept picture, and only by its verdict's id."""
    status, _, body = served.get(path)
    assert status == 404
    assert b"not for the browser" not in body
    assert b"root:" not in body


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(name="x/")
@example(name=b"\x00/")
@given(name=st.text(min_size=1, max_size=60) | st.binary(min_size=1, max_size=40))
def test_an_unknown_verdict_is_not_found(served: Dashboard, name: str | bytes) -> None:
    """Any text, and any bytes, in the place of the id: 404, never a failure of the server."""
    text = name.encode("utf-8", "surrogatepass") if isinstance(name, str) else name
    status, _, _ = served.get("/api/picture/" + quote(text, safe=""))
    assert status == 404


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "status=good",
        "before_id=-1",
        "before_id=9223372036854775808",
        "camera=" + "x" * 201,
    ],
)
def test_a_question_out_of_bounds_is_refused(served: Dashboard, query: str) -> None:
    """422 with the name of the parameter."""
    status, _, body = served.get(f"/api/history?{query}")
    assert status == 422
    assert query.partition("=")[0].encode() in body


def test_a_page_of_another_site_gets_nothing(served: Dashboard) -> None:
    """A foreign name that points at 127.0.0.1 is refused, so another site's page cannot read the pictures."""
    status, _, _ = served.get("/api/history", host="attacker.example")
    assert status == 400


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({}, True),
        ({"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://attacker.example"}, False),
        ({"Origin": "http://127.0.0.1"}, False),
        ({"Origin": "http://localhost:{port}"}, False),
        ({"Origin": "http://127.0.0.1:{port}.attacker.example"}, False),
        ({"Origin": "http://attacker.example#127.0.0.1:{port}"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_only_its_own_pages_may_act(served: Dashboard, headers: dict[str, str], is_own: bool) -> None:
    """A page of another site opens no socket, polls none, and sends nothing, though its browser could."""
    sent = {name: value.replace("{port}", str(served.port)) for name, value in headers.items()}
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    socket = "/_nicegui_ws/socket.io/?EIO=4&transport="
    assert (served.send("GET", f"{socket}websocket", {**sent, **upgrade}) == 101) == is_own
    assert (served.send("GET", f"{socket}polling", sent) == 403) != is_own
    assert (served.send("POST", "/", sent) == 403) != is_own
    assert (served.send("POST", f"{socket}polling", {**sent, "Content-Type": "text/plain"}) == 403) != is_own


def test_a_damaged_history_is_a_sentence_not_a_failure(tmp_path: Path) -> None:
    """503 and why; the page itself still opens."""
    (tmp_path / "verdicts.sqlite3").write_bytes(b"\x00 not a database" * 200)
    with dashboard("tcp://127.0.0.1:9", tmp_path, "steel") as running:
        status, _, body = running.get("/api/history")
        assert status == 503
        assert "cannot be read" in json.loads(body)["detail"]
        assert running.get("/")[0] == 200


def test_a_port_in_use_and_a_bad_feed_are_each_one_sentence(served: Dashboard, tmp_path: Path) -> None:
    """Exit code 3, so that nothing restarts it for ever, and no traceback."""
    taken = arguments("tcp://127.0.0.1:9", tmp_path, served.port, "steel", "en")
    bad_feed = arguments("nonsense", tmp_path, free_port(), "steel", "en")
    for command, word in ((taken, str(served.port)), (bad_feed, "nonsense")):
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 3
        assert word in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


def _json(served: Dashboard, path: str) -> Any:
    status, kind, body = served.get(path)
    assert (status, kind) == (200, "application/json")
    return json.loads(body)
