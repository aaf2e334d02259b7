"""Fixtures for the device's tests: a small real bundle with answers that can be worked out on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundles import WITHOUT_GOOD, make_bundle


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with a good class and two variants; shared by all tests, so nobody may write into it."""
    return make_bundle(tmp_path_factory.mktemp("bundles") / "brightness").path


@pytest.fixture(scope="session")
def small_bundle_without_good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with defect classes only; read-only as well."""
    return make_bundle(tmp_path_factory.mktemp("bundles") / "brightness-ng", WITHOUT_GOOD).path
