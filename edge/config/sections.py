"""The shapes of the line file's sections: which keys there are, what each may be, and what holds where it is missing.

One class a section, in the order of docs/line-file.md. What must hold between sections is in `edge.config.checks`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from camera.adjust import Adjustments
from camera.spec import DEFAULT_MEMORY_MB, CameraSpec
from edge.geometry import Region
from edge.inspection.tiles import SMALLEST_SIDE, TileWish
from edge.quantities import Count, Pixels
from edge.verdict import Disposition, Status

# The product that `bundle` in [line] stands for.
MAIN = "main"

TileSide = Annotated[int, Meta(ge=SMALLEST_SIDE)]


class LineSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[line]`. bundle: the folder to run.

    data_dir: where verdicts and pictures are kept; `../var/NAME` beside the line file's folder unless given.
    undecided: what becomes of a part that nobody could decide, where its camera does not say.
    """

    name: str
    bundle: Path
    data_dir: Path = Path("../var")
    undecided: Disposition = "reject"


class CameraSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[camera]]`. trigger: each frame is judged, one every `every_ms`, one for each request of another program, or
    each part that passes. roi: x, y, w, h in px. max_age_ms: older pictures are skipped. deadline_ms: a part that the
    model has not answered for by then is UNDECIDED. undecided: as in `[line]`, for this camera. check_quality: whether
    pictures that are unfit to be judged are UNDECIDED. frozen_ms: and those that have been the same for so long.
    product: as what it is judged until a recipe message says otherwise. tiles: in pieces of so many pixels, which share
    at least `overlap` of their side with the next one; "auto": of the size of the bundle's training pictures.

    margin: with `trigger = "part"`, how much belt around the part is inspected with it, as a share of the part's
    width and height added on every side. Choose it so that the part fills the model's picture as it did in the
    pictures the bundle was made from: 0.1 for a part that filled 83 % of their width. Below zero it cuts into the
    part: -0.03 where those pictures showed nothing but the part, so that no edge of the belt comes into view.
    """

    name: str
    uri: str
    trigger: Literal["frame", "interval", "external", "part"] = "frame"
    every_ms: Annotated[float, Meta(ge=1, le=86_400_000)] | None = None
    max_age_ms: Annotated[float, Meta(ge=1, le=3_600_000)] | None = None
    deadline_ms: Annotated[float, Meta(ge=1, le=600_000)] | None = None
    undecided: Disposition | None = None
    check_quality: bool = True
    frozen_ms: Annotated[float, Meta(ge=1, le=3_600_000)] | None = None
    product: str = MAIN
    tiles: Literal["auto"] | tuple[TileSide, TileSide] | None = None
    overlap: Annotated[float, Meta(ge=0, le=0.9)] = 0.2
    roi: tuple[Count, Count, Pixels, Pixels] | None = None
    margin: Annotated[float, Meta(ge=-0.25, le=1)] = 0.0
    rotate: Literal[0, 90, 180, 270] = 0
    undistort: Path | None = None
    px_per_mm: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    isolate: bool | None = None
    memory_mb: Annotated[int, Meta(ge=200)] = DEFAULT_MEMORY_MB

    @property
    def spec(self) -> CameraSpec:
        """For `camera.open`. Its paths are absolute, as `load_line` made them."""
        lens = None if self.undistort is None else str(self.undistort)
        adjust = Adjustments(self.rotate, lens, self.px_per_mm)
        return CameraSpec(self.name, self.uri, "/", adjust, self.isolate, self.memory_mb)

    @property
    def tile_wish(self) -> TileWish | None:
        return None if self.tiles is None else TileWish(None if self.tiles == "auto" else self.tiles, self.overlap)

    @property
    def region(self) -> Region | None:
        return None if self.roi is None else Region(*self.roi)


class ProductSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[product]]`. A bundle under a name, for the cameras that start with it or are switched to it."""

    name: str
    bundle: Path


class EngineSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[engine]`. variant: one of the bundle's, or "auto". threads: 0 lets edgevl choose.

    hang_ms: an engine that has not answered for so long is left, and the next best one takes over.
    batch: how many pictures it gets at once, at most; 0 measures what pays. batch_wait_ms: how long a picture waits for
    others to share a batch with; 0 takes those that wait already.
    """

    variant: str = "auto"
    threads: Annotated[int, Meta(ge=0, le=256)] = 0
    hang_ms: Annotated[float, Meta(ge=100, le=600_000)] = 5000.0
    batch: Annotated[int, Meta(ge=0, le=64)] = 0
    batch_wait_ms: Annotated[float, Meta(ge=0, le=1000)] = 0.0


class FeedSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[feed]`. picture_hz: live pictures per second and camera; 0 sends none, except to those who ask for some.

    requests: where replay and other requests are answered; the same host and the next port unless given.
    keys: the folder with the line's key and those allowed (`edgevl keys`). Without it other machines can read the feed
    only where `insecure` says so in so many words.
    """

    bind: str = "tcp://127.0.0.1:5560"
    requests: str = ""
    keys: Path | None = None
    insecure: str = ""
    picture_hz: Annotated[float, Meta(ge=0, le=120)] = 5.0
    jpeg_quality: Annotated[int, Meta(ge=1, le=100)] = 80


class DashboardSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[dashboard]`. The page a browser shows at http://HOST:PORT."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8088
    language: Literal["zh-TW", "en"] = "zh-TW"


class StoreSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[store]`. keep_ng_pictures: only the newest so many NG pictures stay on disk, and quota_gb: only so many GB.

    While NG parts come faster than ten a second and camera for long, not each of them gets a picture; every
    verdict is kept all the same.
    """

    keep_ng_pictures: Count = 2000
    quota_gb: Annotated[float, Meta(ge=0.01, le=100_000)] = 2.0


class ReportsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[reports]`. statuses: the verdicts that get a report in words. queue: how many parts may wait for theirs.

    expire_s: a report that is not there so long after its verdict is not written any more. hang_s: a process that has
    not answered for so long is ended, and another one started.
    """

    enabled: bool = True
    languages: Annotated[tuple[str, ...], Meta(min_length=1)] = ("zh-TW", "en")
    statuses: Annotated[tuple[Status, ...], Meta(min_length=1)] = ("NG", "UNDECIDED")
    queue: Annotated[int, Meta(ge=1, le=1000)] = 16
    expire_s: Annotated[float, Meta(ge=0.1, le=3600)] = 15.0
    hang_s: Annotated[float, Meta(ge=0.5, le=3600)] = 20.0


class MetricsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[metrics]`. /metrics, /healthz and /readyz at http://127.0.0.1:PORT; without a port there are none."""

    port: Annotated[int, Meta(ge=1, le=65535)] | None = None


class LogSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[log]`. format: sentences, JSON lines, or "auto": JSON where systemd's journal reads."""

    format: Literal["auto", "text", "json"] = "auto"


class LineFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, checked, with every path absolute."""

    line: LineSection
    camera: Annotated[tuple[CameraSection, ...], Meta(min_length=1)]
    product: tuple[ProductSection, ...] = ()
    engine: EngineSection = EngineSection()
    feed: FeedSection = FeedSection()
    dashboard: DashboardSection = DashboardSection()
    store: StoreSection = StoreSection()
    reports: ReportsSection = ReportsSection()
    metrics: MetricsSection = MetricsSection()
    log: LogSection = LogSection()
