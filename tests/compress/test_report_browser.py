"""The page as a person opens it: from a file, in a real browser, on a desk, a phone and paper."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from compress.report.report import write_html
from tests.compress.run_report import WITH_GOOD, make_report, write_mistaken_pictures
from tests.e2e.browser import chromium, complaints, hosts_asked, save_screenshot, why_no_browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(why_no_browser() is not None, reason=str(why_no_browser())),
]

CHINESE = ("good", "刮傷", "坑洞", *(f"裂紋與凹陷的長名稱 {i}" for i in range(15)))


@pytest.fixture(scope="module", params=[WITH_GOOD, CHINESE], ids=["two classes", "eighteen classes"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with pictures of mistakes."""
    folder = tmp_path_factory.mktemp("report")
    report = make_report(request.param, per_class=144 // len(request.param), sharpness=0.6)
    write_html(report, write_mistaken_pictures(report, folder / "data"), folder / "report.html")
    return folder / "report.html"


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light")])
def test_the_page_opens_from_a_file_and_asks_for_nothing(page: Path, width: int, scheme: str, tmp_path: Path) -> None:
    """Nothing sticks out to the side, every picture is there, the browser has no complaint and asks nobody."""
    with chromium(width, 900) as browser:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.get(page.as_uri())
        assert _run(browser, "document.documentElement.scrollWidth") <= width
        shown = "[...document.images].filter(i => i.complete && i.naturalWidth > 0).length"
        assert _run(browser, shown) == _run(browser, "document.images.length") > 0
        save_screenshot(browser, tmp_path / "page.png")
        assert complaints(browser) == []
        assert hosts_asked(browser) == set()
    pixels = cv2.imread(str(tmp_path / "page.png"), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    assert (np.median(pixels) > 128) == (scheme == "light")
    assert pixels.std() > 5


def test_the_figures_lie_inside_their_frames(page: Path) -> None:
    """No label of a waterfall is cut off."""
    with chromium(1440, 900) as browser:
        browser.get(page.as_uri())
        outside = """[...document.querySelectorAll('.figures svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()])
                .filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1 || b.bottom > frame.bottom + 1);
        }).map(([text]) => text)"""
        assert _run(browser, outside) == []


def test_the_page_prints(page: Path) -> None:
    """Chromium makes a PDF of it, with the closed list of problems opened."""
    with chromium(1440, 900) as browser:
        browser.get(page.as_uri())
        pdf = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        assert base64.b64decode(pdf).startswith(b"%PDF")
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        assert _run(browser, "document.querySelector('.problems').checkVisibility({contentVisibilityAuto: true})")


def _run(browser: Any, expression: str) -> Any:
    return browser.execute_script(f"return {expression}")
