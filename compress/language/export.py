"""The decoder as the three graphs of `edge.language.decoder`, in float and with its weights in int8."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from compress.int8.weight_only import quantise_weights
from compress.language.model import Kept, ReportDecoder, with_scaled_queries
from compress.quiet import quiet
from compress.students.export import OPSET, tidy
from edge.bundle.manifest import Precision
from edge.language.decoder import DecoderFiles

GRAPHS = ("see", "read", "step")

# Weights of a column that share a scale, which is all of them where the decoder reads its own width: the fewer scales,
# the faster a step.
_BLOCK = 128


class _See(nn.Module):
    def __init__(self, decoder: ReportDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, tokens: Tensor) -> list[Tensor]:
        return [part for kept in self.decoder.see(tokens) for part in (kept.keys_BHdT, kept.values_BHTd)]


class _Read(nn.Module):
    def __init__(self, decoder: ReportDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, ids: Tensor, at: Tensor, past: list[Tensor]) -> tuple[Tensor, ...]:
        layers = self.decoder.config.layers
        seen = past[layers:]
        kept = [Kept(past[n], seen[2 * n], seen[2 * n + 1]) for n in range(layers)]
        x_BSW, longer, looks = self.decoder.read(ids, at, kept)
        if ids.shape[1] > 1:  # only what comes next is asked
            x_BSW, looks = x_BSW[:, -1:], [look_BHST[:, :, -1:] for look_BHST in looks]
        return self.decoder.out(x_BSW), torch.cat(looks, dim=1), *longer


def export_decoder(decoder: ReportDecoder, folder: Path) -> None:
    """Write the float graphs: `see`, `read` and `step`."""
    decoder = with_scaled_queries(decoder).eval()
    config = decoder.config
    tokens = torch.zeros(1, config.tokens, config.channels)
    kept_names = [f"self_{n}" for n in range(config.layers)]
    seen_names = [f"{part}_{n}" for n in range(config.layers) for part in ("keys", "values")]
    with torch.inference_mode():
        seen = _See(decoder)(tokens)
    _write(_See(decoder), (tokens,), graph_file(folder, "see", "float32"), ("tokens",), tuple(seen_names), None)
    names = ("ids", "at", *kept_names, *seen_names)
    outputs = ("logits", "looks", *(f"{name}_next" for name in kept_names))
    past = [torch.zeros(1, 2 * config.heads, 5, config.width // config.heads) for _ in kept_names]
    ids, at = torch.zeros(1, 7, dtype=torch.long), torch.arange(7)[None]  # not the same one, or both become one input
    grows = {2: torch.export.Dim("past", min=2, max=config.longest - 1)}
    long = {1: torch.export.Dim("pieces", min=2, max=config.longest - 1)}
    kept = [*([grows] * len(kept_names)), *([None] * len(seen_names))]
    read, step = (graph_file(folder, name, "float32") for name in ("read", "step"))
    _write(_Read(decoder), (ids, at, [*past, *seen]), read, names, outputs, (long, long, kept))
    _write(_Read(decoder), (ids[:, :1], at[:, :1], [*past, *seen]), step, names, outputs, (None, None, kept))


def in_int8(folder: Path) -> None:
    """The graphs of `folder` with the weights of their linear layers in eight bits, beside them."""
    for name in GRAPHS:
        quantise_weights(graph_file(folder, name, "float32"), graph_file(folder, name, "int8"), 8, block=_BLOCK)


def graph_file(folder: Path, name: str, precision: Precision) -> Path:
    return folder / f"{name}.{precision}.onnx"


def decoder_files(folder: Path, precision: Precision) -> DecoderFiles:
    return DecoderFiles(*(graph_file(folder, name, precision) for name in GRAPHS))


def _write(
    model: nn.Module, example: tuple[object, ...], file: Path, inputs: tuple[str, ...], outputs: tuple[str, ...],
    dynamic: tuple[object, ...] | None,
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
