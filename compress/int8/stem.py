"""The first layer in int8: the same convolution over blocks of 2x2 pixels instead of pixels.

Integer kernels copy a patch for every output; with three channels those copies are three bytes long and cost more
than the arithmetic. Moving each 2x2 block into channels (space to depth) makes them four times as long, and the
layer's stride goes. The result is equal, weight by weight; float kernels have no such cost and keep the layer.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_BLOCK = 2


def bytes_moved_as_bytes(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which the camera's bytes are transposed before they become floats, not after."""
    changed = _copy(model)
    graph = changed.graph
    pictures = {i.name for i in graph.input if i.type.tensor_type.elem_type == TensorProto.UINT8}
    for cast in [node for node in graph.node if node.op_type == "Cast" and node.input[0] in pictures]:
        readers = [node for node in graph.node if cast.output[0] in node.input]
        if len(readers) == 1 and readers[0].op_type == "Transpose":
            (transpose,) = readers
            taken, between, given = cast.input[0], f"{cast.input[0]}_NCHW", transpose.output[0]
            transpose.input[0], transpose.output[0] = taken, between
            cast.input[0], cast.output[0] = between, given
            graph.node.remove(cast)
            graph.node.insert(list(graph.node).index(transpose) + 1, cast)
    return changed


def blocks_to_channels(model: onnx.ModelProto, names: Container[str]) -> onnx.ModelProto:
    """A copy in which the first layer, where it is one of these names, reads 2x2 blocks of the camera's bytes."""
    changed = _copy(model)
    for cast, conv in _stems(changed):
        if conv.name not in names:
            continue
        weights = next((i for i in changed.graph.initializer if i.name == conv.input[1]), None)
        if weights is None:
            continue
        weight_OCHW = numpy_helper.to_array(weights)
        weights.CopyFrom(numpy_helper.from_array(over_blocks(weight_OCHW), weights.name))
        low, high = _reach(weight_OCHW.shape[2])
        del conv.attribute[:]
        conv.attribute.extend(_attributes(low // _BLOCK, high // _BLOCK))
        blocks = f"{cast.input[0]}_blocks"
        node = helper.make_node("SpaceToDepth", [cast.input[0]], [blocks], name=blocks, blocksize=_BLOCK)
        cast.input[0] = blocks
        changed.graph.node.insert(list(changed.graph.node).index(cast), node)
    return changed


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def over_blocks(weight_OCHW: NDArray[np.float32]) -> NDArray[np.float32]:
    """The weights of an odd, centred kernel of stride 2 as those of a kernel of stride 1 over 2x2 blocks."""
    out, channels, side, _ = weight_OCHW.shape
    low, high = _reach(side)
    taps = low + high
    padded = np.zeros((out, channels, taps, taps), weight_OCHW.dtype)
    start = low - side // 2
    padded[:, :, start : start + side, start : start + side] = weight_OCHW
    parts = padded.reshape(out, channels, taps // _BLOCK, _BLOCK, taps // _BLOCK, _BLOCK)
    moved = parts.transpose(0, 3, 5, 1, 2, 4)  # SpaceToDepth counts row and column in the block before channels
    return np.ascontiguousarray(moved.reshape(out, _BLOCK**2 * channels, taps // _BLOCK, taps // _BLOCK))


def _reach(side: int) -> tuple[int, int]:
    """Pixels before and from the centre on that whole blocks must cover."""
    radius = side // 2
    return -(-radius // _BLOCK) * _BLOCK, -(-(side - radius) // _BLOCK) * _BLOCK


def _stems(model: onnx.ModelProto) -> Iterator[tuple[onnx.NodeProto, onnx.NodeProto]]:
    """The casts of transposed input bytes, each with the convolution of stride 2 that is its only reader."""
    graph = model.graph
    sizes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in graph.input}
    producers = {name: node for node in graph.node for name in node.output}
    for cast in [node for node in graph.node if node.op_type == "Cast"]:
        turned = producers.get(cast.input[0])
        if turned is None or turned.op_type != "Transpose" or turned.input[0] not in sizes:
            continue
        readers = [node for node in graph.node if cast.output[0] in node.input]
        even = all(size and size % _BLOCK == 0 for size in sizes[turned.input[0]][1:3])
        if len(readers) == 1 and even and _is_centred_of_stride_2(readers[0]):
            yield cast, readers[0]


def _is_centred_of_stride_2(node: onnx.NodeProto) -> bool:
    if node.op_type != "Conv":
        return False
    said = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    side, *others = said.get("kernel_shape", [0])
    return (
        all(other == side for other in others)
        and side % 2 == 1
        and list(said.get("strides", [])) == [2, 2]
        and list(said.get("pads", [])) == [side // 2] * 4
        and set(said.get("dilations", [1])) == {1}
        and said.get("group", 1) == 1
    )


def _attributes(before: int, after: int) -> list[onnx.AttributeProto]:
    side = before + after
    return [
        helper.make_attribute("kernel_shape", [side, side]),
        helper.make_attribute("strides", [1, 1]),
        helper.make_attribute("pads", [before, before, after - 1, after - 1]),
    ]
