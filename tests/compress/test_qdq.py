"""Q/DQ stands where engines fuse it, in both dialects, and for every kind of layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from compress.int8.qdq import Dialect, Range, find_layers, insert
from compress.int8.quantise import Plan, plan, run_prob
from tests.compress.tiny_graph import TinyGraph, make_tiny_graph


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyGraph:
    return make_tiny_graph(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def planned(tiny: TinyGraph) -> Plan:
    return plan(tiny.file, tiny.calibration, tiny.val.image_NHWC)[0]


def _written(planned: Plan, dialect: Dialect, folder: Path) -> tuple[Path, onnx.ModelProto]:
    file = folder / f"{dialect}.onnx"
    replace(planned, dialect=dialect).write(file)
    return file, onnx.load(file)


def test_onnx_runtime_runs_every_quantised_layer_in_integers(planned: Plan, tmp_path: Path) -> None:
    """After its optimiser no float convolution, no ReLU of the trunk and no float copy of the picture is left."""
    file, _ = _written(planned, "uint8", tmp_path)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    kinds = [n.op_type for n in onnx.load(tmp_path / "optimised.onnx").graph.node]
    assert kinds.count("QLinearConv") == 6  # four of the trunk, two of the map
    assert kinds.count("QGemm") == 1
    assert kinds.count("Conv") == 1  # the map's last layer
    assert kinds.count("Relu") == 1
    assert "Cast" not in kinds
    assert "QuantizeLinear" not in kinds[: kinds.index("QLinearConv")]


def test_the_tensorrt_dialect_is_symmetric_int8(planned: Plan, tmp_path: Path) -> None:
    """Zero point 0 everywhere, int8 only, float biases, bytes into a Cast, no Q between a layer and its ReLU."""
    _, model = _written(planned, "int8", tmp_path)
    constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    quantizers = [n for n in model.graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")]
    for node in quantizers:
        zero = constants[node.input[2]]
        assert zero.dtype == np.int8
        assert not zero.any()
    assert [n.op_type for n in model.graph.node if "image" in n.input] == ["Cast"]
    after_conv = {o for n in model.graph.node if n.op_type == "Conv" for o in n.output}
    readers = [n.op_type for n in model.graph.node if set(n.input) & after_conv]
    assert readers.count("Relu") == 4
    per_channel = [n for n in quantizers if n.input[0] in constants]
    assert all(constants[n.input[1]].shape == (constants[n.input[0]].shape[0],) for n in per_channel)


@pytest.mark.parametrize("dialect", ["uint8", "int8"])
def test_both_dialects_answer_as_the_float_graph(
    planned: Plan, tiny: TinyGraph, dialect: Dialect, tmp_path: Path
) -> None:
    """To a few hundredths, on real pictures, one at a time and in batches."""
    file, _ = _written(planned, dialect, tmp_path)
    float_NK = run_prob(tiny.file, tiny.val.image_NHWC)
    int8_NK = run_prob(file, tiny.val.image_NHWC)
    assert 0 < np.abs(int8_NK - float_NK).max() < 0.05
    np.testing.assert_allclose(run_prob(file, tiny.val.image_NHWC[:1]), int8_NK[:1], atol=1e-5)


def test_what_is_not_named_is_left_alone(planned: Plan, tiny: TinyGraph, tmp_path: Path) -> None:
    """No layer at all gives the float graph's own answers, to the last bit."""
    planned.write(tmp_path / "none.onnx", ())
    ours = run_prob(tmp_path / "none.onnx", tiny.val.image_NHWC)
    assert np.array_equal(ours, run_prob(tiny.file, tiny.val.image_NHWC))
    one = planned.layers[1]
    planned.write(tmp_path / "one.onnx", (one,))
    stored = [i.name for i in onnx.load(tmp_path / "one.onnx").graph.initializer if i.data_type == TensorProto.INT8]
    assert f"{one.weight}_quantised" in stored
    assert sum(name.endswith("_quantised") for name in stored) == 1


def _linear(kind: str) -> tuple[onnx.ModelProto, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(32, 8)).astype(np.float32) * np.logspace(-2, 0, 8, dtype=np.float32)
    stored = weight.T.copy() if kind == "Gemm-transposed" else weight
    node = helper.make_node(kind.partition("-")[0], ["x", "w"], ["y"], name="layer")
    if kind == "Gemm-transposed":
        node.attribute.append(helper.make_attribute("transB", 1))
    graph = helper.make_graph(
        [node],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 8])],
        [numpy_helper.from_array(stored, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), weight


@pytest.mark.parametrize("kind", ["MatMul", "Gemm", "Gemm-transposed"])
@pytest.mark.parametrize("dialect", ["uint8", "int8"])
def test_linear_layers_have_a_scale_per_output(kind: str, dialect: Dialect) -> None:
    """However their weights lie: small output channels keep their precision beside large ones."""
    model, weight = _linear(kind)
    x = np.random.default_rng(1).normal(size=(64, 32)).astype(np.float32)
    largest = float(np.abs(x).max())
    (layer,) = find_layers(model)
    quantised = insert(model, (replace(layer, output=""),), {"x": Range(-largest, largest)}, dialect)
    onnx.checker.check_model(quantised, full_check=True)
    session = onnxruntime.InferenceSession(quantised.SerializeToString(), providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": x})
    truth = x @ weight
    assert (np.abs(y - truth).max(0) / np.abs(truth).max(0)).max() < 0.03
