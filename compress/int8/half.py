"""Half: a float16 variant for GPUs, with islands of float32 where sixteen bits would lose the answer.

Weights and activations of the big layers become float16; what sums, exponentiates or normalises stays float32, with
casts around it. Inputs and outputs keep their types, so the contract of `edge.bundle` holds.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from compress.quiet import quiet
from compress.students.export import tidy

# Sums over many values, quotients, squares and exponentials leave float16's 65504 or its eleven bits.
ISLANDS = (
    "Softmax",
    "Sigmoid",
    "LayerNormalization",
    "InstanceNormalization",
    "LpNormalization",
    "ReduceMean",
    "ReduceSum",
    "ReduceL2",
    "ReduceSumSquare",
    "GlobalAveragePool",
    "Pow",
    "Sqrt",
    "Div",
    "Exp",
    "Log",
    "Erf",
    "CumSum",
)


def to_half(float_file: Path, out_file: Path, keep_float: tuple[str, ...] = ()) -> None:
    """Write the float16 graph of a float32 one. keep_float: names of further nodes that stay float32."""
    model = onnx.load(float_file)
    with quiet():
        halved = convert_float_to_float16(
            model,
            keep_io_types=True,
            op_block_list=[*DEFAULT_OP_BLOCK_LIST, *ISLANDS],
            node_block_list=[*keep_float, *_reading_bytes(model)],
        )
    OnnxModel(halved).topological_sort()  # the converter appends its casts at the end
    onnx.save(halved, out_file)
    tidy(out_file)


def _reading_bytes(model: onnx.ModelProto) -> list[str]:
    """Casts of whole numbers to float32: they already say what they make."""
    return [node.name for node in model.graph.node if node.op_type == "Cast"]
