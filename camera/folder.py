"""A folder of images as a camera: `folder:PATH?fps=10&loop=0`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camera.clock import Clock, Pace, SystemClock
from camera.frame import Frame
from camera.image_file import SUFFIXES, ImageFileError, read_image
from camera.source import SourceEnded, SourceLost, SourceUnavailable
from camera.uri import local_path, parse_options, windows_hint


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """fps: frames a second, 0 for as fast as they are read. loop: begin again after the last image."""

    path: Path
    fps: float = 10.0
    loop: bool = False


def folder_options(body: str, base: Path) -> FolderOptions:
    """Parse what follows `folder:`. Raises SourceUriError."""
    path, _, query = body.partition("?")
    options = parse_options("folder", query, ("fps", "loop"))
    return FolderOptions(
        local_path("folder", path, base), options.number("fps", 10.0, 0, 1000), options.flag("loop", False)
    )


class FolderSource:
    """The images of one folder, by name in natural order (2 before 10); subfolders are not entered.

    What cannot be read is skipped and listed in `unreadable`. A frame counts as captured when it is handed out.
    """

    def __init__(self, name: str, options: FolderOptions, clock: Clock | None = None) -> None:
        self._name = name
        self._options = options
        self._clock = clock or SystemClock()
        self._unreadable: dict[Path, str] = {}
        self._images: Iterator[NDArray[np.uint8]] | None = None
        self._pace = Pace(0, self._clock)
        self._seq = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def unreadable(self) -> tuple[tuple[Path, str], ...]:
        """The files skipped since `open`, each with the reason; kept after `close`."""
        return tuple(self._unreadable.items())

    def open(self) -> None:
        files = list_images(self._options.path)
        self._unreadable = {}
        images = self._walk(files)
        first = next(images, None)
        if first is None:
            raise SourceUnavailable(self._nothing_readable())
        self._images = chain([first], images)
        self._pace = Pace(self._options.fps, self._clock)
        self._seq = 0

    def read(self, timeout_s: float) -> Frame:
        if self._images is None:
            raise SourceLost(f"the camera {self._name} is not open")
        self._pace.wait(timeout_s)
        image_HWC = next(self._images, None)
        if image_HWC is None and self._options.loop:
            raise SourceLost(f"no image in {self._options.path} can be read any more; put them back")
        if image_HWC is None:
            raise SourceEnded(f"{self._options.path}: all {self._seq} images were delivered")
        seq, self._seq = self._seq, self._seq + 1
        return Frame(image_HWC, seq, self._clock.monotonic_ns(), self._clock.wall_ns(), self._name)

    def close(self) -> None:
        self._images = None

    def _walk(self, files: tuple[Path, ...]) -> Iterator[NDArray[np.uint8]]:
        """Yield the readable images, over and over where the camera loops and something is left to read."""
        while len(self._unreadable) < len(files):
            for file in files:
                try:
                    image_HWC = read_image(file)
                except ImageFileError as reason:
                    self._unreadable[file] = str(reason)
                    continue
                self._unreadable.pop(file, None)
                yield image_HWC
            if not self._options.loop:
                return

    def _nothing_readable(self) -> str:
        file, reason = next(iter(self._unreadable.items()))
        return (
            f"none of the {len(self._unreadable)} images in {self._options.path} can be read ({file.name} {reason}); "
            "put readable images there, or name another folder"
        )


def list_images(folder: Path) -> tuple[Path, ...]:
    """The files in a folder whose names end like images, in natural order. Raises SourceUnavailable."""
    try:
        files = [file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()]
    except OSError as error:
        raise SourceUnavailable(
            f"the folder {folder} cannot be read: {error.strerror}; check the camera's URI{windows_hint(folder)}"
        ) from error
    if not files:
        known = " ".join(sorted(SUFFIXES))
        raise SourceUnavailable(f"the folder {folder} holds no image ({known}); put images there, or name another")
    return tuple(sorted(files, key=lambda file: natural_key(file.name)))


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Sorts `part2` before `part10`; names that differ only in case or leading zeros keep one fixed order."""
    pieces = re.split(r"([0-9]+)", name.lower())
    return [int(piece) if position % 2 else piece for position, piece in enumerate(pieces)], name
