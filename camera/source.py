"""The protocol every camera follows, and the errors it may raise.

    SourceError
    ├── SourceUriError      the URI cannot be understood: a mistake in the line file
    ├── SourceUnavailable   cannot be opened now: retry later
    ├── SourceTimeout       open, but no frame came in time
    ├── SourceLost          was open, and failed: close it, open it again
    └── SourceEnded         a finite source (a file, a folder) has delivered its last frame

What a driver raises is translated at this border; nothing else leaves a source.
"""

# ruff: noqa: N818  (these name what became of the source; the tree above says that they are errors)
from __future__ import annotations

from typing import Protocol

from camera.frame import Frame


class SourceError(Exception):
    """Something about a camera, in one sentence for a person."""


class SourceUriError(SourceError):
    """The URI names no known scheme, or an option it does not have."""


class SourceUnavailable(SourceError):
    """The camera, file or stream cannot be opened at present."""


class SourceTimeout(SourceError):
    """No frame came within the time given to `read`."""


class SourceLost(SourceError):
    """The source was open and has failed; only `close` and `open` help."""


class SourceEnded(SourceError):
    """A finite source has delivered its last frame."""


class Source(Protocol):
    """A camera. Created cheap and unopened; one thread opens, reads and closes it."""

    @property
    def name(self) -> str:
        """The camera's name in the line file; it becomes `Frame.source`."""

    def open(self) -> None:
        """Connect. Raises SourceUnavailable. Opening again after `close` is allowed."""

    def read(self, timeout_s: float) -> Frame:
        """The next frame. Raises SourceTimeout, SourceLost or SourceEnded."""

    def close(self) -> None:
        """Let go of the device. Safe to call twice, and when `open` failed."""
