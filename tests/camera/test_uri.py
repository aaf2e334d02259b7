"""Camera URIs: what they may say, and what is said when they are wrong."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera.folder import FolderOptions, folder_options
from camera.open import open_source
from camera.pattern import pattern_options
from camera.retry import backoff_s
from camera.rtsp import rtsp_options
from camera.simulated.line import Line
from camera.source import SourceUnavailable, SourceUriError
from camera.uri import redacted
from camera.video import VideoOptions, video_options

BASE = Path("/srv/line")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("pictures/a b", "/srv/line/pictures/a b"),
        ("pictures/a%20b%3Fc", "/srv/line/pictures/a b?c"),
        ("影像/零件", "/srv/line/影像/零件"),
        ("%E5%BD%B1%E5%83%8F", "/srv/line/影像"),
        ("/data/x", "/data/x"),
        ("///data/x", "/data/x"),
        ("//localhost/data/x", "/data/x"),
        ("C:/images", "/srv/line/C:/images"),
    ],
)
def test_paths(body: str, path: str) -> None:
    """Paths may be relative, absolute, in the file-URI way, with spaces, Chinese characters or percent-encoding."""
    assert folder_options(body + "?fps=2&loop=1", BASE) == FolderOptions(Path(path), 2.0, True)
    assert video_options(body, BASE) == VideoOptions(Path(path), None, False)


def test_options_have_defaults_and_are_parsed_once() -> None:
    """Each camera's options become one frozen value."""
    assert folder_options("x", BASE) == FolderOptions(BASE / "x", 10.0, False)
    assert pattern_options("") == pattern_options("?") == Line()
    wanted = Line(fps=0, seed=7, width=800, height=400, defect_rate=0.5, speed=100)
    assert pattern_options("?fps=0&seed=7&size=800x400&defect_rate=0.5&speed=100") == wanted
    rtsp = rtsp_options("rtsp://a:b@host:554/x?channel=1&sub=0#open_timeout=3&read_timeout=4")
    assert (rtsp.url, rtsp.open_timeout_s, rtsp.read_timeout_s) == ("rtsp://a:b@host:554/x?channel=1&sub=0", 3, 4)


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("foldr:x", r"no kind of camera 'foldr'; did you mean folder\? known: folder, file, rtsp"),
        ("webcam:0", "no kind of camera 'webcam'; known: folder, file"),
        ("pictures", "does not say what kind of camera"),
        ("C:\\images", "does not say what kind of camera"),
        ("", "does not say what kind of camera"),
        ("folder:x?fsp=3", r"no option 'fsp'; did you mean fps\? known: fps, loop"),
        ("folder:x?fps=fast", "fps=fast .* must be a number from 0 to 1000"),
        ("folder:x?fps=nan", "fps=nan .* must be a number"),
        ("folder:x?fps=-1", "must be a number from 0 to 1000"),
        ("folder:x?loop=yes", "loop=yes .* must be 0 or 1"),
        ("folder:x?fps=1&fps=2", "option fps .* once"),
        ("folder:x?fps", "as fps=VALUE"),
        ("folder:", "needs a path"),
        ("file:?fps=3", "needs a path"),
        ("file://server/share/a.avi", "names the host 'server'"),
        ("pattern:x", "has no path"),
        ("pattern:?size=640", "width x height"),
        ("pattern:?size=99999x480", "120 to 2160 high"),
        ("pattern:?seed=-1", "whole number"),
        ("pattern:?defect_rate=2", "from 0 to 1"),
        ("pattern:?speed=90000", "use at most speed="),
        ("rtsp://", "no stream address"),
        ("rtsp:host/x", "no stream address"),
        ("rtsp://host:99999/x", "no stream address"),
        ("rtsp://host/x#timeout=3", "did you mean"),
    ],
)
def test_mistakes_get_one_sentence(uri: str, sentence: str) -> None:
    """Every mistake raises SourceUriError that names the word, the nearest known one, or the allowed range."""
    with pytest.raises(SourceUriError, match=sentence) as caught:
        open_source(uri, "belt", BASE)
    assert "\n" not in str(caught.value)


def test_a_windows_path_is_explained(tmp_path: Path) -> None:
    """A backslash between folders, where no such folder exists, is named as the likely mistake."""
    with pytest.raises(SourceUnavailable, match="not a backslash"):
        open_source("folder:pictures\\new", "belt", tmp_path).open()


@pytest.mark.parametrize("uri", ["rtps://bob:hunter2@host/x", "rtsp://bob:hun/ter2@x@/y", "rtsp://bob:hunter2@"])
def test_mistyped_uris_keep_their_password_to_themselves(uri: str) -> None:
    """A URI with a password that cannot be understood is quoted without it."""
    with pytest.raises(SourceUriError) as caught:
        open_source(uri, "belt", BASE)
    assert "ter2" not in str(caught.value)
    assert "bob" not in str(caught.value)


@given(st.sampled_from(["", "folder:", "file:", "pattern:", "rtsp:", "rtsp://"]), st.text(max_size=60))
def test_any_text_is_a_source_or_a_uri_error(start: str, rest: str) -> None:
    """No text, however strange, raises anything but SourceUriError."""
    with contextlib.suppress(SourceUriError):
        assert open_source(start + rest, "belt", BASE).name == "belt"


@given(st.text(max_size=20), st.text(max_size=20))
def test_redaction_hides_any_password(user: str, password: str) -> None:
    """Whatever characters a password holds, it is gone from the redacted URI."""
    assert redacted(f"rtsp://{user}:{password}@camera/line") == "rtsp://***@camera/line"


def test_backoff_doubles_up_to_its_cap() -> None:
    """Waiting times double from half a second to thirty, for any number of attempts."""
    assert [backoff_s(n) for n in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff_s(10**9) == 30
