"""What a teacher expects of its pixels: size, colour order, mean and std, from the files beside its weights.

The whole picture is stretched to the teacher's size, also where its own recipe crops the centre: a defect at the edge
must stay in view.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec

from compress.errors import TeacherError
from compress.teachers.pretrained import read_json

Size = tuple[int, int]  # height, width in pixels
Colour = tuple[float, float, float]

_IMAGENET: tuple[Colour, Colour] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_USUAL_SIZE: Size = (224, 224)
_LARGEST_SIDE = 2048  # beyond it a "size" is a number of pixels, as models of free resolution give it


class Preprocessing(msgspec.Struct, frozen=True):
    """Input size in pixels; mean and std per colour, on a scale where a byte of 255 is 1; the order of colours."""

    height: int
    width: int
    mean: Colour
    std: Colour
    is_bgr: bool = False


def read_preprocessing(folder: Path, config: Any) -> list[Preprocessing]:
    """What the folder's files say, with every size worth trying, the likeliest first.

    A preprocessor's size goes before the model's own, as DINOv2 sees 224 pixels though it was trained up to 518; not
    every model takes it. Raises TeacherError for a file that cannot be used.
    """
    file, said = _read_file(folder)
    mean, std = _normalisation(file, said)
    sizes = dict.fromkeys(size for size in (_size_said(said), _own_size(config), _USUAL_SIZE) if size)
    is_bgr = bool(said.get("do_flip_channel_order"))
    return [Preprocessing(height, width, mean, std, is_bgr) for height, width in sizes]


def vision_config(config: Any) -> Any:
    """The part of a configuration that describes the image side; all of it where there is no other side."""
    for name in ("vision_config", "image_config", "encoder"):
        part = getattr(config, name, None)
        if part is not None and not isinstance(part, (dict, str)):
            return part
    return config


def patch_side(config: Any) -> int:
    """The side of a transformer's patch in pixels; 1 for other encoders."""
    patch = getattr(vision_config(config), "patch_size", None) or 1
    return int(patch[0] if isinstance(patch, (list, tuple)) else patch)


def _read_file(folder: Path) -> tuple[Path, dict[str, Any]]:
    """transformers 5 may keep the image processor's keys inside processor_config.json."""
    file = folder / "preprocessor_config.json"
    if file.is_file():
        return file, read_json(file)
    file = folder / "processor_config.json"
    said = read_json(file).get("image_processor") if file.is_file() else None
    return file, said if isinstance(said, dict) else {}


def _normalisation(file: Path, said: dict[str, Any]) -> tuple[Colour, Colour]:
    """Mean and std; a rescale other than 1/255 and an offset of -1 are folded into both."""
    mean, std = _IMAGENET
    if not said.get("do_normalize", "do_flip_channel_order" not in said):  # who flips to BGR keeps 0..1
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    mean = _colour(file, "image_mean", said.get("image_mean"), mean)
    std = _colour(file, "image_std", said.get("image_std"), std)
    factor = said.get("rescale_factor") or 1 / 255
    if not isinstance(factor, (int, float)) or not factor > 0 or min(std) <= 0:
        raise TeacherError(f"{file}: rescale_factor and image_std must be numbers above 0")
    scale, offset = 255 * float(factor), 1.0 if said.get("rescale_offset") else 0.0
    m, s = mean, std
    folded = ((m[0] + offset) / scale, (m[1] + offset) / scale, (m[2] + offset) / scale)
    return folded, (s[0] / scale, s[1] / scale, s[2] / scale)


def _colour(file: Path, key: str, said: Any, otherwise: Colour) -> Colour:
    """Three numbers; a single one counts for all three colours."""
    if said is None:
        return otherwise
    numbers = said if isinstance(said, list) else [said] * 3
    if len(numbers) != 3 or not all(isinstance(n, (int, float)) and math.isfinite(n) for n in numbers):
        raise TeacherError(f"{file}: {key} must be three numbers, one per colour, or one for all")
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


def _size_said(said: dict[str, Any]) -> Size | None:
    """The size a preprocessor ends with. A longest edge is a limit, and a huge one a number of pixels: neither is."""
    size = said.get("crop_size") if said.get("do_center_crop", True) and said.get("crop_size") else said.get("size")
    if isinstance(size, dict):
        if "longest_edge" in size:
            return None
        size = [size.get("height") or size.get("shortest_edge"), size.get("width") or size.get("shortest_edge")]
    return _pair(size)


def _own_size(config: Any) -> Size | None:
    """What the image side was built for; one of free resolution (NaFlex) says how many patches it takes."""
    part = vision_config(config)
    size = _pair(getattr(part, "image_size", None))
    patches = getattr(part, "num_patches", None)
    if size is None and isinstance(patches, int) and patches > 0:
        size = _pair(math.isqrt(patches) * patch_side(config))
    return size


def _pair(size: Any) -> Size | None:
    """(height, width) of one number or two, where they are a size in pixels that a model may take."""
    numbers = size if isinstance(size, (list, tuple)) else [size, size]
    if len(numbers) != 2 or not all(isinstance(n, int) and 1 <= n <= _LARGEST_SIDE for n in numbers):
        return None
    return numbers[0], numbers[1]
