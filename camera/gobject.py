"""PyGObject (`gi`), for the libraries that come with typelibs: Aravis and GStreamer.

Debian, and with it JetPack, ships PyGObject for the system's Python. A virtual environment of that same Python version
does not see it; it is then loaded from there, and nothing else of the system's packages with it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

from camera.source import SourceUnavailable

_SYSTEM_PACKAGES = Path("/usr/lib/python3/dist-packages")


def load(namespace: str, version: str, packages: str) -> Any:
    """The module of a GObject namespace, such as Aravis 0.8.

    packages: the Debian packages to name when it is not here. Raises SourceUnavailable.
    """
    try:
        _import_gi().require_version(namespace, version)
        with warnings.catch_warnings():
            # Debian's older PyGObject loads its modules in a way that Python calls outdated.
            warnings.simplefilter("ignore", ImportWarning)
            return importlib.import_module(f"gi.repository.{namespace}")
    except (ImportError, ValueError) as error:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SourceUnavailable(
            f"{namespace} {version} is not installed for Python {python} ({error}); run: "
            f"sudo apt-get install python3-gi {packages} (with another Python than the system's also: "
            "pip install PyGObject)"
        ) from error


def _import_gi() -> Any:
    try:
        return importlib.import_module("gi")
    except ImportError:
        return _system_gi()


def _system_gi() -> Any:
    """Raises ImportError, also where it was built for another version of Python."""
    folder = _SYSTEM_PACKAGES / "gi"
    spec = importlib.util.spec_from_file_location(
        "gi", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None or not folder.is_dir():
        raise ImportError("there is no PyGObject")
    module = importlib.util.module_from_spec(spec)
    sys.modules["gi"] = module
    try:
        spec.loader.exec_module(module)
    except ImportError:
        del sys.modules["gi"]
        raise
    return module
