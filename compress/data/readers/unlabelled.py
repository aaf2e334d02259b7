"""Pictures and nothing else: good parts where the folder says so, else work for a teacher."""

from __future__ import annotations

from pathlib import Path

from compress.data.readers.files import Files
from compress.data.readers.found import Found, FoundImage, Problem
from compress.data.readers.rows import SUFFIXES, columns_of, header_of, text_of
from compress.errors import DataError


def recognises(files: Files) -> bool:
    """Whether there is any image; so this comes last."""
    return bool(files.images)


def read(files: Files) -> Found:
    """Every image, without a class, and why each table here tells none."""
    tables = (path for path in files.paths if path.suffix.lower() in SUFFIXES)
    problems = (Problem(path, sentence) for path in tables if (sentence := _why_not(path)))
    return Found(tuple(FoundImage(path) for path in files.images), tuple(problems))


def _why_not(table: Path) -> str:
    """Why a table says nothing of images; "" where it does, sentences for instance."""
    try:
        text_of(table)
    except DataError as error:
        return f"{str(error).removeprefix(f'{table} ')}; not used"
    if "image" in (known := header_of(table)):
        return "" if known - {"image"} else "names images, but has no column label, grade, mask or boxes; not used"
    return f"has no column image (its columns are: {', '.join(columns_of(table)) or 'none'}); not used"
