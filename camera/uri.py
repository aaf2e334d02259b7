"""A camera's URI, taken apart: `scheme:body?option=value&...`, with errors that name the nearest known word."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote

from camera.source import SourceUriError


def split_scheme(uri: str) -> tuple[str, str]:
    """`folder:a/b` -> ("folder", "a/b"). Raises SourceUriError where there is no scheme, as in `C:\\images`."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):(.*)", uri.strip(), flags=re.DOTALL)
    if match is None:
        raise SourceUriError(
            f"{redacted(uri)!r} does not say what kind of camera it is; "
            "write folder:PATH, file:PATH, rtsp://... or pattern:"
        )
    return match.group(1).lower(), match.group(2)


def redacted(uri: str) -> str:
    """The URI without user, password and query, fit for a log.

    Everything up to the last `@` goes, so that a password with `/` or `@` in it does not show either.
    """
    without_user = re.sub(r"//.*@", "//***@", uri, flags=re.DOTALL)
    return re.sub(r"[?#].*", "?...", without_user, flags=re.DOTALL)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one URI, each asked for once by its camera. Every method raises SourceUriError."""

    scheme: str
    values: Mapping[str, str]

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A finite number within `low` to `high`, both included."""
        text = self.values.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise self.wrong(name, text, f"a number from {low:g} to {high:g}")
        return value

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number within `low` to `high`, both included."""
        text = self.values.get(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise self.wrong(name, text, f"a whole number from {low} to {high}")
        return int(text)

    def flag(self, name: str, default: bool) -> bool:
        """0 or 1."""
        text = self.values.get(name, str(int(default)))
        if text not in ("0", "1"):
            raise self.wrong(name, text, "0 or 1")
        return text == "1"

    def size(self, name: str, default: tuple[int, int]) -> tuple[int, int]:
        """Width and height in pixels, written 640x480."""
        text = self.values.get(name)
        if text is None:
            return default
        match = re.fullmatch(r"([0-9]{1,5})[xX]([0-9]{1,5})", text)
        if match is None:
            raise self.wrong(name, text, "width x height in pixels, such as 640x480")
        return int(match.group(1)), int(match.group(2))

    def wrong(self, name: str, text: str, wanted: str) -> SourceUriError:
        return SourceUriError(f"the option {name}={text} of a {self.scheme} camera must be {wanted}")


def parse_options(scheme: str, query: str, known: Sequence[str]) -> Options:
    """`fps=5&loop=1` -> Options. Raises SourceUriError for an unknown, repeated or valueless option."""
    values: dict[str, str] = {}
    for item in filter(None, query.split("&")):
        name, equals, value = item.partition("=")
        name = unquote(name)
        if name not in known:
            raise SourceUriError(f"a {scheme} camera has no option {name!r}{nearest(name, known)}")
        if not equals or name in values:
            raise SourceUriError(f"write the option {name} of a {scheme} camera once, as {name}=VALUE")
        values[name] = unquote(value)
    return Options(scheme, values)


def nearest(word: str, known: Sequence[str]) -> str:
    """The end of an error sentence: the nearest known word, where one is near, and all of them."""
    close = get_close_matches(word, known, n=1)
    guess = f"; did you mean {close[0]}?" if close else ";"
    return f"{guess} known: {', '.join(known)}"


def local_path(scheme: str, body: str, base: Path) -> Path:
    """The absolute path that a folder or file camera names; a relative one counts from `base`.

    Spaces and any script may be written plainly or percent-encoded; `?` and `%` themselves as %3F and %25.
    `//localhost/x` and `///x` are understood as in any file URI. Raises SourceUriError.
    """
    text = unquote(body)
    if text.startswith("//"):
        host, slash, rest = text[2:].partition("/")
        if host not in ("", "localhost") or not slash:
            raise SourceUriError(f"{scheme}:{text} names the host {host!r}; write {scheme}:PATH, with no // before it")
        text = "/" + rest
    if not text or "\0" in text:
        raise SourceUriError(f"a {scheme} camera needs a path: {scheme}:PATH")
    return (base / text).absolute()


def windows_hint(path: Path) -> str:
    """The end of an error sentence for a path that was written the Windows way."""
    return "; write / between folders, not a backslash" if "\\" in str(path) else ""
