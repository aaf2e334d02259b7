"""What a person typed: a picture, the id of a verdict, or a sentence; with one sentence for what is none of them."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from edge.errors import ConfigError
from edge.search.results import LONGEST
from edge.search.terms import terms

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
# As `edge.feed.publisher.new_epoch` begins them: EPOCH-CAMERA-NUMBER.
_VERDICT_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}-.+-\d+")
_SCRIPTS = ("LATIN", "CJK UNIFIED", "CJK COMPATIBILITY", "FULLWIDTH LATIN")


class QuestionError(ConfigError):
    """A question that cannot be asked; exit code of the command line."""

    exit_code = 2


def picture_named(question: str) -> Path | None:
    """The file where a picture is asked for. Raises QuestionError where it is missing."""
    path = Path(question)
    if not question.lower().endswith(PICTURE_ENDINGS):
        return None
    if not path.is_file():
        raise QuestionError(f"there is no picture {question}; check the path, or give the id of a verdict")
    return path


def is_verdict_id(question: str) -> bool:
    return _VERDICT_ID.fullmatch(question) is not None


def checked_sentence(question: str) -> str:
    """The sentence, trimmed. Raises QuestionError where nothing could be found by it."""
    text = question.strip()
    if not text:
        raise QuestionError('nothing to search for; write a sentence such as "scratch upper left" or "邊緣油污"')
    if len(text) > LONGEST:
        raise QuestionError(f"a sentence of {len(text):,} characters is too long to search for; at most {LONGEST}")
    foreign = list(dict.fromkeys(letter for letter in text if letter.isalpha() and not _is_known(letter)))
    if foreign:
        raise QuestionError(f"{''.join(foreign[:5])!r}: search understands Traditional Chinese and English only")
    if not terms(text):
        raise QuestionError(f'{text!r} has no words; write a sentence such as "scratch upper left" or "邊緣油污"')
    return text


def _is_known(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(_SCRIPTS)
