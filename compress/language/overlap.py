"""How close a sentence comes to those that people wrote: BLEU-4, ROUGE-L and CIDEr, over the pieces of a report.

Chinese has no spaces, so all three count `edge.language.vocabulary` pieces: words of English, characters of Chinese.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

Pieces = Sequence[str]
_Vector = dict[tuple[str, ...], float]
_BETA = 1.2  # of ROUGE-L, as in the captioning literature
_N = 4


def bleu4(candidates: Sequence[Pieces], references: Sequence[Sequence[Pieces]]) -> float:
    """Of a whole corpus, 0..1 (Papineni et al. 2002): clipped precisions of 1- to 4-grams, brevity penalty."""
    met, said = [0] * _N, [0] * _N
    length = nearest = 0
    for candidate, known in zip(candidates, references, strict=True):
        length += len(candidate)
        nearest += min((abs(len(r) - len(candidate)), len(r)) for r in known)[1]
        for n in range(_N):
            counts = _grams(candidate, n + 1)
            most: Counter[tuple[str, ...]] = Counter()
            for reference in known:
                most |= _grams(reference, n + 1)
            met[n] += sum((counts & most).values())
            said[n] += sum(counts.values())
    if 0 in met:
        return 0.0
    precision = math.exp(sum(math.log(m / s) for m, s in zip(met, said, strict=True)) / _N)
    return precision * min(1.0, math.exp(1 - nearest / length))


def rouge_l(candidates: Sequence[Pieces], references: Sequence[Sequence[Pieces]]) -> float:
    """The mean over candidates, 0..1 (Lin 2004): F of the longest common subsequence, the best over references."""
    return _mean([_rouge(c, known) for c, known in zip(candidates, references, strict=True)])


def cider(candidates: Sequence[Pieces], references: Sequence[Sequence[Pieces]]) -> float:
    """The mean over candidates, 0..10 (Vedantam et al. 2015): cosines of tf-idf weighted 1- to 4-grams.

    A gram counts the less, the more pictures' references have it; so it means nothing for a single picture.
    """
    total = []
    for n in range(1, _N + 1):
        frequency: Counter[tuple[str, ...]] = Counter()
        for known in references:
            frequency.update({gram for reference in known for gram in _grams(reference, n)})
        weight = {gram: math.log(len(references) / count) for gram, count in frequency.items()}
        unseen = math.log(len(references)) if references else 0.0
        vectors = [
            (_weighted(c, n, weight, unseen), [_weighted(r, n, weight, unseen) for r in known])
            for c, known in zip(candidates, references, strict=True)
        ]
        total.append(_mean([_mean([_cosine(said, one) for one in known]) for said, known in vectors]))
    return 10 * _mean(total)


def _grams(pieces: Pieces, n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(pieces[i : i + n]) for i in range(len(pieces) - n + 1))


def _rouge(candidate: Pieces, known: Sequence[Pieces]) -> float:
    common = [_common(candidate, reference) for reference in known]
    precision = max((c / len(candidate) for c in common), default=0.0) if candidate else 0.0
    recall = max((c / len(r) for c, r in zip(common, known, strict=True) if r), default=0.0)
    if precision == 0 or recall == 0:
        return 0.0
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision)


def _common(one: Pieces, other: Pieces) -> int:
    """The length of their longest common subsequence."""
    row = [0] * (len(other) + 1)
    for piece in one:
        before = 0
        for i, each in enumerate(other, 1):
            before, row[i] = row[i], before + 1 if piece == each else max(row[i], row[i - 1])
    return row[-1]


def _weighted(pieces: Pieces, n: int, weight: _Vector, unseen: float) -> _Vector:
    grams = _grams(pieces, n)
    count = max(1, sum(grams.values()))
    return {gram: times / count * weight.get(gram, unseen) for gram, times in grams.items()}


def _cosine(one: _Vector, other: _Vector) -> float:
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    return sum(value * other.get(gram, 0.0) for gram, value in one.items()) / lengths if lengths else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
