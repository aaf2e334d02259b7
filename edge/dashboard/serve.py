"""The web server of the dashboard: routes, page, one thread on the feed, one look at the history every two seconds."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response
from nicegui import app, run, ui
from starlette.middleware.trustedhost import TrustedHostMiddleware

from edge.client.asking import RequestRefusedError, ask, reachable
from edge.dashboard.api import routes
from edge.dashboard.listen import listening
from edge.dashboard.live import LiveLine
from edge.dashboard.marking import MarkVerdict
from edge.dashboard.own_pages import OwnPagesOnly
from edge.dashboard.page import Sources, build_page
from edge.dashboard.past import PastReader, utc_now
from edge.dashboard.questions import Ask
from edge.dashboard.texts.languages import TEXTS, Language, language_from
from edge.errors import ConfigError
from edge.feed.keys import ClientKeys, read_client_keys
from edge.messages import VerdictMark, decode
from edge.requests.messages import Answer, AskAnswer, AskRequest, MarkRequest
from edge.requests.messages import Request as LineRequest
from edge.search.finder import Finder
from edge.store.history import History

REFRESH_S = 2.0
# The line itself gives up on a question after ten.
_ANSWER_S = 12.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
STYLE = Path(__file__).with_name("style.css")
ICON = Path(__file__).with_name("icon.svg")
# Scripts and styles of NiceGUI are partly inline; nothing may come from, or go to, another machine.
CONTENT_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval'; img-src 'self' data: blob:; font-src 'self' data:;"
    " connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the dashboard is told at its start."""

    feed: str
    data_dir: Path
    host: str
    port: int
    language: Language
    line: str
    keys: Path | None = None
    bundles: tuple[Path, ...] = ()


def serve(options: Options) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises ConfigError where the feed or the address cannot be used."""
    _check_address(options.host, options.port)
    keys = None if options.keys is None else read_client_keys(options.keys)
    live = LiveLine(options.line, time.monotonic)
    history = History(options.data_dir)
    reader = PastReader(history)
    finder = Finder(options.data_dir, options.bundles)
    app.router.redirect_slashes = False  # an address is right or wrong; none is guessed
    app.include_router(routes(live, history, finder))
    _add_guards(options.host)
    ask_line, mark = _asking(options.feed, live, keys)
    sources = Sources(options.line, options.feed, live, lambda: reader.past, finder, ask_line, mark)
    _add_page(sources, options.language)

    async def refresh() -> None:
        await run.io_bound(reader.refresh, utc_now())

    app.timer(REFRESH_S, refresh)
    with listening(options.feed, options.line, live, keys):
        _run(options)


def _asking(feed: str, live: LiveLine, keys: ClientKeys | None) -> tuple[Ask, MarkVerdict]:
    """Questions and marks go to the line, whose heartbeat says where."""

    def answer_to(request: LineRequest) -> tuple[Answer, list[bytes]]:
        report = live.view().report
        if report is None or not report.requests:
            raise RequestRefusedError(f"the line at {feed} has not said where it answers")
        return ask(reachable(report.requests, feed), request, _ANSWER_S, keys)

    def ask_line(verdict: str, question: str, session: str) -> AskAnswer:
        answer, _ = answer_to(AskRequest(verdict, question, session))
        if not isinstance(answer, AskAnswer):
            raise RequestRefusedError("the line answered another question")
        return answer

    def mark(request: MarkRequest) -> VerdictMark:
        told = [decode(payload) for payload in answer_to(request)[1]]
        if len(told) != 1 or not isinstance(told[0], VerdictMark):
            raise RequestRefusedError("the line answered another question")
        return told[0]

    return ask_line, mark


def _run(options: Options) -> None:
    ui.run(
        host=options.host,
        port=options.port,
        title=TEXTS[options.language].page_title.format(line=options.line),
        favicon=ICON,
        dark=True,
        show=False,
        reload=False,
        tailwind=False,
        show_welcome_message=False,
        binding_refresh_interval=None,
        gzip_middleware_factory=None,  # JPEGs do not shrink, and the way to the browser is short
        reconnect_timeout=10.0,
    )


def _add_page(sources: Sources, default: Language) -> None:
    ui.add_css(STYLE, shared=True)

    @ui.page("/")
    def page(language: str | None = None) -> None:
        build_page(sources, language_from(language, default))


def _add_guards(host: str) -> None:
    """Headers that keep the page on this machine, and checks of where a request comes from.

    On loopback also a check of the name the browser asked for.
    """

    @app.middleware("http")
    async def guard(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await handle(request)
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    app.add_middleware(OwnPagesOnly)
    if host in LOOPBACK:
        # A page of another site may point its own name at 127.0.0.1; it must not get the pictures that way.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])


def _check_address(host: str, port: int) -> None:
    """Say in one sentence why the server could not listen, before anything else is started."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ConfigError(
            f"the dashboard cannot listen on {host}:{port} ({error.strerror}); choose another `dashboard.port` or host"
        ) from error
