"""The decoder as the two graphs of `edge.language.decoder`, in float and with its weights in int8."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from compress.int8.weight_only import quantise_weights
from compress.language.model import ReportDecoder
from compress.quiet import quiet
from compress.students.export import OPSET, tidy


class _Prefill(nn.Module):
    def __init__(self, decoder: ReportDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, ids: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x_BSW, self_kv, cross_kv, _ = self.decoder.read(ids, tokens)
        return self.decoder.out(x_BSW[:, -1]), self_kv, cross_kv


class _Step(nn.Module):
    def __init__(self, decoder: ReportDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, id: Tensor, self_kv: Tensor, cross_kv: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.decoder.step(id, self_kv, cross_kv)


def export_decoder(decoder: ReportDecoder, prefill: Path, step: Path) -> None:
    """Write both float graphs."""
    config = decoder.eval().config
    ids = torch.zeros(1, 7, dtype=torch.long)
    tokens = torch.zeros(1, config.tokens, config.channels)
    longest = config.longest
    _write(
        _Prefill(decoder), (ids, tokens), prefill, ("ids", "tokens"), ("logits", "self_kv_out", "cross_kv_out"),
        ({1: torch.export.Dim("pieces", min=2, max=longest)}, None),
    )  # fmt: skip
    with torch.inference_mode():
        _, self_kv, cross_kv, _ = decoder.read(ids, tokens)
    _write(
        _Step(decoder), (ids[:, :1], self_kv, cross_kv), step, ("id", "self_kv", "cross_kv"),
        ("logits", "self_kv_out", "attention"),
        (None, {4: torch.export.Dim("past", min=2, max=longest - 1)}, None),
    )  # fmt: skip


def in_int8(prefill: Path, step: Path, folder: Path) -> tuple[Path, Path]:
    """Both graphs with the weights of their linear layers in eight bits."""
    out = folder / "prefill.int8.onnx", folder / "step.int8.onnx"
    for graph, written in zip((prefill, step), out, strict=True):
        quantise_weights(graph, written, 8)
    return out


def _write(
    model: nn.Module, example: tuple[Tensor, ...], file: Path, inputs: tuple[str, ...], outputs: tuple[str, ...],
    dynamic: tuple[object, ...],
) -> None:  # fmt: skip
    with quiet():
        torch.onnx.export(
            model,
            example,
            str(file),
            dynamo=True,
            dynamic_shapes=dynamic,
            input_names=list(inputs),
            output_names=list(outputs),
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    tidy(file)
