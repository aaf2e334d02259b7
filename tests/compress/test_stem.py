"""The first layer over blocks of pixels computes what it computed over pixels."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional as F

from compress.int8.stem import blocks_to_channels, bytes_moved_as_bytes, over_blocks
from tests.compress.tiny_graph import TinyGraph, make_tiny_graph


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyGraph:
    return make_tiny_graph(tmp_path_factory.mktemp("tiny"))


@settings(max_examples=20, deadline=None)
@given(radius=st.integers(0, 4), channels=st.integers(1, 4), height=st.integers(1, 9), width=st.integers(1, 9))
def test_any_centred_kernel_of_stride_2_can_be_moved(radius: int, channels: int, height: int, width: int) -> None:
    """1x1 to 9x9 kernels, any even size: equal to the convolution over pixels."""
    side = 2 * radius + 1
    generator = torch.Generator().manual_seed(radius)
    x = torch.randn(1, channels, 2 * height, 2 * width, generator=generator)
    weight = torch.randn(3, channels, side, side, generator=generator)
    moved = torch.from_numpy(over_blocks(weight.numpy()))
    blocks = x.reshape(1, channels, height, 2, width, 2).permute(0, 3, 5, 1, 2, 4).reshape(1, -1, height, width)
    before, after = -(-radius // 2), -(-(side - radius) // 2) - 1
    ours = F.conv2d(F.pad(blocks, (before, after, before, after)), moved)
    torch.testing.assert_close(ours, F.conv2d(x, weight, stride=2, padding=radius), atol=1e-4, rtol=1e-4)


def _run(model: onnx.ModelProto, image_NHWC: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, {"image": image_NHWC}))


def test_a_students_graph_gives_the_same_answers(tiny: TinyGraph) -> None:
    """All outputs, and the layer does read blocks."""
    model = onnx.load(tiny.file)
    convs = [n.name for n in model.graph.node if n.op_type == "Conv"]
    changed = blocks_to_channels(bytes_moved_as_bytes(model), convs)
    assert [n.op_type for n in changed.graph.node][:3] == ["Transpose", "SpaceToDepth", "Cast"]
    for ours, theirs in zip(_run(changed, tiny.val.image_NHWC), _run(model, tiny.val.image_NHWC), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_layer_that_was_not_named_stays(tiny: TinyGraph) -> None:
    """And a graph without such a layer comes back as it was."""
    model = bytes_moved_as_bytes(onnx.load(tiny.file))
    assert blocks_to_channels(model, ()) == model
