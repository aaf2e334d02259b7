"""Weight-only: the linear layers of a text decoder in eight or four bits, its activations in float.

A decoder writes one token at a time and so reads every weight for a single row: it is bound by memory, and smaller
weights are faster ones. Weights are rounded in blocks along their inputs, each with a scale of its own
(`MatMulNBits` of ONNX Runtime; what is no MatMul with constant weights stays as it is).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import onnx

from compress.errors import DataError
from compress.quiet import keep_root_logger, quiet

with keep_root_logger():
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

# Rows times weights in int8, summed in float: left at its default, ONNX Runtime turns eight-bit weights back into float
# for every row, and is slower than without them.
_IN_INT8 = 4
_BLOCK = 32  # weights that share a scale: the smallest block that ONNX Runtime has fast kernels for


def quantise_weights(
    float_file: Path, out_file: Path, bits: Literal[4, 8], keep_float: tuple[str, ...] = (), block: int = _BLOCK
) -> tuple[str, ...]:
    """Write the graph with its MatMuls in `bits`; returns the names of those that were. Raises DataError for none.

    keep_float: names of MatMuls that stay float, such as the last one, which chooses the token. block: how many weights
    along the inputs share a scale, a power of two from 16 on; the fewer, the more exact and the slower.
    """
    model = onnx.load(float_file)
    config = DefaultWeightOnlyQuantConfig(block_size=block, is_symmetric=True, bits=bits, accuracy_level=_IN_INT8)
    quantizer = MatMulNBitsQuantizer(
        model,
        block_size=block,
        is_symmetric=True,
        accuracy_level=_IN_INT8,
        nodes_to_exclude=list(keep_float),
        algo_config=config,
    )
    with quiet():
        quantizer.process()
    done = quantizer.model.model
    names = tuple(node.name for node in done.graph.node if node.op_type == "MatMulNBits")
    if not names:
        raise DataError(f"{float_file} has no MatMul with constant weights; there is nothing to quantise in it")
    onnx.save(done, out_file)
    return names
