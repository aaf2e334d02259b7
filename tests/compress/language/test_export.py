"""The decoder's two graphs compute what the decoder computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from compress.language.export import export_decoder, in_int8
from compress.language.learn import vocabulary_for
from compress.language.model import DecoderConfig, ReportDecoder
from compress.students.export import OPSET
from edge.errors import BundleError
from edge.language.decoder import Decoder
from edge.language.vocabulary import Vocabulary

_TOKENS, _CHANNELS, _LAYERS, _HEADS = 9, 16, 2, 4
_PROMPT = ["status:NG", "class:dent", "count:1", "language:en"]
_TEXT = [60, 61, 62, 63, 64]


@dataclass(frozen=True, slots=True)
class Exported:
    """A decoder that learnt nothing, and its graphs."""

    decoder: ReportDecoder
    vocabulary: Vocabulary
    folder: Path
    tokens_TC: NDArray[np.float32]

    def opened(self, precision: str) -> Decoder:
        return Decoder(
            self.folder / f"prefill.{precision}.onnx", self.folder / f"step.{precision}.onnx", self.vocabulary
        )


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    torch.manual_seed(0)
    folder, vocabulary = tmp_path_factory.mktemp("decoder"), vocabulary_for(("dent",), ())
    config = DecoderConfig(len(vocabulary), _TOKENS, _CHANNELS, width=64, layers=_LAYERS, heads=_HEADS, longest=32)
    decoder = ReportDecoder(config).eval()
    files = folder / "prefill.float32.onnx", folder / "step.float32.onnx"
    export_decoder(decoder, *files)
    in_int8(*files, folder)
    tokens_TC = np.random.default_rng(0).normal(size=(_TOKENS, _CHANNELS)).astype(np.float32)
    return Exported(decoder, vocabulary, folder, tokens_TC)


def _piece_by_piece(decoder: Decoder, tokens_TC: NDArray[np.float32]) -> NDArray[np.float32]:
    """logits_SV before each piece of the text and after the last."""
    logits_V, so_far = decoder.begin(tokens_TC, _PROMPT)
    found = [logits_V]
    for piece in _TEXT:
        logits_V, looks_AT = decoder.next(piece, so_far)
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
    for name in ("prefill", "step"):
        model = onnx.load(exported.folder / f"{name}.float32.onnx")
        assert [(each.domain, each.version) for each in model.opset_import] == [("", OPSET)]


def test_the_graphs_of_an_earlier_edgevl_are_refused_in_a_sentence(exported: Exported, tmp_path: Path) -> None:
    """It took keys and values in one array, and no place."""
    model = onnx.load(exported.folder / "step.float32.onnx")
    for place in [*model.graph.input, *(node for node in model.graph.node)]:
        if isinstance(place, onnx.ValueInfoProto):
            place.name = "self_kv" if place.name == "at" else place.name
        else:
            place.input[:] = ["self_kv" if name == "at" else name for name in place.input]
    onnx.save(model, tmp_path / "step.onnx")
    with pytest.raises(BundleError, match="wrote reports in another way; make this bundle again"):
        Decoder(exported.folder / "prefill.float32.onnx", tmp_path / "step.onnx", exported.vocabulary)
