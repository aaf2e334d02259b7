"""Takes the pictures of the dashboard in docs/images, from the simulated line that `edgevl demo` shows:

edgevl demo                                                        (in one terminal, for some minutes)
python -m tests.e2e.photograph http://127.0.0.1:8088/ docs/images  (in another)
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.wait import WebDriverWait

from tests.e2e.browser import chromium, save_screenshot, why_no_browser

# name, language, width, height
VIEWS = (
    ("dashboard.zh-TW", "zh-TW", 1920, 1080),
    ("dashboard.en", "en", 1920, 1080),
    ("dashboard.tablet", "zh-TW", 820, 1180),
)
PART_VIEWS = (
    ("part.zh-TW", "zh-TW", 1366, 768),
    ("part.en", "en", 1366, 768),
    ("part.tablet", "zh-TW", 820, 1180),
)
SETTLES_IN_S = 5.0
REPORTED_IN_S = 20.0


def photograph(address: str, folder: Path) -> None:
    """Save one PNG for each view of a running dashboard."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, language, width, height in (*VIEWS, *PART_VIEWS):
        with chromium(width, height) as browser:
            browser.get(f"{address.rstrip('/')}/?language={language}")
            time.sleep(SETTLES_IN_S)
            if name.startswith("part."):
                _point_at_a_phrase(browser)
            save_screenshot(browser, folder / f"{name}.png")


def _point_at_a_phrase(browser: Any) -> None:
    """Of the report of the newest reject: the one that is last in its text, else in the model's own words."""
    browser.find_element("css selector", ".gallery:not(.search) .card:not(.hidden)").click()
    phrases = WebDriverWait(browser, REPORTED_IN_S).until(
        lambda _: browser.find_elements("css selector", ".detail .phrase")
    )
    time.sleep(1.0)  # the dialog glides in
    ActionChains(browser).move_to_element(phrases[-1]).perform()
    time.sleep(1.0)


if __name__ == "__main__":
    if len(sys.argv) != 3 or why_no_browser():
        sys.exit(why_no_browser() or __doc__)
    photograph(sys.argv[1], Path(sys.argv[2]))
