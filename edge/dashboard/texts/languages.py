"""The languages the dashboard speaks. A further one is a file beside this, and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from edge.dashboard.texts.en import ENGLISH
from edge.dashboard.texts.texts import Texts
from edge.dashboard.texts.zh_tw import TAIWAN_CHINESE

Language = Literal["zh-TW", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

TEXTS: Mapping[Language, Texts] = MappingProxyType({"zh-TW": TAIWAN_CHINESE, "en": ENGLISH})


def language_from(asked: str | None, default: Language) -> Language:
    """The language named in the page's address, or the default where it names none that exists."""
    return next((language for language in LANGUAGES if language == asked), default)


def class_title(name: str, titles: Mapping[str, Mapping[str, str]], language: Language) -> str:
    """What to call a class: its title in this language where the bundle gives one, else its name in the data."""
    return titles.get(name, {}).get(language) or name
