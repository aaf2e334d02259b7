"""`edgevl run`: start the line, keep it going, end it in order.

Cameras that cannot be opened, a dashboard that dies and readers that come and go do not stop a line. A bundle, an
engine, a disk or a line file that is wrong does, with one sentence and its own exit code.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs

from rich.console import Console
from rich.table import Table

from camera.open import open_camera
from camera.source import SourceUriError
from edge.companion import Companion
from edge.config.sections import MAIN, CameraSection, EngineSection, LineFile, LineSection
from edge.errors import ConfigError
from edge.feed.gate import Gate
from edge.feed.publisher import Numbers, Publisher, beside, new_epoch
from edge.line.capture import CameraStatus
from edge.line.heartbeat import line_facts
from edge.line.inspecting import Pacing
from edge.line.marking import Marking
from edge.line.pictures import PicturePlan
from edge.line.plan import CameraPlan
from edge.line.products import Engines, load_shelf, open_recipes
from edge.line.recipes import Recipes
from edge.monitoring.logs import account_sentence, is_json, sayer
from edge.monitoring.monitor import Monitor
from edge.monitoring.sdnotify import notify, watchdog_s
from edge.reports.plan import ReportPlan
from edge.requests.desk import Desk
from edge.requests.replay import Replay
from edge.requests.socket import RequestServer
from edge.runtime import Line, Outlets, Summary
from edge.search.beside import SearchBeside
from edge.store.database import PICTURES
from edge.store.history import History
from edge.store.opening import open_store
from edge.store.store import StoreLimits
from edge.verdict import Status

_TICK_S = 0.2
# In the data folder: keys of our own processes, new at each start.
_MEMBERS = "own-processes"


def run_line(line_file: LineFile, seconds: float | None, console: Console) -> Summary:
    """Run a line until every camera has ended, its time is up, or SIGTERM or SIGINT comes.

    seconds: how long at most, None for no end. console: gets the log and, at the end, the account of every camera.
    Raises ConfigError, BundleError or EngineError before the line starts, and what stopped it if it failed later.
    """

    as_json = is_json(line_file.log.format, os.environ)
    say = sayer(console, line_file.line.name, as_json, os.environ)
    with _ending_signals() as asked_to_end, ExitStack() as stack:
        cameras = [_camera_plan(section, line_file.line) for section in line_file.camera]
        shelf = load_shelf(line_file)
        engines = Engines(line_file.engine, say)
        stack.callback(engines.close)
        main = engines.opened(shelf[MAIN])
        recipes = open_recipes(line_file, shelf, main, engines, say)
        stack.callback(recipes.close)
        feed, numbers = line_file.feed, Numbers(new_epoch())
        gate = None if feed.keys is None else Gate(feed.keys, say)
        outlets = _open_outlets(line_file, gate, stack, say)
        requests = stack.enter_context(RequestServer(feed.requests or beside(feed.bind), outlets.publisher))
        facts = line_facts(line_file.line.name, tuple(shelf.values()), main, requests.address)
        line = Line(facts, cameras, recipes, outlets, numbers, say, _pacing(line_file.engine))
        line.start()
        search = SearchBeside(line_file.line.data_dir, _bundle_folders(line_file))
        stack.callback(search.close)
        marking = Marking(History(line_file.line.data_dir), facts.defects, line.mark)
        requests.start(_desk(line, recipes, line_file, numbers.epoch, outlets.publisher, search, marking))
        say(f"line {facts.line} is running; its feed is {outlets.publisher.address}")
        if line_file.metrics.port is not None:
            monitor = stack.enter_context(Monitor("127.0.0.1", line_file.metrics.port, line.state))
            say(f"metrics: {monitor.address}/metrics")
        notify("READY=1")
        try:
            _keep_going(line, _dashboard(line_file, outlets.publisher.address, gate, stack, say), seconds, asked_to_end)
        finally:
            notify("STOPPING=1")
            summary = line.stop()
    if as_json:
        for camera, account in summary.accounts.items():
            say(account_sentence(camera, account))
    else:
        console.print(summary_table(summary))
    if line.failure is not None:
        raise line.failure
    return summary


def _camera_plan(section: CameraSection, line: LineSection) -> CameraPlan:
    """A stored or simulated source that is read as fast as it can be (`fps=0`) has time to wait for us."""
    try:
        source = open_camera(section.spec)
    except SourceUriError as error:
        raise ConfigError(f"camera {section.name}: {error}") from error
    fps = parse_qs(section.uri.partition("?")[2]).get("fps", ["not given"])[-1]
    return CameraPlan(
        source,
        section.region,
        section.trigger,
        _is_zero(fps),
        section.margin,
        section.every_ms or 0.0,
        section.max_age_ms,
        section.deadline_ms,
        section.undecided or line.undecided,
        section.check_quality,
        section.frozen_ms,
    )


def _is_zero(text: str) -> bool:
    try:
        return float(text) == 0
    except ValueError:
        return False


def _open_outlets(line_file: LineFile, gate: Gate | None, stack: ExitStack, say: Callable[[str], None]) -> Outlets:
    """Disk and feed; `stack` closes them after the line."""
    data_dir, kept = line_file.line.data_dir, line_file.store.keep_ng_pictures
    limits = StoreLimits(pictures=kept, picture_bytes=int(line_file.store.quota_gb * 1e9))
    store = stack.enter_context(open_store(data_dir, limits, say))
    feed, reports = line_file.feed, _report_plan(line_file)
    publisher = stack.enter_context(Publisher(feed.bind, gate, insecure=bool(feed.insecure)))
    pictures = PicturePlan(data_dir / PICTURES, kept > 0, feed.picture_hz, feed.jpeg_quality)
    return Outlets(store, publisher, pictures, reports)


def _report_plan(line_file: LineFile) -> ReportPlan:
    wish = line_file.reports
    statuses = frozenset(wish.statuses) if wish.enabled else frozenset[Status]()
    bundles = (line_file.line.bundle, *(product.bundle for product in line_file.product))
    return ReportPlan(bundles, wish.languages, statuses, wish.queue, wish.expire_s, wish.hang_s)


def _desk(
    line: Line,
    recipes: Recipes,
    line_file: LineFile,
    epoch: str,
    publisher: Publisher,
    search: SearchBeside,
    marking: Marking,
) -> Desk:
    open_replay = partial(Replay, line_file.line.data_dir)
    return Desk(
        line=line_file.line.name,
        epoch=epoch,
        publisher=publisher,
        open_replay=open_replay,
        trigger=line.request,
        pictures=line.show_pictures,
        recipe=recipes.choose,
        find=History(line_file.line.data_dir).with_previous,
        ask=line.ask,
        search=search.ask,
        mark=marking.mark,
    )


def _pacing(wish: EngineSection) -> Pacing:
    return Pacing(wish.hang_ms / 1e3, wish.batch_wait_ms / 1e3)


def _bundle_folders(line_file: LineFile) -> list[Path]:
    """The line's own and those of its products, each once."""
    return list(dict.fromkeys([line_file.line.bundle, *(product.bundle for product in line_file.product)]))


def _dashboard(
    line_file: LineFile, feed_address: str, gate: Gate | None, stack: ExitStack, say: Callable[[str], None]
) -> Companion | None:
    """The dashboard as a process of its own: what it does to its memory and its time is not the line's trouble."""
    settings = line_file.dashboard
    if not settings.enabled:
        return None
    arguments = {
        "--feed": feed_address,
        "--data-dir": str(line_file.line.data_dir),
        "--host": settings.host,
        "--port": str(settings.port),
        "--language": settings.language,
        "--line": line_file.line.name,
    }
    if gate is not None:
        arguments["--keys"] = str(gate.new_member(line_file.line.data_dir / _MEMBERS, "dashboard"))
    named = [*arguments.items(), *(("--bundle", str(bundle)) for bundle in _bundle_folders(line_file))]
    command = [sys.executable, "-m", "edge.dashboard", *(word for pair in named for word in pair)]
    dashboard = Companion("dashboard", command, say)
    stack.callback(dashboard.stop)
    say(f"dashboard: http://{settings.host}:{settings.port}/")
    return dashboard


def _keep_going(line: Line, dashboard: Companion | None, seconds: float | None, asked_to_end: list[int]) -> None:
    """The main loop: until the line is over, its time is up, or a signal asked it to end."""
    end = float("inf") if seconds is None else time.monotonic() + seconds
    watched_s = watchdog_s()
    next_ping = time.monotonic()
    while not asked_to_end and time.monotonic() < end and not line.wait(_TICK_S):
        if dashboard is not None:
            dashboard.tend()
        if watched_s is not None and time.monotonic() >= next_ping and line.is_progressing(watched_s):
            notify(f"WATCHDOG=1\nSTATUS={_status_sentence(line.statuses())}")
            next_ping = time.monotonic() + watched_s / 4


def _status_sentence(statuses: Mapping[str, CameraStatus]) -> str:
    """What `systemctl status` shows."""
    return "; ".join(f"{camera} {status.state}" for camera, status in statuses.items())


@contextmanager
def _ending_signals() -> Iterator[list[int]]:
    """While open, SIGTERM and SIGINT are only noted in the list; the main loop looks there.

    A handler must not touch locks, so it sets no event. Outside the main thread signals cannot be handled.
    """
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda received, _: noted.append(received))
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def summary_table(summary: Summary) -> Table:
    """The account of every camera; `unaccounted` is zero, or the program is wrong."""
    table = Table(
        title=f"{summary.seconds:.1f} s, latency p50 {summary.pace.p50_ms:.1f} ms, p99 {summary.pace.p99_ms:.1f} ms"
    )
    table.add_column("camera")
    for column in ("triggers", "verdicts", "OK", "NG", "UNDECIDED", "dropped", "unaccounted"):
        table.add_column(column, justify="right")
    for camera, a in summary.accounts.items():
        # The line has stopped: what is still in flight will never arrive.
        figures = (a.triggers, a.verdicts, a.ok, a.ng, a.undecided, a.dropped, a.in_flight + a.unaccounted)
        table.add_row(camera, *(str(figure) for figure in figures))
    why = [
        (camera, reason, number) for camera, a in summary.accounts.items() for reason, number in a.dropped_by.items()
    ]
    if why:  # below, for the columns alone fill a terminal
        table.caption = "dropped: " + "; ".join(f"{camera}: {reason} {number}" for camera, reason, number in why)
    return table
