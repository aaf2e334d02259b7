"""CSI cameras: the pipeline as text, and the machinery that plays it, on a pipeline that runs anywhere."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from camera.csi import CsiOptions, csi_options, csi_pipeline, csi_source
from camera.gobject import load
from camera.gstreamer import SINK, GStreamerSource
from camera.source import SourceLost, SourceUnavailable, SourceUriError

RED = "pattern=red ! video/x-raw,width=322,height=100,framerate=50/1 ! videoconvert"
LIVE = f"videotestsrc is-live=true {RED} ! {SINK}"


def read_on(source: GStreamerSource) -> None:
    while True:
        source.read(5)


@pytest.fixture
def _gstreamer() -> None:
    try:
        load("GstApp", "1.0", "gir1.2-gst-plugins-base-1.0")
    except SourceUnavailable as error:
        pytest.skip(str(error))


def test_the_pipeline_asks_the_sensor_for_what_the_uri_says() -> None:
    """Sensor, size, rate, fixed exposure in ns and gain; the newest picture only."""
    assert csi_pipeline(csi_options("1?size=1280x720&fps=60&exposure_us=2000&gain=2.5")) == (
        'nvarguscamerasrc sensor-id=1 exposuretimerange="2000000 2000000" gainrange="2.5 2.5"'
        " ! video/x-raw(memory:NVMM),width=1280,height=720,framerate=60/1 ! nvvidconv ! video/x-raw,format=BGRx"
        " ! videoconvert ! video/x-raw,format=BGR ! appsink name=sink max-buffers=1 drop=true sync=false"
    )
    assert "exposuretimerange" not in csi_pipeline(CsiOptions())


@pytest.mark.parametrize("body", ["front", "-1", "0?size=0x0", "0?fps=2.5", "0?sensor-id=1"])
def test_a_mistake_in_its_uri_is_said(body: str) -> None:
    """Sensor, size, rate and option names are checked before anything starts, so nothing else gets into a pipeline."""
    with pytest.raises(SourceUriError):
        csi_options(body)


@pytest.mark.usefixtures("_gstreamer")
def test_a_live_pipeline_gives_the_newest_picture() -> None:
    """Rows that GStreamer pads come out right; after a pause the next picture is fresh."""
    with closing(GStreamerSource("belt", LIVE, "the test picture")) as source:
        source.open()
        first = source.read(10)
        assert first.image_HWC.shape == (100, 322, 3)
        blue, green, red = first.image_HWC[99, 321].tolist()
        assert (blue < 10, green < 10, red > 245) == (True, True, True)
        time.sleep(0.5)
        source.read(10)
        assert source.read(10).age_ms(time.monotonic_ns()) < 400


@pytest.mark.usefixtures("_gstreamer")
def test_a_pipeline_that_ends_is_lost_and_one_without_its_plugin_says_so() -> None:
    """The second is what a machine that is no Jetson says of a CSI camera."""
    with closing(GStreamerSource("belt", f"videotestsrc num-buffers=3 {RED} ! {SINK}", "the test picture")) as source:
        source.open()
        with pytest.raises(SourceLost, match="the test picture has stopped"):
            read_on(source)
    with pytest.raises(SourceUnavailable, match="nvarguscamerasrc"):
        csi_source("belt", CsiOptions()).open()
