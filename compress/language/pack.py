"""A bundle with its language half: everything the old one has, the files below `language/`, and a new number."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from compress.derived import derive
from edge.bundle.load import Bundle
from edge.bundle.manifest import ClassSpec, ReportsSpec, TextSearch

FOLDER = "language"


@dataclass(frozen=True, slots=True)
class LanguageFiles:
    """What goes into `language/`: name there -> file. reports, text: what the manifest says of them."""

    files: dict[str, Path]
    reports: ReportsSpec
    text: TextSearch


def with_language(base: Bundle, out: Path, classes: tuple[ClassSpec, ...], language: LanguageFiles) -> Bundle:
    """Write the new bundle beside `out`, verify it, and put it in place at once. classes: with their titles."""
    files = {f"{FOLDER}/{name}": partial(shutil.copyfile, file) for name, file in language.files.items()}
    changes = {"classes": classes, "reports": language.reports, "text": language.text}
    made, _ = derive(base, out, files, changes, lambda _: None)
    return made
