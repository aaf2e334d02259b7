"""A transformer's linear layers in int8: its embedding stays, and nothing but linear layers is touched."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from transformers import CLIPVisionConfig

from benchmarks.vit_int8 import export_tower, measure
from compress.errors import DataError
from compress.int8.linear import quantise_linear
from tests.compress.tiny_graph import TinyGraph, make_tiny_graph

_TINY = CLIPVisionConfig(
    hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, image_size=64, patch_size=16,
    projection_dim=32,
)  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyGraph:
    return make_tiny_graph(tmp_path_factory.mktemp("tiny"))


def test_only_linear_layers_are_quantised(tiny: TinyGraph, tmp_path: Path) -> None:
    """Six of each block, the patches and the projection; norms, softmax, GELU and sums read no Q/DQ of their own."""
    export_tower(_TINY, tmp_path / "float.onnx")
    quantise_linear(tmp_path / "float.onnx", tmp_path / "int8.onnx", tiny.calibration, tiny.val.image_NHWC)
    graph = onnx.load(tmp_path / "int8.onnx").graph
    stored = [i.name for i in graph.initializer if i.data_type == TensorProto.INT8 and i.name.endswith("_quantised")]
    assert len(stored) == 2 * 6 + 2
    rounded = {o for n in graph.node if n.op_type == "DequantizeLinear" for o in n.output}
    readers = {n.op_type for n in graph.node if set(n.input) & rounded}
    assert readers <= {"Conv", "Gemm", "MatMul"}


def test_the_benchmark_measures_speed_and_cosine(tiny: TinyGraph, tmp_path: Path) -> None:
    """On a tower small enough for a test; the embedding turns by little."""
    line = measure(tiny.dataset.root, tmp_path, _TINY)
    assert "times as fast" in line
    assert float(line.split("mean ")[1].split(",")[0]) > 0.99


def test_a_graph_without_linear_layers_is_refused(tiny: TinyGraph, tmp_path: Path) -> None:
    """In one sentence that names the file."""
    info = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["image"], ["y"], name="relu")], "g", [info], [out])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), tmp_path / "relu.onnx")
    with pytest.raises(DataError, match=r"relu\.onnx has no Conv, Gemm or MatMul"):
        quantise_linear(tmp_path / "relu.onnx", tmp_path / "o.onnx", tiny.calibration, tiny.val.image_NHWC)
