"""Which bundle is meant: one that is named, or of a line file's own and its products' the one that judged a part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.bundle.load import Bundle, load_bundle
from edge.config.load import load_line
from edge.errors import ConfigError


def bundle_folders(line_file: Path | None, bundle: Path | None) -> list[Path]:
    """The one that is named, or the line's own and then those of its products; none where nothing is named."""
    if bundle is not None:
        return [bundle]
    if line_file is None:
        return []
    line = load_line(line_file)
    return list(dict.fromkeys([line.line.bundle, *(one.bundle for one in line.product)]))


def bundle_that_judged(bundle_id: str, folders: Sequence[Path]) -> Bundle:
    """Raises ConfigError where it is none of these, and BundleError where one cannot be read before it is found."""
    for folder in folders:
        loaded = load_bundle(folder)
        if loaded.manifest.bundle_id == bundle_id:
            return loaded
    raise ConfigError(
        f"this part was judged by the bundle {bundle_id}, which is not in {', '.join(map(str, folders))}; "
        "name that one with --bundle"
    )
