"""A small, complete, valid bundle made by hand, whose answers can be worked out on paper.

The graph looks at brightness alone (0 black .. 1 white). With K classes, class k stands for a mean
brightness of k / (K - 1); probabilities are softmax(-SHARPNESS * (brightness - k / (K - 1))^2). The defect
map is the brightness of each CELL x CELL block. So a black picture is class 0, a white one the last class,
and a white patch on black is a place in the map. With an anomaly rule the anomaly map is the defect map, and the
anomaly score its brightest block.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.bundle.files import entry_for, write_manifest
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import MANIFEST, AnomalyRule, ClassSpec, Decision, InputSpec, Manifest, Variant

SIDE = 32
CELL = 4
SHARPNESS = 40.0

WITH_GOOD = (
    ClassSpec("black", "good", {"en": "Good", "zh-TW": "良品"}),
    ClassSpec("grey", "defect", {"en": "Grey", "zh-TW": "灰"}),
    ClassSpec("white", "defect", {"en": "White", "zh-TW": "白"}),
)
WITHOUT_GOOD = tuple(ClassSpec(c.name, "defect", c.titles) for c in WITH_GOOD)


def flat(value: int, side: int = SIDE) -> NDArray[np.uint8]:
    """A picture (side, side, 3) of one brightness, 0..255."""
    return np.full((side, side, 3), value, dtype=np.uint8)


def make_bundle(
    path: Path,
    classes: tuple[ClassSpec, ...] = WITH_GOOD,
    variants: Sequence[str] = ("float32", "int8"),
    anomaly: AnomalyRule | None = None,
) -> Bundle:
    """Write a bundle into the new folder `path` and load it; the last of `variants` is the default."""
    (path / "golden").mkdir(parents=True)
    frames_NHWC = np.stack([flat(0), flat(128), flat(255), _with_patch()])
    expected: dict[str, NDArray[np.float32]] = {}
    for name in variants:
        file = path / f"model.{name}.onnx"
        onnx.save(brightness_graph(len(classes), quantised=name == "int8", anomaly=anomaly is not None), file)
        expected |= {f"{name}.{key}": value for key, value in _run(file, frames_NHWC).items()}
    np.savez(path / "golden/frames.npz", image_NHWC=frames_NHWC)
    np.savez(path / "golden/expected.npz", **expected)  # type: ignore[arg-type]  # numpy's stub: allow_pickle
    write_manifest(path, manifest_for(path, classes, variants, anomaly))
    return load_bundle(path)


def manifest_for(
    path: Path, classes: tuple[ClassSpec, ...], variants: Sequence[str], anomaly: AnomalyRule | None = None
) -> Manifest:
    """The manifest of all files that lie in `path` now."""
    files = sorted(f for f in path.rglob("*") if f.is_file() and f.name != MANIFEST)
    has_good = any(c.kind == "good" for c in classes)
    return Manifest(
        format_version=1,
        name="brightness",
        created="2026-01-01T00:00:00Z",
        edgevl_version="0.1.0",
        input=InputSpec(SIDE, SIDE),
        classes=classes,
        embedding_dim=2,
        decision=Decision(0.5 if has_good else None, min_confidence=0.6, map_threshold=0.5, anomaly=anomaly),
        variants=tuple(
            Variant(name, f"model.{name}.onnx", "int8" if name == "int8" else "float32") for name in variants
        ),
        default_variant=variants[-1],
        teacher="none: made by hand",
        files={f.relative_to(path).as_posix(): entry_for(f) for f in files},
    )


def brightness_graph(classes: int, *, quantised: bool, anomaly: bool = False) -> onnx.ModelProto:
    """The graph of the module's docstring; `quantised` puts the brightness through int8 Q/DQ (step 1/127)."""
    centres_K = np.linspace(0, 1, classes, dtype=np.float32)[None]
    constants = {
        "white": np.float32(255),
        "one": np.float32(1),
        "sharpness": np.float32(-SHARPNESS),
        "centres": centres_K,
        "axis_1": np.array([1], np.int64),
        "axis_3": np.array([3], np.int64),
        "axes_23": np.array([2, 3], np.int64),
    }
    if quantised:
        constants |= {"scale": np.float32(1 / 127), "zero": np.int8(0)}
    node = helper.make_node
    quantise = [
        node("QuantizeLinear", ["grey_raw", "scale", "zero"], ["grey_q"]),
        node("DequantizeLinear", ["grey_q", "scale", "zero"], ["grey"]),
    ]
    nodes = [
        node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        node("ReduceMean", ["float", "axis_3"], ["grey_255"], keepdims=0),
        node("Div", ["grey_255", "white"], ["grey_01"]),
        node("Unsqueeze", ["grey_01", "axis_1"], ["grey_raw"]),
        *(quantise if quantised else [node("Identity", ["grey_raw"], ["grey"])]),
        node("AveragePool", ["grey"], ["cells"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        node("Squeeze", ["cells", "axis_1"], ["map"]),
        node("ReduceMean", ["grey", "axes_23"], ["mean"], keepdims=0),
        node("Sub", ["mean", "centres"], ["distance"]),
        node("Mul", ["distance", "distance"], ["square"]),
        node("Mul", ["square", "sharpness"], ["logits"]),
        node("Softmax", ["logits"], ["prob"], axis=1),
        node("Sub", ["one", "mean"], ["dark"]),
        node("Concat", ["mean", "dark"], ["both"], axis=1),
        node("LpNormalization", ["both"], ["embedding"], axis=1, p=2),
    ]
    cells = SIDE // CELL
    unlike_good = [
        helper.make_tensor_value_info("anomaly", TensorProto.FLOAT, ["N"]),
        helper.make_tensor_value_info("anomaly_map", TensorProto.FLOAT, ["N", cells, cells]),
    ]
    if anomaly:
        constants |= {"axes_12": np.array([1, 2], np.int64)}
        nodes += [
            node("Identity", ["map"], ["anomaly_map"]),
            node("ReduceMax", ["map", "axes_12"], ["anomaly"], keepdims=0),
        ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info("prob", TensorProto.FLOAT, ["N", classes]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 2]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, ["N", cells, cells]),
            *(unlike_good if anomaly else ()),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model


def _with_patch() -> NDArray[np.uint8]:
    image_HWC = flat(0)
    image_HWC[8:16, 16:28] = 255
    return image_HWC


def _run(file: Path, frames_NHWC: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": frames_NHWC}), strict=True))
