"""A real headless Chromium that may not leave this machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)


def why_no_browser() -> str | None:
    """What is missing for these tests, with the command that installs it; None where nothing is."""
    missing = [name for path, name in ((CHROMIUM, "chromium"), (DRIVER, "chromium-driver")) if not shutil.which(path)]
    return f"not installed: sudo apt-get install {' '.join(missing)}" if missing else None


@contextmanager
def chromium(width: int, height: int) -> Iterator[Any]:
    """A selenium driver with a window of exactly that size, and its logs of console and network."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        yield driver
    finally:
        driver.quit()


def hosts_asked(driver: Any) -> set[str]:
    """The host and port of everything the page requested since the last call, web sockets too."""
    urls = [url for entry in driver.get_log("performance") for url in _urls(json.loads(entry["message"])["message"])]
    return {urlsplit(url).netloc for url in urls if urlsplit(url).scheme in {"http", "https", "ws", "wss"}}


def complaints(driver: Any) -> list[str]:
    """What the browser's console said since the last call, from warnings upwards."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] in {"WARNING", "SEVERE"}]


def save_screenshot(driver: Any, file: Path) -> None:
    assert driver.save_screenshot(str(file))


def _urls(event: dict[str, Any]) -> list[str]:
    if event["method"] == "Network.requestWillBeSent":
        return [event["params"]["request"]["url"]]
    return [event["params"]["url"]] if event["method"] == "Network.webSocketCreated" else []
