"""A verification as one HTML file that needs nothing but a browser; names from the data are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compress.data.images import read_image
from compress.errors import DataError
from compress.report.page import environment, jpeg_uri, shrunk
from compress.report.record import Mistake
from compress.verify.table import verdict
from compress.verify.verification import Verification

_MOST_PICTURES = 24


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture with a line under it. jpeg: a data URI; None where it cannot be read any more."""

    path: str
    caption: str
    jpeg: str | None


def write_page(found: Verification, data_root: Path, file: Path) -> None:
    """Write the page. data_root: where the pictures' paths begin. Raises DataError where it cannot be written."""
    page = (
        environment()
        .get_template("verify/page.html.j2")
        .render(
            found=found,
            verdict=verdict(found),
            judged=any(row.inspection for row in found.rows),
            mistakes=[(row.name, _mistakes(row.mistakes, data_root), len(row.mistakes)) for row in found.rows],
            flips=[(flips, _flipped(flips.paths, data_root)) for flips in found.flips],
        )
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8", errors="replace")  # a file name need not be valid Unicode
    except OSError as error:
        raise DataError(f"cannot write {file}: {error.strerror}; choose another --html") from error


def _mistakes(mistakes: Sequence[Mistake], root: Path) -> list[Shown]:
    return [
        Shown(m.path, f"{m.true_class}, decided {m.decided_class} ({m.probability:.2f})", _picture(root / m.path))
        for m in mistakes[:_MOST_PICTURES]
    ]


def _flipped(paths: Sequence[str], root: Path) -> list[Shown]:
    return [Shown(path, "", _picture(root / path)) for path in paths[:_MOST_PICTURES]]


def _picture(path: Path) -> str | None:
    try:
        return jpeg_uri(shrunk(read_image(path)))
    except DataError:
        return None
