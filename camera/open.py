"""A URI from the line file -> the camera it names.

folder:PATH?fps=10&loop=0              a folder of images          camera/folder.py
file:PATH?fps=25&loop=0                a video                     camera/video.py
rtsp://HOST/PATH#read_timeout=5        a network camera            camera/rtsp.py
v4l2:/dev/video0?size=1280x720         a USB camera                camera/v4l2.py
aravis:NAME?format=BayerRG8            GigE and USB3 Vision        camera/aravis.py
csi:0?size=1920x1080&fps=30            a Jetson's own camera       camera/csi.py
zmq:tcp://127.0.0.1:5570               pushed by another program   camera/pushed.py
pattern:?fps=25&seed=0&size=640x480    a simulated line            camera/pattern.py
"""

from __future__ import annotations

from pathlib import Path

from camera.adjust import adjusted
from camera.aravis import AravisSource, aravis_options
from camera.csi import csi_options, csi_source
from camera.folder import FolderSource, folder_options
from camera.host import HANG_S, IsolatedSource
from camera.pattern import PatternSource, pattern_options
from camera.pushed import PushedSource, pushed_options
from camera.rtsp import RtspSource, rtsp_options
from camera.source import Source, SourceUriError
from camera.spec import CameraSpec
from camera.uri import nearest, split_scheme
from camera.v4l2 import V4l2Source, v4l2_options
from camera.video import VideoSource, video_options

SCHEMES = ("folder", "file", "rtsp", "rtsps", "v4l2", "aravis", "csi", "zmq", "pattern")

# These read this machine's own disk, or draw: nothing in them hangs or leaks that a process of its own would stop.
IN_PROCESS = frozenset({"folder", "pattern"})

_OPEN_LIMIT_S = 30.0


def open_camera(spec: CameraSpec) -> Source:
    """Create the camera of a line, unopened: in a process of its own unless it is one of `IN_PROCESS`.

    Raises SourceUriError at once, so that a mistake in the line file shows before the line starts.
    """
    source = bare_source(spec)
    scheme, _ = split_scheme(spec.uri)
    isolated = scheme not in IN_PROCESS if spec.isolate is None else spec.isolate
    return IsolatedSource(spec, _open_limit_s(spec.uri)) if isolated else source


def bare_source(spec: CameraSpec) -> Source:
    """The same without a process of its own."""
    return adjusted(open_source(spec.uri, spec.name, spec.base_path), spec.adjust)


def _open_limit_s(uri: str) -> float:
    scheme, _ = split_scheme(uri)
    return rtsp_options(uri).open_timeout_s + HANG_S if scheme in ("rtsp", "rtsps") else _OPEN_LIMIT_S


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
        case "v4l2":
            return V4l2Source(name, v4l2_options(body, base))
        case "aravis":
            return AravisSource(name, aravis_options(body))
        case "csi":
            return csi_source(name, csi_options(body))
        case "zmq":
            return PushedSource(name, pushed_options(body))
        case "pattern":
            return PatternSource(name, pattern_options(body))
        case _:
            raise SourceUriError(f"there is no kind of camera {scheme!r}{nearest(scheme, SCHEMES)}")
