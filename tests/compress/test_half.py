"""The float16 variant keeps the contract and the answers, and stays float32 where it must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto

from compress.int8.half import ISLANDS, to_half
from tests.compress.tiny_graph import TinyGraph, make_tiny_graph


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyGraph:
    return make_tiny_graph(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def half(tiny: TinyGraph) -> Path:
    to_half(tiny.file, tiny.file.with_name("half.onnx"))
    return tiny.file.with_name("half.onnx")


def test_inputs_and_outputs_keep_their_types(half: Path, tiny: TinyGraph) -> None:
    """uint8 in, float32 out, the same names; the file is nearly half the size."""
    ours, theirs = onnx.load(half).graph, onnx.load(tiny.file).graph
    assert list(ours.input) == list(theirs.input)
    assert [(o.name, o.type.tensor_type.elem_type) for o in ours.output] == [
        (o.name, TensorProto.FLOAT) for o in theirs.output
    ]
    assert half.stat().st_size < 0.75 * tiny.file.stat().st_size


def test_weights_are_half_and_islands_are_not(half: Path) -> None:
    """Every convolution works on float16; softmax, sigmoid, norms and sums on float32."""
    model = onnx.shape_inference.infer_shapes(onnx.load(half))
    kinds = {v.name: v.type.tensor_type.elem_type for v in (*model.graph.value_info, *model.graph.output)}
    for node in model.graph.node:
        if node.op_type == "Conv":
            assert kinds[node.output[0]] == TensorProto.FLOAT16
        if node.op_type in ISLANDS:
            assert kinds[node.output[0]] == TensorProto.FLOAT


def test_it_answers_as_the_float_graph(half: Path, tiny: TinyGraph) -> None:
    """On real pictures, every output to a few thousandths."""
    sessions = [onnxruntime.InferenceSession(str(f), providers=["CPUExecutionProvider"]) for f in (half, tiny.file)]
    ours, theirs = (session.run(None, {"image": tiny.val.image_NHWC}) for session in sessions)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, atol=5e-3)
