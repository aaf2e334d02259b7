"""The decoder's graphs compute what the decoder computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from compress.language.export import GRAPHS, decoder_files, export_decoder, in_int8
from compress.language.learn import vocabulary_for
from compress.language.model import DecoderConfig, ReportDecoder
from compress.students.export import OPSET
from edge.bundle.manifest import Precision
from edge.errors import BundleError
from edge.language.course import Course
from edge.language.decoder import Decoder
from edge.language.grammar.languages import LANGUAGES, language_of
from edge.language.state import facts_of
from edge.language.vocabulary import Vocabulary
from edge.messages import Verdict
from tests.edge.language.verdicts import TITLES, verdicts

_TOKENS, _CHANNELS, _LAYERS, _HEADS = 9, 16, 2, 4
_PROMPT = ["status:NG", "class:scratch", "count:1", "language:en"]
_TEXT = [60, 61, 62, 63, 64]


@dataclass(frozen=True, slots=True)
class Exported:
    """A decoder that learnt nothing, and its graphs."""

    decoder: ReportDecoder
    vocabulary: Vocabulary
    folder: Path
    tokens_TC: NDArray[np.float32]

    def opened(self, precision: Precision) -> Decoder:
        return Decoder(decoder_files(self.folder, precision), self.vocabulary)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    torch.manual_seed(0)
    folder, vocabulary = tmp_path_factory.mktemp("decoder"), vocabulary_for(tuple(TITLES.all("en")), ())
    config = DecoderConfig(len(vocabulary), _TOKENS, _CHANNELS, width=64, layers=_LAYERS, heads=_HEADS, longest=160)
    decoder = ReportDecoder(config).eval()
    export_decoder(decoder, folder)
    in_int8(folder)
    tokens_TC = np.random.default_rng(0).normal(size=(_TOKENS, _CHANNELS)).astype(np.float32)
    return Exported(decoder, vocabulary, folder, tokens_TC)


def _piece_by_piece(decoder: Decoder, tokens_TC: NDArray[np.float32]) -> NDArray[np.float32]:
    """logits_SV before each piece of the text and after the last."""
    so_far = decoder.begin(tokens_TC)
    logits_V, _ = decoder.read(decoder.vocabulary.ids(_PROMPT) or [], so_far)
    found = [logits_V]
    for piece in _TEXT:
        logits_V, looks_AT = decoder.read([piece], so_far)
        assert looks_AT.shape == (_LAYERS * _HEADS, _TOKENS)
        np.testing.assert_allclose(looks_AT.sum(axis=1), 1, rtol=1e-4)
        found.append(logits_V)
    return np.stack(found)


def _at_once(exported: Exported) -> NDArray[np.float32]:
    ids = torch.tensor([[*(exported.vocabulary.ids(_PROMPT) or []), *_TEXT]])
    with torch.inference_mode():
        logits_BSV, _ = exported.decoder(ids, torch.from_numpy(exported.tokens_TC)[None])
    logits_SV: NDArray[np.float32] = logits_BSV[0, len(_PROMPT) - 1 :].numpy()
    return logits_SV


def test_piece_by_piece_is_as_all_at_once(exported: Exported) -> None:
    """What is kept between the pieces is what training computes anew for all of them."""
    found = _piece_by_piece(exported.opened("float32"), exported.tokens_TC)
    np.testing.assert_allclose(found, _at_once(exported), atol=1e-4)


def test_int8_is_nearly_the_same(exported: Exported) -> None:
    """One scale for each column of weights is enough."""
    found, wanted = _piece_by_piece(exported.opened("int8"), exported.tokens_TC), _at_once(exported)
    cosine = np.sum(found * wanted, axis=1) / (np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1))
    assert cosine.min() > 0.999


def test_the_float_graphs_are_plain_onnx(exported: Exported) -> None:
    """No operators of ONNX Runtime's own, and no opset that a Jetson lacks."""
    for name in GRAPHS:
        model = onnx.load(exported.folder / f"{name}.float32.onnx")
        assert [(each.domain, each.version) for each in model.opset_import] == [("", OPSET)]


def test_some_pieces_at_once_are_as_one_after_the_other(exported: Exported) -> None:
    """What follows from a choice is read in one go: the same logits, the same looks, and the same from there on."""
    decoder = exported.opened("float32")
    one, many = decoder.begin(exported.tokens_TC), decoder.begin(exported.tokens_TC)
    for so_far in (one, many):
        decoder.read(decoder.vocabulary.ids(_PROMPT) or [], so_far)
    found = [decoder.read([piece], one) for piece in _TEXT][-1]
    for ours, theirs in zip(found, decoder.read(_TEXT, many), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert one.at == many.at
    np.testing.assert_allclose(decoder.read([70], one)[0], decoder.read([70], many)[0], atol=1e-4)


@given(verdict=verdicts(), language=st.sampled_from(list(LANGUAGES)))
@settings(max_examples=25)
def test_a_report_is_the_same_piece_by_piece(exported: Exported, verdict: Verdict, language: str) -> None:
    """To read what is certain to follow in one go saves time and changes nothing."""
    decoder = exported.opened("float32")
    about = exported.tokens_TC, facts_of(verdict), language_of(language), TITLES
    soon = decoder.write(*about)
    with patch.object(Course, "forced", lambda _: ()):
        late = decoder.write(*about)
    assert (soon.text, soon.words, soon.pieces, soon.ends) == (late.text, late.words, late.pieces, late.ends)
    np.testing.assert_allclose(soon.looked_PT, late.looked_PT, atol=1e-4)


def test_graphs_of_another_vocabulary_are_refused_in_a_sentence(exported: Exported) -> None:
    """They would choose pieces that nobody knows."""
    other = vocabulary_for(("quite another",), ())
    with pytest.raises(BundleError, match=f"chooses among {len(exported.vocabulary)} pieces, .* has {len(other)}"):
        Decoder(decoder_files(exported.folder, "float32"), other)
