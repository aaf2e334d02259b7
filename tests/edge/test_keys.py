"""Keys as files, and a feed that only those allowed can read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from edge.client import Client, ask
from edge.client.asking import RequestRefusedError
from edge.feed.gate import Gate
from edge.feed.keys import KeysError, allow, allowed, new_pair, read_client_keys, read_pair, revoke
from edge.feed.subscribe import subscribe
from edge.requests.messages import SnapshotAnswer, SnapshotRequest
from edgevl import app
from tests.edge.desks import Talking, talking


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A line's keys, with `press` and `oven` allowed; each has its own folder beside it."""
    keys = tmp_path / "keys"
    new_pair(keys, "server")
    for name in ("press", "oven", "stranger"):
        new_pair(tmp_path / name, name)
        (tmp_path / name / "server.key").write_bytes((keys / "server.key").read_bytes())
    for name in ("press", "oven"):
        allow(keys, str(tmp_path / name / f"{name}.key"))
    return keys


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def line(folder: Path, tmp_path: Path, said: list[str]) -> Iterator[Talking]:
    with talking(tmp_path / "data", "e1", gate=Gate(folder, said.append)) as line:
        yield line


def until(line: Talking, condition: Callable[[], object], seconds: float = 20) -> bool:
    """Let the heart beat until something is so; whether it became so."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        line.beat()
        time.sleep(0.02)
    return True


def test_a_reader_with_an_allowed_key_reads_and_a_stranger_does_not(
    line: Talking, tmp_path: Path, said: list[str]
) -> None:
    """Feed and request socket alike; the stranger's key is said once, for whoever should allow it."""
    stranger_keys = read_client_keys(tmp_path / "stranger")
    with (
        Client(line.publisher.address, keys=read_client_keys(tmp_path / "press")) as client,
        Client(line.publisher.address, ["line/"], keys=stranger_keys) as stranger,
        subscribe(line.publisher.address) as plain,
    ):
        assert until(line, lambda: client.receive(0.01) or client.snapshot)
        assert until(line, lambda: said)
        line.say(0)
        received = client.receive(20)
        assert received is not None
        assert received[0].number == 0
        assert stranger.receive(0.3) is None
        assert plain.receive(0.1) is None
        with pytest.raises(RequestRefusedError, match="nothing answers"):
            ask(line.server.address, SnapshotRequest(), timeout_s=0.5, keys=stranger_keys)
    assert said == [f"a reader of the feed was refused: its key {stranger_keys.own.public.decode()} is not allowed"]


def test_a_revoked_reader_is_cut_off_and_the_others_lose_nothing(line: Talking, folder: Path, tmp_path: Path) -> None:
    """While the line runs, on both sockets; who is allowed later comes in."""
    press, oven = (read_client_keys(tmp_path / name) for name in ("press", "oven"))
    with (
        Client(line.publisher.address, keys=press) as client,
        Client(line.publisher.address, ["line/"], keys=oven) as other,
    ):
        assert until(line, lambda: client.receive(0.01) or client.snapshot)
        assert until(line, lambda: other.receive(0.01))
        revoke(folder, "oven")

        def is_cut_off() -> bool:
            while other.receive(0):
                pass
            line.beat()
            return other.receive(0.5) is None

        assert until(line, is_cut_off)
        line.say(0, 100)

        def has_all() -> bool:
            while client.receive(0.05):
                pass
            return client.account.received == 100

        assert until(line, has_all)
        assert str(client.account) == "0 missing of 100"
        with pytest.raises(RequestRefusedError, match="nothing answers"):
            ask(line.server.address, SnapshotRequest(), timeout_s=0.5, keys=oven)
        allow(folder, str(tmp_path / "oven/oven.key"))
        assert until(line, lambda: other.receive(0.01))
    assert isinstance(ask(line.server.address, SnapshotRequest(), keys=press)[0], SnapshotAnswer)


def test_a_process_of_our_own_is_let_in(folder: Path, tmp_path: Path) -> None:
    """The dashboard gets a key of its own at each start."""
    gate = Gate(folder, print)
    for _ in range(2):
        member = gate.new_member(tmp_path / "data/keys", "dashboard")
    keys = read_client_keys(member)
    with talking(tmp_path / "data", "e1", gate=gate) as line, subscribe(line.publisher.address, keys=keys) as reader:
        assert until(line, lambda: reader.receive(0.01))


def test_a_line_that_is_not_the_right_one_is_not_believed(line: Talking, tmp_path: Path) -> None:
    """A reader knows the line's key; whoever has another one at that address gets no question out of it."""
    new_pair(tmp_path / "impostor", "server")
    (tmp_path / "press/server.key").write_bytes((tmp_path / "impostor/server.key").read_bytes())
    with pytest.raises(RequestRefusedError, match="nothing answers"):
        ask(line.server.address, SnapshotRequest(), timeout_s=0.5, keys=read_client_keys(tmp_path / "press"))


def test_secrets_are_for_their_owner_only(folder: Path) -> None:
    """Written so that nobody else can read them, and refused where somebody could."""
    assert (folder / "server.key_secret").stat().st_mode & 0o777 == 0o600
    read_pair(folder, "server")
    (folder / "server.key_secret").chmod(0o640)
    with pytest.raises(KeysError, match="chmod 600"):
        Gate(folder, print)


def test_mistakes_with_keys_are_one_sentence(folder: Path, tmp_path: Path) -> None:
    """Twice the same name, a secret given away, nobody of that name, a path for a name."""
    mistakes: list[tuple[Callable[[], object], str]] = [
        (lambda: new_pair(folder, "server"), "exists already"),
        (lambda: new_pair(folder, "../evil"), "no name for a key"),
        (lambda: allow(folder, str(tmp_path / "press/press.key")), "allowed already"),
        (lambda: allow(folder, str(tmp_path / "press/press.key_secret")), "is a secret key"),
        (lambda: allow(folder, str(tmp_path / "none.key")), "there is no key"),
        (lambda: allow(folder, "x" * 40), "add --name"),
        (lambda: revoke(folder, "nobody"), "those that are: oven, press"),
        (lambda: revoke(folder, "../server"), "no name for a key"),
        (lambda: Gate(tmp_path / "press", print), "there is no key"),
        (lambda: read_client_keys(folder), "must hold one NAME.key_secret"),
    ]
    for mistake, sentence in mistakes:
        with pytest.raises(KeysError, match=sentence):
            mistake()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=60).map(lambda text: f"public-key = {text}".encode()))
def test_a_damaged_key_file_is_one_sentence(folder: Path, content: bytes) -> None:
    """Whatever the bytes are, they are a key or a KeysError."""
    damaged = folder / "damaged.key_secret"
    damaged.write_bytes(content)
    damaged.chmod(0o600)
    with pytest.raises(KeysError):
        read_pair(folder, "damaged")


def test_the_commands_do_what_they_say(tmp_path: Path) -> None:
    """new, allow, list, revoke, as a person types them; by file and by text."""
    run, keys = CliRunner().invoke, ["--keys", str(tmp_path / "keys")]
    for words in (
        ["new", "server"],
        ["new", "press"],
        ["allow", str(tmp_path / "keys/press.key")],
        ["allow", new_pair(tmp_path, "oven").public.decode(), "--name", "oven"],
        ["revoke", "press"],
    ):
        assert run(app, ["keys", *words, *keys]).exit_code == 0
    assert list(allowed(tmp_path / "keys")) == ["oven"]
    assert "oven  " in run(app, ["keys", "list", *keys]).output
    assert run(app, ["keys", "revoke", "press", *keys]).exit_code == 3
