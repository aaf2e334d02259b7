"""Only the dashboard's own pages may act: mark a verdict, ask a question, open the socket over which a page talks.

A page of another site cannot read what we answer, but its browser would send our requests for it. Browsers say where
such a request comes from (`Origin`, `Sec-Fetch-Site`); programs say nothing, and need no page to talk to this machine.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# NiceGUI's socket, also where it is polled with GET.
_SOCKET = "/_nicegui_ws/"


class OwnPagesOnly:
    """ASGI middleware: 403 for what another site's page wants to do; a web socket is not accepted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and _acts(scope) and not is_own(Headers(scope=scope)):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            sentence = "this request comes from a page of another site; only the dashboard's own pages may send it"
            await JSONResponse({"detail": sentence}, status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _acts(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in _READING or str(scope["path"]).startswith(_SOCKET)


def is_own(headers: Headers) -> bool:
    """Whether a request comes from a page of this very server, or from no page at all."""
    host = headers.get("host", "").casefold()
    sites = set(headers.getlist("sec-fetch-site"))
    return sites <= {"same-origin", "none"} and all(_is_of(origin, host) for origin in headers.getlist("origin"))


def _is_of(origin: str, host: str) -> bool:
    """`http://127.0.0.1:8088` is of 127.0.0.1:8088; `null`, of a sandboxed page, is of nobody."""
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc.casefold() == host
