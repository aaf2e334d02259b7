"""What must hold in a line file beyond each section's shape: names, products, triggers, languages, who may reach it."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from edge.config.sections import MAIN, LineFile
from edge.errors import ConfigError
from edge.language.grammar.languages import LANGUAGES

# Names become parts of topics (`verdict/LINE/CAMERA`) and of file names.
_NAME = re.compile(r"\w[\w.-]{0,62}\Z")
_NAME_RULE = "use letters of any script, digits, `_`, `-` and `.`, at most 63, beginning with a letter or digit"

# What `insecure` in [feed] must say to open the feed to everybody.
OPEN_TO_ALL = "I accept that anyone on this network can read the feed"


def check_line(path: Path, line: LineFile) -> None:
    """Raises ConfigError with one sentence about the first thing that does not hold; `path` is named in it."""
    _check_names(path, line)
    _check_products(path, line)
    _check_triggers(path, line)
    _check_loopback(path, line)
    _check_languages(path, line)


def _check_names(path: Path, line: LineFile) -> None:
    _check_name(path, "`line.name`", line.line.name)
    seen: set[str] = set()
    for number, camera in enumerate(line.camera, start=1):
        _check_name(path, f"`name` in [[camera]] number {number}", camera.name)
        if camera.name in seen:
            raise ConfigError(f"{path}: two cameras are named {camera.name!r}; give each its own name")
        seen.add(camera.name)


def _check_name(path: Path, place: str, name: str) -> None:
    if not _NAME.match(name):
        raise ConfigError(f"{path}: {place} is {name!r}; {_NAME_RULE}")


def _check_products(path: Path, line: LineFile) -> None:
    known = [MAIN]
    for number, product in enumerate(line.product, start=1):
        _check_name(path, f"`name` in [[product]] number {number}", product.name)
        if product.name in known:
            taken = "stands for the bundle in [line]" if product.name == MAIN else "is there twice"
            raise ConfigError(f"{path}: the product name {product.name!r} {taken}; give each its own name")
        known.append(product.name)
    for camera in line.camera:
        if camera.product not in known:
            raise ConfigError(
                f"{path}: camera {camera.name} has the product {camera.product!r}, but the line has: "
                f"{', '.join(known)}; add a [[product]] with that name and its bundle"
            )


def _check_triggers(path: Path, line: LineFile) -> None:
    for number, camera in enumerate(line.camera, start=1):
        if (camera.every_ms is None) == (camera.trigger == "interval"):
            raise ConfigError(
                f'{path}: [[camera]] number {number} has `trigger = "{camera.trigger}"` '
                f"{'but no' if camera.every_ms is None else 'and an'} `every_ms`; "
                'the two belong together: trigger = "interval" and every_ms = 500'
            )
        if camera.margin and camera.trigger != "part":
            raise ConfigError(
                f"{path}: `margin` in [[camera]] number {number} is {camera.margin:g}, but only parts have a margin;"
                ' add trigger = "part" or take it out'
            )


def _check_languages(path: Path, line: LineFile) -> None:
    unknown = [code for code in line.reports.languages if code not in LANGUAGES]
    if unknown:
        known = ", ".join(LANGUAGES)
        raise ConfigError(f"{path}: `languages` in [reports] has {unknown[0]!r}; reports are written in: {known}")


def _check_loopback(path: Path, line: LineFile) -> None:
    """Without keys nobody may listen from outside, so only this machine's own address is allowed."""
    if not _is_loopback(line.dashboard.host):
        raise ConfigError(
            f"{path}: `dashboard.host` is {line.dashboard.host!r}, which other machines can reach; the"
            ' dashboard has no passwords yet, so use "127.0.0.1" (and ssh -L to see it from elsewhere)'
        )
    if line.feed.insecure not in ("", OPEN_TO_ALL):
        raise ConfigError(f'{path}: `feed.insecure` is not what it must say to have an effect: "{OPEN_TO_ALL}"')
    may_leave = line.feed.keys is not None or bool(line.feed.insecure)
    _check_address(path, "feed.bind", line.feed.bind, may_leave)
    if line.feed.requests:
        _check_address(path, "feed.requests", line.feed.requests, may_leave)


def _check_address(path: Path, key: str, address: str, may_leave: bool) -> None:
    match = re.fullmatch(r"tcp://\[?([^\[\]]+?)\]?:(\d{1,5}|\*)", address)
    if not match:
        raise ConfigError(f'{path}: `{key}` is {address!r}; write it as "tcp://127.0.0.1:5560"')
    if not may_leave and not _is_loopback(match.group(1)):
        raise ConfigError(
            f"{path}: `{key}` is {address!r}, which other machines can reach; make keys with `edgevl keys new server`"
            ' and name their folder as `keys` in [feed], or bind to "tcp://127.0.0.1:PORT"'
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
