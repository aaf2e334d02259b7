"""The pictures of marked parts as a folder for each class that they really were, to be learned from.

    DIR/good/EPOCH-CAMERA-NUMBER.jpg       good parts that were judged NG or UNDECIDED
    DIR/scratch/...                        defects of a class that the line knows
    DIR/unlabelled/another-defect/...      defects of none that it knows
    DIR/unlabelled/unknown/...             wrong, and nobody said what else

`edgevl compress --data` reads this layout; what is in `unlabelled` has no class for it. A picture is cut as the model
saw the part. The folder appears when it is complete.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from camera.image_file import ImageFileError, read_image
from edge.errors import EdgevlError
from edge.geometry import Region
from edge.messages import Verdict, VerdictMark
from edge.store.history import History, StoredVerdict

ANOTHER_DEFECT = "unlabelled/another-defect"
UNKNOWN = "unlabelled/unknown"


@dataclass(frozen=True, slots=True)
class Copied:
    """How many pictures went into each folder, and of how many marked parts none is kept, or it cannot be read."""

    by_folder: Mapping[str, int]
    without_picture: int
    unreadable: int


def copy_marked(
    history: History, marked: Iterable[StoredVerdict], folder: Path, tick: Callable[[], None] = lambda: None
) -> Copied:
    """Fill a new folder with the pictures of marked parts. tick: called after each part. Raises EdgevlError."""
    part = folder.with_name(f"{folder.name}.part")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise EdgevlError(f"{folder} is there already, and not empty; name a new folder for the pictures")
    if part.exists():
        raise EdgevlError(f"{part} is there already, perhaps from a run that was killed; delete it, and run this again")
    good, counts = history.good_name(), Counter[str]()
    without = unreadable = 0
    try:
        part.mkdir(parents=True)
        for stored in marked:
            picture, name = history.picture_path(stored.verdict.id), _folder_of(stored.mark, good)
            if picture is None:
                without += 1
            elif _copied(picture, stored.verdict, part / name):
                counts[name] += 1
            else:
                unreadable += 1
            tick()
        part.replace(folder)  # also in the place of an empty one
    except OSError as error:
        raise EdgevlError(f"cannot write {folder} ({error.strerror}); choose another or free some space") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Copied(dict(counts), without, unreadable)


def _folder_of(mark: VerdictMark | None, good: str) -> str:
    if mark is None or mark.truth == "unknown":
        return UNKNOWN
    if mark.truth == "good":
        return file_name(good)
    return ANOTHER_DEFECT if mark.class_name is None else file_name(mark.class_name)


def file_name(name: str) -> str:
    """A name of a class or a part as the name of a file: the same, but for what would lead elsewhere."""
    return re.sub(r"[/\\\x00-\x1f\x7f]", "_", name).strip(" .") or "_"


def _copied(picture: Path, verdict: Verdict, into: Path) -> bool:
    """The file as it is where all of it was inspected; else the region, without further loss. False: unreadable."""
    target, r = into / file_name(verdict.id), verdict.region
    try:
        if r == Region(0, 0, verdict.frame_width, verdict.frame_height):
            content, suffix = picture.read_bytes(), ".jpg"
        else:
            content, suffix = _png(read_image(picture)[r.y : r.y + r.h, r.x : r.x + r.w]), ".png"
    except (ImageFileError, FileNotFoundError, cv2.error):
        return False
    into.mkdir(parents=True, exist_ok=True)
    target.with_name(f"{target.name}{suffix}").write_bytes(content)
    return True


def _png(image_HWC: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", image_HWC)[1].tobytes()
