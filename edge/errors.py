"""Errors a person can act on, each with its own exit code.

    EdgevlError (1)          anything we foresaw; the sentence says what is wrong and what to do next
    ├── ConfigError (3)      the line file cannot be used
    ├── BundleError (4)      a bundle is missing, incomplete, damaged or too new
    └── EngineError (5)      no engine on this machine can run the bundle

The workshop adds its own below EdgevlError (`compress/errors.py`: 6 data, 7 teacher, 8 budget, 9 worse).
2 is taken by the command line itself (unknown option), 130 by Ctrl-C.
systemd must not restart the service on 3, 4 and 5: the next start would fail the same way.
"""

from __future__ import annotations

from typing import ClassVar


class EdgevlError(Exception):
    """A foreseen failure. `str(error)` is one clear sentence; the front door prints it without a traceback."""

    exit_code: ClassVar[int] = 1


class ConfigError(EdgevlError):
    """The line file is missing, is not TOML, or says something it may not."""

    exit_code = 3


class BundleError(EdgevlError):
    """The bundle is missing, incomplete, differs from its manifest, or was made for a later edgevl."""

    exit_code = 4


class EngineError(EdgevlError):
    """No engine here can run the graph, or a running one failed."""

    exit_code = 5
