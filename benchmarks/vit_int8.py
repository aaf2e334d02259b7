"""How much faster a vision transformer of CLIP's ViT-B/32 size is in int8, and what it costs its embedding.

    python -m benchmarks.vit_int8 --data FOLDER

Random weights, real pictures: calibrated on training pictures, the cosine is taken on test pictures. ONNX Runtime on
the CPU, one thread, both graphs in turn within one run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from rich.console import Console
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from compress.data.dataset import read_dataset
from compress.data.pictures import read_pictures
from compress.int8.calibrate import calibration_pictures
from compress.int8.linear import cosines, embeddings, quantise_linear
from compress.judge.measure import graph_run, latencies_ms
from compress.quiet import quiet
from compress.students.export import OPSET, tidy
from edge.bundle.manifest import InputSpec
from edge.errors import EdgevlError

_SIDE = 224
_CALIBRATION = 32
_TESTED = 64


class _Tower(nn.Module):
    """Camera bytes -> normalised embedding, with CLIP's own mean and deviation."""

    mean_3: Tensor
    std_3: Tensor

    def __init__(self, vision: nn.Module) -> None:
        super().__init__()
        self.vision = vision
        self.register_buffer("mean_3", torch.tensor([0.48145466, 0.4578275, 0.40821073]))
        self.register_buffer("std_3", torch.tensor([0.26862954, 0.26130258, 0.27577711]))

    def forward(self, image_NHWC: Tensor) -> Tensor:
        pixels_NHWC = (image_NHWC.float().flip(3) / 255 - self.mean_3) / self.std_3
        embedding_ND: Tensor = self.vision(pixel_values=pixels_NHWC.permute(0, 3, 1, 2)).image_embeds
        return embedding_ND / embedding_ND.square().sum(1, keepdim=True).sqrt()


def export_tower(config: CLIPVisionConfig, file: Path) -> None:
    """A random tower as a float graph."""
    torch.manual_seed(0)
    tower = _Tower(CLIPVisionModelWithProjection(config)).eval()
    example = torch.zeros(2, config.image_size, config.image_size, 3, dtype=torch.uint8)
    with quiet():
        torch.onnx.export(
            tower,
            (example,),
            str(file),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},),
            input_names=["image"],
            output_names=["unit_embedding"],
            opset_version=OPSET,
            external_data=False,
            verbose=False,
        )
    tidy(file)


def measure(data: Path, folder: Path, config: CLIPVisionConfig) -> str:
    """One line of figures."""
    dataset, spec = read_dataset(data), InputSpec(config.image_size, config.image_size)
    calibration = calibration_pictures(dataset, spec, _CALIBRATION, 0)
    val_NHWC = read_pictures(dataset, "val", spec).image_NHWC[:_CALIBRATION]
    test_NHWC = read_pictures(dataset, "test", spec).image_NHWC[:_TESTED]
    floating, int8 = folder / "float32.onnx", folder / "int8.onnx"
    export_tower(config, floating)
    quantised = quantise_linear(floating, int8, calibration, val_NHWC)
    ours_ND, float_ND = embeddings(int8, test_NHWC), embeddings(floating, test_NHWC)
    cosine_N, centre_D = cosines(ours_ND, float_ND), float_ND.mean(0)
    centred_N = cosines(ours_ND - centre_D, float_ND - centre_D)  # random towers see all pictures much alike
    one = test_NHWC[:1]
    ms = latencies_ms({"float": graph_run(floating, one), "int8": graph_run(int8, one)})
    return (
        f"float {ms['float']:.1f} ms, int8 {ms['int8']:.1f} ms: {ms['float'] / ms['int8']:.2f} times as fast; "
        f"cosine on {len(test_NHWC)} test pictures: mean {cosine_N.mean():.4f}, least {cosine_N.min():.4f}, "
        f"mean {centred_N.mean():.4f} about their common centre "
        f"(calibration: {quantised.method})"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vit_int8", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of labelled pictures, as for compress")
    chosen = parser.parse_args(arguments)
    console = Console()
    try:
        with tempfile.TemporaryDirectory() as folder:
            console.print(measure(chosen.data, Path(folder), CLIPVisionConfig()), highlight=False)
    except EdgevlError as error:
        console.print(str(error), markup=False)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
