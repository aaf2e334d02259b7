"""What a line file says about one camera, as far as its pictures go."""

from __future__ import annotations

from pathlib import Path

import msgspec

from camera.adjust import Adjustments

DEFAULT_MEMORY_MB = 1000


class CameraSpec(msgspec.Struct, frozen=True):
    """A camera. It can be sent to another process, so paths are text.

    name: in the line file; it becomes `Frame.source`.
    uri: may hold a password, so it is never printed.
    base: the folder that relative paths in the URI count from.
    adjust: what is done to every picture.
    isolate: whether it runs in a process of its own; None leaves that to `camera.open`.
    memory_mb: how much memory of its own that process may hold before it is ended and started again.
    """

    name: str
    uri: str
    base: str
    adjust: Adjustments = Adjustments()
    isolate: bool | None = None
    memory_mb: int = DEFAULT_MEMORY_MB

    def __repr__(self) -> str:
        return f"CameraSpec({self.name!r})"

    @property
    def base_path(self) -> Path:
        return Path(self.base)
