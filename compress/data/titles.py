"""What classes are called before people: `titles.json` of the data folder, and the usual Chinese name beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from compress.errors import DataError
from compress.search.lexicon import usual_name
from edge.bundle.manifest import ClassSpec

_TITLES = "titles.json"  # optional: {"scratch": {"en": "Scratch", "zh-TW": "刮傷"}}
_CHINESE = "zh-TW"


def read_titles(root: Path) -> dict[str, dict[str, str]]:
    """What to show for a class per language, from titles.json in the data folder; empty where there is none."""
    file = root / _TITLES
    if not file.is_file():
        return {}
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, str]])
    except msgspec.DecodeError as error:
        raise DataError(f'{file} must look like {{"CLASS": {{"en": "...", "zh-TW": "..."}}}}: {error}') from error


def titled(specs: Iterable[ClassSpec], root: Path) -> tuple[ClassSpec, ...]:
    """Classes with the titles of the data folder, then their own, then the Chinese name that such a defect usually has.

    A class's name is English as a rule, and shown as it is. Raises DataError where titles.json is damaged.
    """
    given = read_titles(root)
    return tuple(msgspec.structs.replace(spec, titles=_titles(spec, given.get(spec.name, {}))) for spec in specs)


def _titles(spec: ClassSpec, given: dict[str, str]) -> dict[str, str]:
    usual = usual_name(spec.name, spec.kind == "good", _CHINESE)
    return {**({_CHINESE: usual} if usual else {}), **spec.titles, **given}


def taken_from_lexicon(specs: Iterable[ClassSpec], root: Path) -> str:
    """A sentence about the Chinese names that nobody gave; empty where there are none."""
    given = read_titles(root)
    usual = [
        f"{spec.name} {spec.titles[_CHINESE]}"
        for spec in specs
        if _CHINESE in spec.titles and _CHINESE not in given.get(spec.name, {})
    ]
    return f"in Chinese called: {', '.join(usual)}; {_TITLES} in the data folder says otherwise" if usual else ""
