"""A text decoder's weights in eight and four bits: smaller files, and still the same decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

from compress.errors import DataError
from compress.int8.weight_only import quantise_weights
from compress.quiet import quiet

_VOCABULARY = 512


class _Logits(nn.Module):
    """A decoder without its cache: token ids to logits."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, ids_NT: Tensor) -> Tensor:
        logits: Tensor = self.decoder(input_ids=ids_NT, use_cache=False).logits
        return logits


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two layers as a float graph."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=_VOCABULARY,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_implementation="eager",
    )
    file = tmp_path_factory.mktemp("decoder") / "float.onnx"
    model = _Logits(LlamaForCausalLM(config)).eval()
    with quiet():
        torch.onnx.export(
            model,
            (torch.zeros(1, 12, dtype=torch.int64),),
            str(file),
            dynamo=True,
            input_names=["ids"],
            output_names=["logits"],
            opset_version=20,
            external_data=False,
            verbose=False,
        )
    return file


def _logits(file: Path) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    ids = np.random.default_rng(0).integers(0, _VOCABULARY, (1, 12))
    return np.asarray(session.run(None, {"ids": ids})[0])


def _cosine(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    return float((ours * theirs).sum() / np.linalg.norm(ours) / np.linalg.norm(theirs))


def _bytes_of_weights(file: Path) -> int:
    """Of all constants but the token table, which is looked up and not multiplied."""
    initializers = onnx.load(file).graph.initializer
    return sum(len(i.raw_data) for i in initializers if list(i.dims) != [_VOCABULARY, 128])


@pytest.mark.parametrize(("bits", "smaller", "cosine"), [(8, 3.0, 0.999), (4, 5.0, 0.98)])
def test_the_file_shrinks_and_the_answers_stay(
    decoder: Path, tmp_path: Path, bits: int, smaller: float, cosine: float
) -> None:
    """Every linear layer of both blocks and the head is taken; four bits cost more agreement than eight."""
    names = quantise_weights(decoder, tmp_path / "small.onnx", bits)  # type: ignore[arg-type]  # parametrised
    assert len(names) == 2 * 7 + 1
    assert _bytes_of_weights(decoder) > smaller * _bytes_of_weights(tmp_path / "small.onnx")
    assert _cosine(_logits(tmp_path / "small.onnx"), _logits(decoder)) > cosine


def test_named_layers_stay_float(decoder: Path, tmp_path: Path) -> None:
    """Such as the one that chooses the token."""
    head = quantise_weights(decoder, tmp_path / "all.onnx", 4)[-1]
    last = [n.name for n in onnx.load(decoder).graph.node if n.op_type == "MatMul"][-1]
    left = quantise_weights(decoder, tmp_path / "some.onnx", 4, keep_float=(last,))
    assert head not in left
    assert len(left) == 2 * 7
    assert _cosine(_logits(tmp_path / "some.onnx"), _logits(decoder)) > _cosine(
        _logits(tmp_path / "all.onnx"), _logits(decoder)
    )


def test_a_graph_without_linear_layers_is_refused(tmp_path: Path) -> None:
    """In one sentence that names the file."""
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"], name="relu")], "g", [info], [out])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), tmp_path / "relu.onnx")
    with pytest.raises(DataError, match=r"relu\.onnx has no MatMul with constant weights"):
        quantise_weights(tmp_path / "relu.onnx", tmp_path / "out.onnx", 8)
