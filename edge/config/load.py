"""The line file: one TOML file that says which bundle, which cameras, and where to publish.

    [line]
    name = "steel"
    bundle = "../bundles/neu"

    [[camera]]
    name = "belt"
    uri = "file:../clips/belt.avi"
    trigger = "part"

Relative paths (bundle, data_dir, `file:` and `folder:` cameras) start at the line file's own folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from edge.config.checks import check_line
from edge.config.sections import CameraSection, LineFile
from edge.toml import convert, read_tables


def load_line(path: Path) -> LineFile:
    """Read and check a line file. Raises ConfigError naming the file, the key and what is allowed there."""
    line = convert(path, _with_data_dir(read_tables(path, LineFile)), LineFile)
    check_line(path, line)
    return _resolve(line, path.absolute().parent)


def _with_data_dir(tables: dict[str, Any]) -> Mapping[str, Any]:
    """Fill in the default with the line's name: `configs/steel.toml` keeps its data in `var/steel`."""
    line = tables.get("line")
    if not isinstance(line, dict) or not isinstance(line.get("name"), str):
        return tables
    return {**tables, "line": {"data_dir": f"../var/{line['name']}", **line}}


def _resolve(line: LineFile, folder: Path) -> LineFile:
    replace = msgspec.structs.replace
    paths = {"bundle": _join(folder, line.line.bundle), "data_dir": _join(folder, line.line.data_dir)}
    cameras = tuple(_resolve_camera(c, folder) for c in line.camera)
    keys = None if line.feed.keys is None else _join(folder, line.feed.keys)
    products = tuple(replace(p, bundle=_join(folder, p.bundle)) for p in line.product)
    feed = replace(line.feed, keys=keys)
    return replace(line, line=replace(line.line, **paths), camera=cameras, product=products, feed=feed)


def _resolve_camera(camera: CameraSection, folder: Path) -> CameraSection:
    lens = None if camera.undistort is None else _join(folder, camera.undistort)
    return msgspec.structs.replace(camera, uri=_resolve_uri(camera.uri, folder), undistort=lens)


def _resolve_uri(uri: str, folder: Path) -> str:
    """`file:belt.avi?loop=1` below `folder`; other schemes stay as they are."""
    scheme, colon, rest = uri.partition(":")
    if scheme not in ("file", "folder") or not rest:
        return uri
    location, question, options = rest.partition("?")
    return scheme + colon + str(_join(folder, Path(location))) + question + options


def _join(folder: Path, path: Path) -> Path:
    return Path(os.path.normpath(folder / path))
