"""A GigE Vision camera through Aravis: Aravis's own fake device, which speaks the real protocol."""

from __future__ import annotations

import contextlib
import sys
from contextlib import closing
from pathlib import Path

import pytest

from camera.aravis import AravisOptions, AravisSource, aravis_options
from camera.open import open_camera
from camera.source import Source, SourceLost, SourceTimeout, SourceUnavailable, SourceUriError
from camera.spec import CameraSpec
from tests.camera.fake_gige import FakeGige


def camera(name: str, query: str = "", isolate: bool = True) -> Source:
    return open_camera(CameraSpec("belt", f"aravis:{name}?{query}", "/", isolate=isolate))


def read_on(source: Source) -> None:
    """Until the camera is lost."""
    while True:
        with contextlib.suppress(SourceTimeout):
            source.read(0.5)


def test_options_reach_the_camera(gige: FakeGige) -> None:
    """Region and pixel format show in the pictures; grey has equal channels, Bayer has not."""
    for name, grey in (("Mono8", True), ("BayerRG8", False), ("Mono16", True)):
        query = f"format={name}&size=256x128&offset=16x8&fps=50&exposure_us=3000&gain=2"
        with closing(camera(gige.name, query)) as source:
            source.open()
            frame = source.read(5)
            assert (frame.width, frame.height) == (256, 128)
            assert (frame.image_HWC[:, :, 0] == frame.image_HWC[:, :, 2]).all() == grey


def test_an_unplugged_camera_is_lost_and_comes_back(gige: FakeGige) -> None:
    """Gone: SourceLost, then SourceUnavailable; plugged in again: the same source delivers."""
    with closing(camera(gige.name)) as source:
        source.open()
        source.read(5)
        gige.unplug()
        with pytest.raises(SourceLost):
            read_on(source)
        with pytest.raises(SourceUnavailable, match="check its power, cable and address"):
            source.open()
        gige.start()
        source.open()
        assert source.read(5).image_HWC.shape == (512, 512, 3)


def test_a_triggered_camera_sends_one_picture_for_each_trigger(gige: FakeGige) -> None:
    """GenICam's frame trigger: nothing comes by itself, then as many as were asked for. Fired by the device's own
    TriggerSoftware, as nothing here can put a voltage on Line1."""
    with closing(AravisSource("belt", aravis_options(f"{gige.name}?trigger=Software"))) as source:
        source.open()
        with pytest.raises(SourceTimeout):
            source.read(0.5)
        seen = []
        for _ in range(3):
            source._open._camera.software_trigger()  # type: ignore[union-attr]
            seen.append(source.read(5).seq)
        with pytest.raises(SourceTimeout):
            source.read(0.5)
    assert seen == sorted(set(seen))
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("query", "says"), [("format=Mono9", "option format .* are .*Mono8"), ("trigger=Line99", "option trigger")]
)
def test_what_the_camera_does_not_take_is_said(gige: FakeGige, query: str, says: str) -> None:
    """The option's name in the sentence, and the formats there are."""
    with closing(camera(gige.name, query)) as source, pytest.raises(SourceUnavailable, match=says):
        source.open()


def test_without_aravis_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without PyGObject runs every other camera, and this one says which packages it wants."""
    monkeypatch.setattr("camera.gobject._SYSTEM_PACKAGES", Path("/nowhere"))
    monkeypatch.setitem(sys.modules, "gi", None)
    with pytest.raises(SourceUnavailable, match="sudo apt-get install python3-gi gir1"):
        camera("any", isolate=False).open()


def test_its_uri_is_understood() -> None:
    """Names with spaces, all options, and mistakes."""
    options = aravis_options("The%20Imaging Source-12?size=640x480&offset=8x4&trigger=Line1&exposure_us=80.5")
    assert options == AravisOptions("The Imaging Source-12", (640, 480), (8, 4), exposure_us=80.5, trigger="Line1")
    assert aravis_options("").shown == "the first camera found"
    for query, says in (("exposure=4", "did you mean exposure_us"), ("offset=1x1", "together with size")):
        with pytest.raises(SourceUriError, match=says):
            aravis_options(f"x?{query}")
