"""The graphs of a real run keep the contract of `edge.bundle`, in float and in int8."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from compress.data.images import read_image
from compress.int8.quantise import run_prob
from compress.judge.answers import answer_graph
from compress.stages.graphs import read_graphs
from compress.stages.quantising import read_int8
from compress.students.export import OPSET, OUTPUTS
from compress.students.student import TRUNK_WEIGHTS, load_student
from compress.students.torch_answers import answer_torch
from edge.inspection.preprocess import model_input
from tests.compress.conftest import FinishedRun


@pytest.fixture(scope="module", params=["float32", "int8"])
def graph(request: pytest.FixtureRequest, finished_run: FinishedRun) -> onnx.ModelProto:
    """Either graph as it is in the bundle."""
    return onnx.load(finished_run.out / f"model.{request.param}.onnx")


@pytest.fixture(scope="module")
def int8(finished_run: FinishedRun) -> onnx.ModelProto:
    return onnx.load(finished_run.out / "model.int8.onnx")


def _pictures(run: FinishedRun) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    spec = run.bundle.manifest.input
    return np.stack([model_input(read_image(s.path), spec) for s in run.dataset.samples])


def test_the_graph_keeps_the_contract(graph: onnx.ModelProto) -> None:
    """uint8 NHWC in with a free batch, three float outputs, an opset that JetPack 6 parses, and ONNX's own check."""
    onnx.checker.check_model(graph, full_check=True)
    assert {o.domain: o.version for o in graph.opset_import} == {"": OPSET}
    assert OPSET <= 20
    (image,) = graph.graph.input
    dims = image.type.tensor_type.shape.dim
    assert (image.name, image.type.tensor_type.elem_type) == ("image", TensorProto.UINT8)
    assert dims[0].dim_param
    assert [d.dim_value for d in dims[1:]] == [128, 128, 3]
    assert tuple(o.name for o in graph.graph.output) == OUTPUTS
    assert all(o.type.tensor_type.elem_type == TensorProto.FLOAT for o in graph.graph.output)
    assert all(o.type.tensor_type.shape.dim[0].dim_param for o in graph.graph.output)


def test_the_graph_carries_nothing_but_itself(graph: onnx.ModelProto) -> None:
    """No leftover shapes that confuse later tools, no stack traces with paths of the machine that made it."""
    assert not graph.graph.value_info
    assert not graph.metadata_props
    assert not graph.graph.metadata_props
    for node in graph.graph.node:
        assert not node.metadata_props
        assert not node.doc_string
    assert b"site-packages" not in graph.SerializeToString()


def test_float_onnx_decides_as_torch_does(finished_run: FinishedRun) -> None:
    """No flip, probabilities and maps within 1e-3, whatever the batch."""
    graphs = read_graphs(finished_run.work / "5-export")
    pictures = _pictures(finished_run)
    torch_side = answer_torch(load_student(finished_run.work / "4-prune-medium-1"), graphs.pruned_temperature, pictures)
    onnx_side = answer_graph(graphs.pruned, pictures)
    assert np.array_equal(torch_side.prob_NK.argmax(1), onnx_side.prob_NK.argmax(1))
    np.testing.assert_allclose(onnx_side.prob_NK, torch_side.prob_NK, atol=1e-3)
    assert torch_side.map_NHW is not None
    assert onnx_side.map_NHW is not None
    np.testing.assert_allclose(onnx_side.map_NHW, torch_side.map_NHW, atol=1e-3)
    one_by_one = np.concatenate([run_prob(graphs.pruned, one[None]) for one in pictures[:3]])
    np.testing.assert_allclose(one_by_one, onnx_side.prob_NK[:3], atol=1e-5)


def test_outputs_are_probabilities_unit_vectors_and_shares(finished_run: FinishedRun) -> None:
    """In int8 as in float."""
    for variant in finished_run.bundle.manifest.variants:
        answers = answer_graph(finished_run.out / variant.file, _pictures(finished_run))
        np.testing.assert_allclose(answers.prob_NK.sum(1), 1, atol=1e-3)
        assert answers.map_NHW is not None
        assert answers.map_NHW.min() >= 0
        assert answers.map_NHW.max() <= 1


def test_what_decides_the_class_stays_float(int8: onnx.ModelProto, finished_run: FinishedRun) -> None:
    """The trunk, the map's inner layers and the embedding are int8; the class head is not."""
    dequantised = {o for node in int8.graph.node if node.op_type == "DequantizeLinear" for o in node.output}
    weights = [n.input[1] for n in int8.graph.node if n.op_type in ("Conv", "Gemm")]
    quantised = [name for name in weights if name in dequantised]
    trunk = [name for name in quantised if name.startswith(TRUNK_WEIGHTS)]
    assert len(trunk) == len(load_student(finished_run.work / "4-prune-medium-1").config.convs)
    heads = sorted(name.split(".")[1] for name in quantised if name not in trunk)
    assert heads == ["embed", "map_coarse", "map_fine"]


def test_the_calibration_that_agreed_best_was_kept(finished_run: FinishedRun) -> None:
    """And nothing of the others is left in the folder."""
    folder = finished_run.work / "6-quantise"
    quantised = read_int8(folder).quantised
    assert quantised.differences[quantised.method] == min(quantised.differences.values())
    assert sorted(p.name for p in folder.iterdir()) == ["int8.onnx", "quantised.json", "stage.json"]


def test_graphs_are_single_files(finished_run: FinishedRun, tmp_path: Path) -> None:
    """No external data that a copy could forget: the graph loads from its bytes alone."""
    for file in finished_run.out.glob("*.onnx"):
        alone = tmp_path / "alone.onnx"
        alone.write_bytes(file.read_bytes())
        assert run_prob(alone, _pictures(finished_run)[:1]).shape == (1, 2)


@pytest.mark.parametrize("variant", ["float32", "float16", "int8-gpu"])
def test_tensorrt_can_take_the_graph(finished_run: FinishedRun, variant: str) -> None:
    """The parser takes uint8 into a Cast only (NVIDIA/TensorRT issue 3985); test_qdq holds int8 to its dialect."""
    graph = onnx.load(finished_run.out / f"model.{variant}.onnx")
    assert [n.op_type for n in graph.graph.node if "image" in n.input] == ["Cast"]
    assert finished_run.bundle.manifest.variant(variant).made_for in ("any", "gpu")
