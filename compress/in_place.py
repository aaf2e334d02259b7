"""A finished folder takes the place of the one before it."""

from __future__ import annotations

import shutil
from pathlib import Path


def put_in_place(partial: Path, out: Path) -> None:
    """Swap folders: whoever copies `out` meanwhile sees the old one, none, or the new one, never a mix."""
    old = out.with_name(out.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    partial.rename(out)
    shutil.rmtree(old, ignore_errors=True)
