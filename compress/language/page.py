"""The page a person reads about the language half."""

from __future__ import annotations

from pathlib import Path

import jinja2

from compress.language.measure import SLOTS
from compress.language.record import LanguageReport


def write_language_page(report: LanguageReport, file: Path) -> None:
    """Write one HTML file that needs nothing else."""
    loader = jinja2.PackageLoader("compress.language", ".")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    file.write_text(environment.get_template("page.html.j2").render(report=report, slots=SLOTS), encoding="utf-8")
