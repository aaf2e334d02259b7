"""The dashboard's HTTP routes, JSON and JPEG; the page itself uses the pictures, other programs may use all.

    GET /api/line                       the line now: heartbeat, cameras with their state and newest verdict
    GET /api/history                    stored verdicts, newest first; ?limit (1..500) &status &camera
                                        &class_name &before_id (the smallest row_id of the page before)
    GET /api/search                     parts that a sentence describes, or that look like a verdict's, best first;
                                        ?question &limit (1..500) &status &camera &class_name
    GET /api/counts                     counts per stretch of time; ?minutes (1..1440) &bucket_s (60..86400)
    GET /api/picture/VERDICT_ID         the JPEG kept for a stored verdict
    GET /api/map/VERDICT_ID             its defect map: a PNG in 8-bit grey, 255 for 1, over the verdict's region
    GET /api/report/VERDICT_ID          how the report of its part stands, with its text where it is ready
    GET /api/live/CAMERA/NUMBER         the JPEG of `cameras[].picture` in /api/line, for about a second

An unknown id gives 404, a value out of bounds 422, an unreadable history 503; each with a sentence in `detail`.
Verdicts have the shape they have on the feed, and so has the `mark` beside one that somebody marked as wrong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path as FilePath
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import Response

from edge.dashboard.live import LiveLine
from edge.dashboard.past import utc_now
from edge.messages import Picture
from edge.search.finder import Finder
from edge.search.results import LONGEST
from edge.store.history import History
from edge.store.wanted import Wanted
from edge.verdict import Status

Answer = TypeVar("Answer")
LONGEST_NAME = 200
Name = Annotated[str, Query(max_length=LONGEST_NAME)]
PathName = Annotated[str, Path(max_length=LONGEST_NAME)]
KEPT_FOR_EVER = {"Cache-Control": "private, max-age=86400, immutable"}
NEVER_KEPT = {"Cache-Control": "no-store"}


def routes(live: LiveLine, history: History, finder: Finder) -> APIRouter:
    """All routes below /api."""
    router = APIRouter(prefix="/api")
    _add_live(router, live)
    _add_history(router, history)
    _add_search(router, finder)
    return router


def live_address(picture: Picture) -> str:
    """Where a browser finds the JPEG of a picture message. Restarted numbers get a new address."""
    return f"/api/live/{quote(picture.camera, safe='')}/{picture.number}?epoch={quote(picture.epoch, safe='')}"


def picture_address(verdict_id: str) -> str:
    """Where a browser finds the JPEG kept for a verdict."""
    return f"/api/picture/{quote(verdict_id, safe='')}"


def map_address(verdict_id: str) -> str:
    """Where a browser finds the defect map kept for a verdict."""
    return f"/api/map/{quote(verdict_id, safe='')}"


def _add_live(router: APIRouter, live: LiveLine) -> None:
    @router.get("/line")
    def line() -> Response:
        return _json(live.view())

    @router.get("/live/{camera}/{number}")
    def live_picture(camera: PathName, number: Annotated[int, Path(ge=0)]) -> Response:
        jpeg = live.jpeg(camera, number)
        if jpeg is None:
            raise HTTPException(404, f"camera {camera!r} has no recent picture {number}")
        return Response(jpeg, media_type="image/jpeg", headers=NEVER_KEPT)


def _add_history(router: APIRouter, history: History) -> None:
    @router.get("/history")
    def recent(
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        status: Status | None = None,
        camera: Name | None = None,
        class_name: Name | None = None,
        before_id: Annotated[int, Query(ge=0, lt=2**63)] | None = None,
    ) -> Response:
        return _json(_asked(lambda: history.recent(limit, status, camera, class_name, before_id)))

    @router.get("/counts")
    def counts(
        minutes: Annotated[int, Query(ge=1, le=1440)] = 60, bucket_s: Annotated[int, Query(ge=60, le=86400)] = 60
    ) -> Response:
        return _json(_asked(lambda: history.counts(utc_now() - timedelta(minutes=minutes), bucket_s)))

    @router.get("/report/{verdict_id}")
    def report(verdict_id: PathName) -> Response:
        found = _asked(lambda: history.report(verdict_id))
        if found is None:
            raise HTTPException(404, f"there is no report for verdict {verdict_id!r}")
        return _json(found)

    @router.get("/picture/{verdict_id}")
    def picture(verdict_id: PathName) -> Response:
        return _kept(_asked(lambda: history.picture_path(verdict_id)), "image/jpeg", "picture", verdict_id)

    @router.get("/map/{verdict_id}")
    def defect_map(verdict_id: PathName) -> Response:
        return _kept(_asked(lambda: history.map_path(verdict_id)), "image/png", "map", verdict_id)


def _kept(path: FilePath | None, media_type: str, what: str, verdict_id: str) -> Response:
    try:
        content = path.read_bytes() if path else None
    except OSError:  # the store made room between the question and the reading
        content = None
    if content is None:
        raise HTTPException(404, f"no {what} is kept for verdict {verdict_id!r}")
    return Response(content, media_type=media_type, headers=KEPT_FOR_EVER)


def _add_search(router: APIRouter, finder: Finder) -> None:
    @router.get("/search")
    def search(
        question: Annotated[str, Query(min_length=1, max_length=LONGEST)],
        limit: Annotated[int, Query(ge=1, le=500)] = 12,
        status: Status | None = None,
        camera: Name | None = None,
        class_name: Name | None = None,
    ) -> Response:
        found = finder.find(question, Wanted(status, camera, class_name), limit)
        if found.error is not None:
            raise HTTPException(422, found.error)
        return _json(found.hits)


def _asked(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise HTTPException(503, f"the history cannot be read: {error}") from error


def _json(answer: Any) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json", headers=NEVER_KEPT)
