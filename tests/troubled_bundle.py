"""The bundle of `tests.bundles`, but its model breaks on one picture and dawdles on another.

The trouble is in the graph itself, so a real engine raises a real error, or is really busy, when a camera shows it
such a picture: one whose pixel in the top left corner has a certain colour. Golden frames do not have it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.bundle.files import write_manifest
from edge.bundle.load import Bundle, load_bundle
from tests.bundles import WITH_GOOD, make_bundle, manifest_for

# The same from both ends, so the order of the channels does not matter.
_BREAKS = (17, 230, 17)
_DAWDLES = (230, 17, 230)
# Some tenths of a second on any machine.
_TURNS = 800_000


def breaking_picture() -> NDArray[np.uint8]:
    """ONNX Runtime raises on it."""
    return _coloured(_BREAKS)


def dawdling_picture() -> NDArray[np.uint8]:
    """It keeps the model busy for some tenths of a second or more."""
    return _coloured(_DAWDLES)


def make_troubled_bundle(path: Path) -> Bundle:
    """Write it into the new folder `path` and load it."""
    variants = ("float32", "int8")
    make_bundle(path, variants=variants)
    for name in variants:
        file = path / f"model.{name}.onnx"
        onnx.save(_with_trouble(onnx.load(file)), file)
    write_manifest(path, manifest_for(path, WITH_GOOD, variants))
    return load_bundle(path)


def _coloured(colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Uniform in the corner, so that no resizing changes it; sharp grain elsewhere."""
    image_HWC = np.random.default_rng(0).integers(30, 220, (128, 128, 3), dtype=np.uint8)
    image_HWC[:16, :16] = colour
    return image_HWC


def _with_trouble(model: onnx.ModelProto) -> onnx.ModelProto:
    """Put two zeroes between the mean and what uses it: one that may not be had, one that takes long."""
    graph = model.graph
    for node in graph.node:
        node.output[:] = ["mean_before" if name == "mean" else name for name in node.output]
    node = helper.make_node
    added = [
        node("Gather", ["image", "t_first"], ["t_row"], axis=1),
        node("Gather", ["t_row", "t_first"], ["t_corner_u8"], axis=1),
        node("Cast", ["t_corner_u8"], ["t_corner"], to=TensorProto.FLOAT),
        *_is_colour("breaks"),
        *_is_colour("dawdles"),
        # Index 9 of one element: out of bounds.
        node("Where", ["t_breaks", "t_nine", "t_first"], ["t_index"]),
        node("Gather", ["t_zeroes", "t_index"], ["t_zero"]),
        node("Where", ["t_dawdles", "t_turns", "t_first"], ["t_trips"]),
        node("Loop", ["t_trips", "", "t_zero"], ["t_slow_zero"], body=_turn()),
        node("Add", ["mean_before", "t_slow_zero"], ["mean"]),
    ]
    place = 1 + next(n for n, one in enumerate(graph.node) if "mean_before" in one.output)
    for offset, one in enumerate(added):
        graph.node.insert(place + offset, one)
    constants = {
        "t_first": np.int64(0),
        "t_nine": np.int64(9),
        "t_turns": np.int64(_TURNS),
        "t_zeroes": np.zeros(1, np.float32),
        "t_half": np.float32(0.5),
        "t_colour_breaks": np.array(_BREAKS, np.float32),
        "t_colour_dawdles": np.array(_DAWDLES, np.float32),
    }
    graph.initializer.extend(numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items())
    onnx.checker.check_model(model, full_check=True)
    return model


def _is_colour(name: str) -> list[onnx.NodeProto]:
    """t_NAME: whether the corner of any picture of the batch has that colour."""
    node = helper.make_node
    return [
        node("Sub", ["t_corner", f"t_colour_{name}"], [f"t_{name}_difference"]),
        node("ReduceL1", [f"t_{name}_difference", "axis_1"], [f"t_{name}_distances"], keepdims=0),
        node("ReduceMin", [f"t_{name}_distances"], [f"t_{name}_distance"], keepdims=0),
        node("Less", [f"t_{name}_distance", "t_half"], [f"t_{name}"]),
    ]


def _turn() -> onnx.GraphProto:
    """One turn of the loop: add zero."""
    value = helper.make_tensor_value_info
    return helper.make_graph(
        [
            helper.make_node("Identity", ["t_goes"], ["t_goes_on"]),
            helper.make_node("Add", ["t_before", "t_before"], ["t_after"]),
        ],
        "turn",
        [
            value("t_turn", TensorProto.INT64, []),
            value("t_goes", TensorProto.BOOL, []),
            value("t_before", TensorProto.FLOAT, []),
        ],
        [value("t_goes_on", TensorProto.BOOL, []), value("t_after", TensorProto.FLOAT, [])],
    )
