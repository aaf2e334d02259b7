"""Engines: they run what a bundle promises, and the choice is the fastest that computes the right thing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from edge.bundle.files import write_manifest
from edge.bundle.load import Bundle, load_bundle
from edge.engines.choose import open_engine
from edge.engines.ort import OrtEngine, default_threads
from edge.errors import BundleError, EngineError
from tests.bundles import WITH_GOOD, brightness_graph, flat, manifest_for


def with_model(source: Path, target: Path, model: bytes, variant: str = "int8") -> Bundle:
    """A copy of a bundle with another graph for one variant, and a manifest that agrees with it."""
    shutil.copytree(source, target)
    (target / f"model.{variant}.onnx").write_bytes(model)
    write_manifest(target, manifest_for(target, WITH_GOOD, ("float32", "int8")))
    return load_bundle(target)


def test_it_runs_a_batch_and_names_itself(small_bundle: Path) -> None:
    """Outputs by name, in the contract's shapes; the description says what runs where."""
    engine = OrtEngine(load_bundle(small_bundle), "int8", threads=1)
    outputs = engine.run(np.stack([flat(0), flat(255)]))
    assert outputs.prob_NK.argmax(axis=1).tolist() == [0, 2]
    assert (outputs.embedding_ND.shape, outputs.map_NHW.shape) == ((2, 2), (2, 8, 8))
    assert engine.description.endswith("CPU, 1 thread, int8")


@pytest.mark.parametrize("image", [np.zeros((1, 9, 9, 3), np.uint8), np.zeros((1, 32, 32, 3), np.float32)])
def test_what_the_session_raises_becomes_one_sentence(small_bundle: Path, image: np.ndarray) -> None:
    """A wrong shape or type is an EngineError, and so is a closed engine, however often it is closed."""
    engine = OrtEngine(load_bundle(small_bundle), "float32")
    with pytest.raises(EngineError, match="ONNX Runtime failed on a frame") as caught:
        engine.run(image)
    assert "\n" not in str(caught.value)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run(np.zeros((1, 32, 32, 3), np.uint8))


def test_auto_takes_a_variant_that_agrees_and_says_why(small_bundle: Path) -> None:
    """The sentence names the choice, its time and what it was chosen over."""
    opened = open_engine(load_bundle(small_bundle))
    assert opened.variant in ("float32", "int8")
    assert re.match(rf"{opened.variant} on CPU with \d+ threads? takes", opened.why)
    assert "agrees with the golden frames" in opened.why
    assert ("float32 on CPU" in opened.why) == ("int8 on CPU" in opened.why)


def test_a_named_variant_and_thread_count_are_obeyed(small_bundle: Path) -> None:
    """And a variant that does not exist is refused with those that do."""
    bundle = load_bundle(small_bundle)
    opened = open_engine(bundle, "float32", threads=2)
    assert opened.engine.description.endswith("CPU, 2 threads, float32")
    assert opened.why.endswith("there is no other candidate")
    with pytest.raises(BundleError, match="no variant 'fp16'; it has: float32, int8"):
        open_engine(bundle, "fp16")


def test_a_variant_that_computes_something_else_is_out(small_bundle: Path, tmp_path: Path) -> None:
    """However fast: the default int8 has another graph here, so float32 runs and the reason is told."""
    other = brightness_graph(len(WITH_GOOD), quantised=True)
    for node in other.graph.node:
        if node.op_type == "Sub" and node.output[0] == "dark":
            node.op_type = "Add"
    bundle = with_model(small_bundle, tmp_path / "b", other.SerializeToString())
    opened = open_engine(bundle)
    assert opened.variant == "float32"
    assert "int8 on CPU with 1 thread is out: it differs from the golden frames" in opened.why
    with pytest.raises(EngineError, match=r"no engine on this machine can run .*embedding by"):
        open_engine(bundle, "int8")


def test_a_file_that_is_no_graph_is_named(small_bundle: Path, tmp_path: Path) -> None:
    """Damaged before the manifest was written, so only the engine can tell."""
    bundle = with_model(small_bundle, tmp_path / "b", b"\x08\x07garbage")
    with pytest.raises(EngineError, match=r"cannot load .*model\.int8\.onnx"):
        OrtEngine(bundle, "int8")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda graph: graph.output.pop(), "outputs are prob, embedding; a bundle's are prob, embedding, map"),
        (
            lambda graph: setattr(graph.input[0].type.tensor_type, "elem_type", onnx.TensorProto.FLOAT),
            "input `image` is tensor(float)",
        ),
    ],
)
def test_a_graph_that_breaks_the_contract_is_refused(
    small_bundle: Path, tmp_path: Path, change: object, says: str
) -> None:
    """At the start, not at the first frame: another class count, a missing output, a float input."""
    model = brightness_graph(len(WITH_GOOD), quantised=False)
    assert callable(change)
    change(model.graph)
    bundle = with_model(small_bundle, tmp_path / "b", model.SerializeToString())
    with pytest.raises(EngineError) as caught:
        OrtEngine(bundle, "int8")
    assert says in str(caught.value)


def test_a_graph_for_other_classes_is_refused(small_bundle: Path, tmp_path: Path) -> None:
    """Five outputs cannot stand for three classes."""
    bundle = with_model(small_bundle, tmp_path / "b", brightness_graph(5, quantised=True).SerializeToString())
    with pytest.raises(EngineError, match=r"output `prob` is tensor\(float\) \('N', 5\), not"):
        OrtEngine(bundle, "int8")


def test_weights_may_not_lie_outside_the_bundle(small_bundle: Path, tmp_path: Path) -> None:
    """A graph whose external data climbs out of the folder does not load."""
    model = brightness_graph(len(WITH_GOOD), quantised=False)
    centres = next(t for t in model.graph.initializer if t.name == "centres")
    (tmp_path / "outside.bin").write_bytes(centres.raw_data)
    centres.ClearField("raw_data")
    centres.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "../outside.bin"), ("offset", "0"), ("length", "12")):
        centres.external_data.add(key=key, value=value)
    bundle = with_model(small_bundle, tmp_path / "b", model.SerializeToString())
    with pytest.raises(EngineError, match="cannot load"):
        OrtEngine(bundle, "int8")


def test_default_threads_leave_room() -> None:
    """At least one, never more than a few."""
    assert 1 <= default_threads() <= 4
