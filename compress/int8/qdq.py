"""Q/DQ: write quantisation into an ONNX graph, around the layers that are named and nowhere else.

Q/DQ pairs stand at the input of each quantised layer and behind its activation, never between a layer and its
ReLU: engines fuse layer, ReLU and quantisation into one kernel only so. Weights are int8 with a scale per output
channel. Two dialects:

- `uint8`: what ONNX Runtime's CPU kernels are fastest at. Zero point 0 where a tensor has no negative values, so
  that the ReLU costs nothing; camera bytes go into the first layer as they are.
- `int8`: what TensorRT 10 and 11 take: symmetric, zero point 0 everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Dialect = Literal["uint8", "int8"]

_LEAST = 1e-6  # width of a range: a tensor may be zero all over
_OPS = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True, slots=True)
class Layer:
    """One Conv, Gemm or MatMul with constant weights.

    input: the tensor it reads. bias: the name of its constant bias, "" where it has none. output: the tensor behind
    it, or behind its ReLU where it has one; "" leaves it float. channel_axis: of the weights, counts outputs.
    """

    name: str
    input: str
    weight: str
    bias: str
    output: str
    channel_axis: int


@dataclass(frozen=True, slots=True)
class Range:
    """The values of a tensor that quantisation keeps apart; what is beyond is clipped. low <= 0 <= high."""

    low: float
    high: float

    def scale_and_zero(self, dialect: Dialect) -> tuple[np.float32, NDArray[np.generic]]:
        """The scale and the zero point (uint8 or int8, a 0-d array) that cover this range."""
        if dialect == "int8":
            return np.float32(max(-self.low, self.high, _LEAST) / 127), np.array(0, np.int8)
        scale = np.float32(max(self.high - self.low, _LEAST) / 255)
        return scale, np.array(np.rint(-self.low / scale), np.uint8)


def find_layers(model: onnx.ModelProto) -> tuple[Layer, ...]:
    """Every layer of the graph that can be quantised, in order."""
    constants = {i.name for i in model.graph.initializer}
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return tuple(
        _layer(node, readers.get(node.output[0], []), constants)
        for node in model.graph.node
        if node.op_type in _OPS and node.input[1] in constants and node.input[0] not in constants
    )


def weights_of(model: onnx.ModelProto, layer: Layer) -> NDArray[np.float32]:
    """The layer's float weights."""
    return np.asarray(numpy_helper.to_array(next(i for i in model.graph.initializer if i.name == layer.weight)))


def weight_scales(weight: NDArray[np.float32], channel_axis: int) -> NDArray[np.float32]:
    """The int8 scale of each output channel: its largest weight is 127."""
    others = tuple(axis for axis in range(weight.ndim) if axis != channel_axis)
    return np.asarray(np.maximum(np.abs(weight).max(others), 1e-8) / 127, np.float32)


def tensors_to_observe(layers: Iterable[Layer]) -> tuple[str, ...]:
    """The tensors whose ranges `insert` needs, each once, in the order of the graph."""
    return tuple(dict.fromkeys(name for layer in layers for name in (layer.input, layer.output) if name))


def insert(
    model: onnx.ModelProto, layers: Iterable[Layer], ranges: Mapping[str, Range], dialect: Dialect
) -> onnx.ModelProto:
    """A copy of the float model in which these layers, and no others, are quantised."""
    writer = _Writer(model, dialect)
    for layer in layers:
        writer.quantise(layer, ranges)
    return writer.finished()


def _layer(node: onnx.NodeProto, readers: list[onnx.NodeProto], constants: set[str]) -> Layer:
    behind = readers[0] if len(readers) == 1 and readers[0].op_type == "Relu" else node
    axis = 0
    if node.op_type == "MatMul":
        axis = 1
    if node.op_type == "Gemm":
        axis = 0 if next((a.i for a in node.attribute if a.name == "transB"), 0) else 1
    bias = node.input[2] if len(node.input) > 2 and node.input[2] in constants else ""
    return Layer(node.name, node.input[0], node.input[1], bias, behind.output[0], axis)


class _Writer:
    """Collects nodes and constants of the quantised copy."""

    def __init__(self, model: onnx.ModelProto, dialect: Dialect) -> None:
        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        self._dialect: Dialect = dialect
        self._nodes = {node.name: node for node in self._model.graph.node}
        self._producers = {name: node for node in self._model.graph.node for name in node.output}
        self._constants = {i.name: i for i in self._model.graph.initializer}
        self._bytes = {i.name for i in self._model.graph.input if i.type.tensor_type.elem_type == TensorProto.UINT8}
        self._dequantised: dict[str, str] = {}
        self._given: dict[str, str] = {}  # what int8 layers give: float layers too read it dequantised
        self._scales: dict[str, np.float32] = {}
        self._after: dict[str, list[onnx.NodeProto]] = {}
        self._before: dict[str, list[onnx.NodeProto]] = {}

    def quantise(self, layer: Layer, ranges: Mapping[str, Range]) -> None:
        node = self._nodes[layer.name]
        node.input[0] = self._activation(layer.input, ranges)
        node.input[1] = self._weight(layer)
        if layer.bias and self._dialect == "uint8":  # TensorRT dequantises int8 only: its biases stay float
            node.input[2] = self._bias(layer)
        if layer.output:
            self._given[layer.output] = self._activation(layer.output, ranges)

    def finished(self) -> onnx.ModelProto:
        """The model with the new nodes in place: behind the tensor they read, or before the layer they serve."""
        ordered = [node for i in self._model.graph.input for node in self._after.get(i.name, [])]
        for node in self._model.graph.node:
            for index, name in enumerate(node.input):
                node.input[index] = self._given.get(name, name)
            ordered += [*self._before.get(node.name, []), node]
            for name in node.output:
                ordered += self._after.get(name, [])
        del self._model.graph.node[:]
        self._model.graph.node.extend(ordered)
        self._drop_unused()
        return self._model

    def _activation(self, name: str, ranges: Mapping[str, Range]) -> str:
        """The dequantised twin of a tensor."""
        if name not in self._dequantised:
            scale, zero = ranges[name].scale_and_zero(self._dialect)
            cast = self._producers.get(name)
            if self._dialect == "uint8" and cast is not None and self._casts_bytes(cast):
                scale, zero = np.float32(1), np.array(0, np.uint8)  # bytes are quantised already, and exactly
                quantised, nodes = cast.input[0], []
            else:
                quantised = f"{name}_quantised"
                nodes = [self._quantizer("QuantizeLinear", name, quantised, scale, zero)]
            nodes.append(self._quantizer("DequantizeLinear", quantised, f"{name}_dequantised", scale, zero))
            self._after[name] = nodes
            self._dequantised[name], self._scales[name] = f"{name}_dequantised", scale
        return self._dequantised[name]

    def _casts_bytes(self, node: onnx.NodeProto) -> bool:
        """Whether a node turns camera bytes into floats, whatever was moved around before."""
        if node.op_type != "Cast":
            return False
        name = node.input[0]
        while name in self._producers and self._producers[name].op_type in ("Transpose", "Reshape", "SpaceToDepth"):
            name = self._producers[name].input[0]
        return name in self._bytes

    def _quantizer(
        self, kind: str, source: str, target: str, scale: np.float32, zero: NDArray[np.generic]
    ) -> onnx.NodeProto:
        names = (f"{target}_scale", f"{target}_zero")
        self._constant(names[0], np.array(scale, np.float32))
        self._constant(names[1], zero)
        return helper.make_node(kind, [source, *names], [target], name=target)

    def _weight(self, layer: Layer) -> str:
        weight = numpy_helper.to_array(self._constants[layer.weight])
        scale_K = weight_scales(weight, layer.channel_axis)
        shape = [1] * weight.ndim
        shape[layer.channel_axis] = -1
        stored = np.clip(np.rint(weight / scale_K.reshape(shape)), -127, 127).astype(np.int8)
        return self._stored(layer, layer.weight, stored, scale_K, layer.channel_axis)

    def _bias(self, layer: Layer) -> str:
        """int32 at the scale of the sums it is added to, as integer kernels demand."""
        weight, bias = (numpy_helper.to_array(self._constants[name]) for name in (layer.weight, layer.bias))
        scale_K = self._scales[layer.input] * weight_scales(weight, layer.channel_axis)
        limits = np.iinfo(np.int32)
        stored = np.clip(np.rint(bias.astype(np.float64) / scale_K), limits.min, limits.max).astype(np.int32)
        return self._stored(layer, layer.bias, stored, scale_K, 0)

    def _stored(
        self, layer: Layer, name: str, stored: NDArray[np.generic], scale_K: NDArray[np.float32], axis: int
    ) -> str:
        target = f"{name}_dequantised"
        inputs = [f"{name}_quantised", f"{name}_scale", f"{name}_zero"]
        for constant, value in zip(inputs, (stored, scale_K, np.zeros(scale_K.shape, stored.dtype)), strict=True):
            self._constant(constant, value)
        node = helper.make_node("DequantizeLinear", inputs, [target], name=target, axis=axis)
        self._before.setdefault(layer.name, []).append(node)
        return target

    def _constant(self, name: str, value: NDArray[np.generic]) -> None:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(value, name)
            self._model.graph.initializer.append(self._constants[name])

    def _drop_unused(self) -> None:
        """Float weights that only quantised layers read, and casts nobody reads any more."""
        graph = self._model.graph
        wanted = Counter(o.name for o in graph.output)
        kept: list[onnx.NodeProto] = []
        for node in reversed(graph.node):
            if any(wanted[name] for name in node.output):
                kept.append(node)
                wanted.update(node.input)
        del graph.node[:]
        graph.node.extend(reversed(kept))
        constants = [i for i in graph.initializer if wanted[i.name]]
        del graph.initializer[:]
        graph.initializer.extend(constants)
