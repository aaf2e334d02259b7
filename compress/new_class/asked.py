"""What a person says of a new class, and whether it makes sense."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from compress.data.readers.good import is_good
from compress.errors import DataError
from edge.bundle.manifest import Manifest
from edge.verdict import UNKNOWN_DEFECT

_NAME_LONGEST = 60
_PROMPT_LONGEST = 300
_STATUSES = ("OK", "NG", "UNDECIDED")
_PICTURES = frozenset({".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, slots=True)
class NewClass:
    """teacher: who reads the prompts, where it does not lie where the bundle was made.

    budget: share of known parts it may take.
    """

    name: str
    prompts: tuple[str, ...] = ()
    examples: Path | None = None
    teacher: str | None = None
    titles: dict[str, str] = field(default_factory=dict)
    budget: float = 0.01


def require_sound(new: NewClass, manifest: Manifest) -> None:
    """Raises DataError."""
    name = new.name
    for what, text in (("a class name", name), *(("a title", title) for title in new.titles.values())):
        if not text.strip() or text != text.strip() or len(text) > _NAME_LONGEST or not _plain(text):
            raise DataError(f"{what} is one line of 1 to {_NAME_LONGEST} characters without spaces around it")
    if is_good(name) or name.upper() in _STATUSES:
        raise DataError(
            f"an added class is a defect, and a part of it NG: {name!r} would say otherwise; choose another name. "
            "Good parts cannot be added: give them to `edgevl compress`"
        )
    taken = {spec.name.casefold() for spec in (*manifest.all_classes, UNKNOWN_DEFECT)}
    if name.casefold() in taken:
        raise DataError(f"the bundle knows a class {name!r} already; choose another name, or remove that one first")
    for prompt in new.prompts:
        if not prompt.strip() or len(prompt) > _PROMPT_LONGEST or not _plain(prompt):
            raise DataError(
                f"a --prompt is one sentence of 1 to {_PROMPT_LONGEST} characters; this has {len(prompt):,}"
            )
    if new.examples is None and not new.prompts:
        raise DataError("nothing says what the new class looks like; give --prompt, or --examples")
    if not 0 <= new.budget < 1:
        raise DataError(f"--budget is a share from 0 to below 1, not {new.budget:g}")


def pictures_of(new: NewClass) -> list[Path]:
    """The examples, in the order of their names; none where no folder is given. Raises DataError."""
    if new.examples is None:
        return []
    if not new.examples.is_dir():
        raise DataError(f"there is no folder of examples at {new.examples}")
    found = sorted(path for path in new.examples.iterdir() if path.suffix.lower() in _PICTURES and path.is_file())
    if not found:
        raise DataError(f"{new.examples} holds no picture; put pictures of {new.name!r} there")
    return found


def _plain(text: str) -> bool:
    """No line breaks, no control or direction marks: they would change how lists of classes look."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs") for character in text)
