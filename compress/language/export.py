"""The decoder as the two graphs of `edge.language.decoder`, in float and with its weights in int8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from compress.int8.weight_only import quantise_weights
from compress.language.model import Kept, ReportDecoder, with_scaled_queries
from compress.quiet import quiet
from compress.students.export import OPSET, tidy

# Weights of a column that share a scale, which is all of them where the decoder reads its own width: the fewer scales,
# the faster a step.
_BLOCK = 128


class _Prefill(nn.Module):
    def __init__(self, decoder: ReportDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, ids: Tensor, tokens: Tensor) -> tuple[Tensor, ...]:
        x_BSW, kept, _ = self.decoder.read(ids, tokens)
        return self.decoder.out(x_BSW[:, -1:]), *_in_a_row(kept)


class _Step(nn.Module):
    def __init__(self, decoder: ReportDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, id: Tensor, at: Tensor, past: list[Tensor]) -> tuple[Tensor, ...]:
        layers = self.decoder.config.layers
        seen = past[layers:]
        kept = [Kept(past[n], seen[2 * n], seen[2 * n + 1]) for n in range(layers)]
        logits_B1V, looks_BA1T, longer = self.decoder.step(id, at, kept)
        return logits_B1V, looks_BA1T, *longer


def export_decoder(decoder: ReportDecoder, prefill: Path, step: Path) -> None:
    """Write both float graphs."""
    decoder = with_scaled_queries(decoder).eval()
    config = decoder.config
    ids = torch.zeros(1, 7, dtype=torch.long)
    tokens = torch.zeros(1, config.tokens, config.channels)
    kept_names = [f"self_{n}" for n in range(config.layers)]
    seen_names = [f"{part}_{n}" for n in range(config.layers) for part in ("keys", "values")]
    _write(
        _Prefill(decoder), (ids, tokens), prefill, ("ids", "tokens"), ("logits", *kept_names, *seen_names),
        ({1: torch.export.Dim("pieces", min=2, max=config.longest)}, None),
    )  # fmt: skip
    with torch.inference_mode():
        _, kept, _ = decoder.read(ids, tokens)
    grows = {2: torch.export.Dim("past", min=2, max=config.longest - 1)}
    _write(
        _Step(decoder), (ids[:, :1], ids[:, :1], _in_a_row(kept)), step, ("id", "at", *kept_names, *seen_names),
        ("logits", "looks", *(f"{name}_next" for name in kept_names)),
        (None, None, [grows if name in kept_names else None for name in (*kept_names, *seen_names)]),
    )  # fmt: skip


def in_int8(prefill: Path, step: Path, folder: Path) -> tuple[Path, Path]:
    """Both graphs with the weights of their linear layers in eight bits."""
    out = folder / "prefill.int8.onnx", folder / "step.int8.onnx"
    for graph, written in zip((prefill, step), out, strict=True):
        quantise_weights(graph, written, 8, block=_BLOCK)
    return out


def _in_a_row(kept: Sequence[Kept]) -> list[Tensor]:
    """What the graphs hand over: of the pieces layer by layer, then of the tokens layer by layer."""
    return [k.self_BGPd for k in kept] + [part for k in kept for part in (k.keys_BHdT, k.values_BHTd)]


def _write(
    model: nn.Module, example: tuple[object, ...], file: Path, inputs: tuple[str, ...], outputs: tuple[str, ...],
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
