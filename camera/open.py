"""A URI from the line file -> the camera it names.

folder:PATH?fps=10&loop=0              a folder of images          camera/folder.py
file:PATH?fps=25&loop=0                a video                     camera/video.py
rtsp://HOST/PATH#read_timeout=5        a network camera            camera/rtsp.py
pattern:?fps=25&seed=0&size=640x480    a simulated line            camera/pattern.py
"""

from __future__ import annotations

from pathlib import Path

from camera.folder import FolderSource, folder_options
from camera.pattern import PatternSource, pattern_options
from camera.rtsp import RtspSource, rtsp_options
from camera.source import Source, SourceUriError
from camera.uri import nearest, split_scheme
from camera.video import VideoSource, video_options

SCHEMES = ("folder", "file", "rtsp", "rtsps", "pattern")


def open_source(uri: str, name: str, base: Path) -> Source:
    """Create the source a URI names, unopened: the caller opens, reads and closes it.

    base: the folder that relative paths count from, usually the line file's own. Raises SourceUriError, which
    names the nearest scheme or option, without user or password.
    """
    scheme, body = split_scheme(uri)
    match scheme:
        case "folder":
            return FolderSource(name, folder_options(body, base))
        case "file":
            return VideoSource(name, video_options(body, base))
        case "rtsp" | "rtsps":
            return RtspSource(name, rtsp_options(uri))
        case "pattern":
            return PatternSource(name, pattern_options(body))
        case _:
            raise SourceUriError(f"there is no kind of camera {scheme!r}{nearest(scheme, SCHEMES)}")
