"""BLEU-4, ROUGE-L and CIDEr, against values worked out on paper."""

from __future__ import annotations

import math

import pytest

from compress.language.overlap import bleu4, cider, rouge_l

_SAID = ["the", "cat", "sat", "on", "the", "mat"]


def test_the_same_sentence_scores_full() -> None:
    """One, one and ten; CIDEr needs another picture to weigh by."""
    other = ["a", "dog", "runs", "in", "rain"]
    assert bleu4([_SAID], [[_SAID]]) == pytest.approx(1)
    assert rouge_l([_SAID], [[_SAID]]) == pytest.approx(1)
    assert cider([_SAID, other], [[_SAID], [other]]) == pytest.approx(10)


def test_bleu_counts_clipped_grams_and_punishes_brevity() -> None:
    """Five of five, four of four, three of three and two of two grams are met; the sentence is one piece short."""
    assert bleu4([_SAID[:5]], [[_SAID]]) == pytest.approx(math.exp(1 - 6 / 5))
    assert bleu4([["the"] * 6], [[_SAID]]) == 0


def test_rouge_follows_the_longest_common_subsequence() -> None:
    """Four of four pieces said, four of six known: F with beta 1.2."""
    said = ["the", "sat", "the", "mat"]
    precision, recall, beta = 1.0, 4 / 6, 1.2
    assert rouge_l([said], [[_SAID]]) == pytest.approx(
        (1 + beta**2) * precision * recall / (recall + beta**2 * precision)
    )


def test_cider_gives_nothing_for_what_every_picture_has() -> None:
    """A sentence that fits all pictures tells nothing about any."""
    assert cider([["a", "part"]] * 2, [[["a", "part"]]] * 2) == 0


def test_nothing_in_common_scores_nothing() -> None:
    """And an empty sentence is no error."""
    assert (bleu4([["x"]], [[_SAID]]), rouge_l([[]], [[_SAID]])) == (0, 0)
    assert cider([["x"], []], [[_SAID], [["y"]]]) == 0
