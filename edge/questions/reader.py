"""Understands a question: what is asked, about which defects and which place; or says that it does not.

The model is small and linear: pieces of text (`edge.questions.features`) vote for a kind of question. One kind is
"other": what people ask that no verdict answers. Beside it stands how much of the question was ever met in training.
Both together decide whether the question was understood; where that limit lies was fitted on questions apart. A
question is read as a whole and without its first or last clauses; what was most surely understood counts.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from edge.errors import BundleError
from edge.questions.clauses import shortened
from edge.questions.features import BUCKETS, buckets, units
from edge.questions.mentions import CLASS, DEFECT, MARKS, PLACE, PREVIOUS, Language

# follow: a question that says only what is different from the one before it ("and on the right?").
Kind = Literal["exists", "count", "what", "where", "size", "compare", "status", "severity", "action", "follow"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LANGUAGES: tuple[Language, ...] = get_args(Language)
EVIDENCE = 7
_ALIKE = [KINDS.index("exists"), KINDS.index("follow")]
_OUT = -60.0


@dataclass(frozen=True, slots=True)
class QuestionModel:
    """weights_BK, bias_K: float32, of BUCKETS pieces for KINDS and, last, "other". known: sorted uint32, see `units`.

    accept_LE: a row for each of LANGUAGES: weights of `Considered.evidence_E`, and last what is added to their sum. A
    question was understood where that is not negative.
    words: of English, the commonest first; a slip in one is put right (`edge.questions.slips`).
    """

    weights_BK: NDArray[np.float32]
    bias_K: NDArray[np.float32]
    known: NDArray[np.uint32]
    accept_LE: NDArray[np.float64]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """kind: None where it is none that can be answered. sureness: what decided that; not negative for a kind."""

    kind: Kind | None
    sureness: float


@dataclass(frozen=True, slots=True)
class Considered:
    """What a question may be, read as a whole or in part. said: an index of KINDS, or beyond for "other".

    evidence_E: what speaks for having understood, float64 [EVIDENCE].
    """

    said: int
    evidence_E: NDArray[np.float64]


def read(frame: str, language: Language, model: QuestionModel) -> Reading:
    """Which kind of question this is. frame: as `edge.questions.mentions` makes it."""
    said, sure = surest(considered(frame, language, model), model.accept_LE[LANGUAGES.index(language)])
    return Reading(None if sure < 0 else KINDS[said], sure)


def surest(candidates: Sequence[Considered], accept_E: NDArray[np.float64]) -> tuple[int, float]:
    """What is most surely said, as `Considered.said`, and how surely. accept_E: a row of `QuestionModel.accept_LE`."""
    sure = [_sureness(one, accept_E) for one in candidates]
    best = int(np.argmax(sure))
    return candidates[best].said, sure[best]


def _sureness(one: Considered, accept_E: NDArray[np.float64]) -> float:
    """Of having understood; negative for what is no question of a kind."""
    sure = float(accept_E[:-1] @ one.evidence_E + accept_E[-1])
    return sure if one.said < len(KINDS) else min(sure, _OUT)


def considered(frame: str, language: Language, model: QuestionModel) -> list[Considered]:
    """The whole question, then what is left without its first or its last clauses."""
    scored = [(text, scores(text, language, model, frame)) for text in (frame, *shortened(frame))]
    whole_K = scored[0][1]
    return [
        Considered(int(score_K.argmax()), _evidence(score_K, whole_K, text, frame, language, model.known))
        for text, score_K in scored
    ]


def scores(text: str, language: Language, model: QuestionModel, frame: str) -> NDArray[np.float32]:
    """What the pieces of a text vote for: float32, one for each of KINDS and one for "other".

    Kinds that a question cannot be of, by what its whole frame names, are out of the running: where nothing is named,
    nothing is asked to be there; another part is only ever compared with.
    """
    pieces = buckets(text, language)
    total_K = model.weights_BK[pieces].sum(axis=0) / np.sqrt(max(1, pieces.size)) + model.bias_K
    total_K[_impossible(frame)] = _OUT
    return np.asarray(total_K, np.float32)


def _impossible(frame: str) -> list[int]:
    if PREVIOUS in frame:
        return [n for n, kind in enumerate(KINDS) if kind != "compare"]
    out: list[Kind] = ["compare"]
    if not any(mark in frame for mark in (CLASS, DEFECT, PLACE)):
        out += ["exists", "follow"]
    return [KINDS.index(kind) for kind in out]


def _evidence(
    score_K: NDArray[np.float32],
    whole_K: NDArray[np.float32],
    text: str,
    frame: str,
    language: Language,
    known: NDArray[np.uint32],
) -> NDArray[np.float64]:
    """What speaks for having understood a text that is the frame, or a part of it.

    Log-odds of the likeliest kind against all the others, and of all kinds against "other"; the share of the text
    that was never met, once more where nothing is named, and whether nothing is; whether it is a part, and then what
    the whole says of all kinds against "other". `exists` and `follow` count as one here: what follows mostly asks
    whether something exists as well.
    """
    unknown = _unknown_share(text, language, known)
    unnamed = float(not any(mark in frame for mark in MARKS))
    likeliest = int(score_K.argmax())
    best = _ALIKE if likeliest in _ALIKE else [likeliest]
    of_kind = _log_odds(score_K[best], np.delete(score_K, best))
    of_any = _log_odds(score_K[:-1], score_K[-1:])
    is_part = float(text != frame)
    of_whole = _log_odds(whole_K[:-1], whole_K[-1:])
    return np.array([of_kind, of_any, unknown, unknown * unnamed, unnamed, is_part, is_part * of_whole])


def _log_odds(these: NDArray[np.float32], others: NDArray[np.float32]) -> float:
    return float(np.logaddexp.reduce(these.astype(np.float64)) - np.logaddexp.reduce(others.astype(np.float64)))


def _unknown_share(frame: str, language: Language, known: NDArray[np.uint32]) -> float:
    """Of the words of a frame (pairs of syllables in Chinese), how many were never met in training."""
    met = units(frame, language)
    return 1 - float(np.isin(np.array(met, np.uint32), known).mean()) if met else 1.0


def load_model(file: Path) -> QuestionModel:
    """Read a model of a bundle. Raises BundleError where it is damaged."""
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
            weights_BK, bias_K = arrays["weights_BK"].astype(np.float32), arrays["bias_K"].astype(np.float32)
            known, accept_LE = np.sort(arrays["known"].astype(np.uint32)), arrays["accept_LE"].astype(np.float64)
            words = tuple(arrays["words"].astype(np.uint8).tobytes().decode().split())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{file} is damaged: {error}; copy the bundle again") from error
    kinds = len(KINDS) + 1
    shapes = (weights_BK.shape, bias_K.shape, known.ndim, accept_LE.shape)
    numbers = (weights_BK, bias_K, accept_LE)
    if shapes != ((BUCKETS, kinds), (kinds,), 1, (len(LANGUAGES), EVIDENCE + 1)) or not all(
        np.isfinite(array).all() for array in numbers
    ):
        raise BundleError(f"{file} holds no model of questions that this edgevl knows; make the bundle again")
    return QuestionModel(weights_BK, bias_K, known, accept_LE, words)


def save_model(file: Path, model: QuestionModel, made_from: str) -> None:
    """Write a model; the weights as float16, which changes no reading that is not on the brink.

    made_from: what tells the questions that it was taught with from others.
    """
    np.savez_compressed(
        file,
        weights_BK=model.weights_BK.astype(np.float16),
        bias_K=model.bias_K,
        known=model.known,
        accept_LE=model.accept_LE,
        words=np.frombuffer(" ".join(model.words).encode(), np.uint8),
        made_from=np.array(made_from),
    )
