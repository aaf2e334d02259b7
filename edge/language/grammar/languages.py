"""The languages that reports are written in. A further one is a file beside this, and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edge.errors import ConfigError
from edge.language.grammar.en import ENGLISH
from edge.language.grammar.language import Language
from edge.language.grammar.zh_tw import TAIWAN_CHINESE

LANGUAGES: Mapping[str, Language] = MappingProxyType({each.code: each for each in (TAIWAN_CHINESE, ENGLISH)})


def language_of(code: str) -> Language:
    """Raises ConfigError that names the languages there are."""
    if code not in LANGUAGES:
        raise ConfigError(f"reports are not written in {code!r}; there are: {', '.join(LANGUAGES)}")
    return LANGUAGES[code]
