"""A bundle against logistic regression on its teacher's pooled features, on the same test pictures.

    python -m benchmarks.against_probe --bundle bundles/spindle --data ../shared/data/spindle

The regression is the one the run fitted (OUT.work/1-teacher), with its own threshold from validation. Its map is the
class activation of Zhou et al. 2016, which for a linear layer on mean-pooled features is exact; a teacher that pools
otherwise has none. Prints macro-F1, AUROC and AUPRO of both, with intervals where there are some.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from compress.data.dataset import Dataset, read_dataset
from compress.data.images import read_image
from compress.data.pictures import Pictures, read_pictures
from compress.judge.answers import Answers, answer_graph
from compress.judge.evaluate import fit_rule, localise, score
from compress.teachers.probe import Probe, load_probe
from compress.teachers.teacher import Teacher, TeacherVision, load_teacher
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import InputSpec
from edge.errors import BundleError, EdgevlError
from edge.inspection.preprocess import model_input

Row = tuple[str, str, str, str]
_BATCH = 8


def rows(bundle: Bundle, data: Path, teacher_folder: Path) -> list[Row]:
    """The two rows of the table."""
    manifest = bundle.manifest
    dataset = read_dataset(data)
    val, test = (read_pictures(dataset, split, manifest.input) for split in ("val", "test"))
    graph = bundle.file(manifest.variant(manifest.default_variant).file)
    ours = [answer_graph(graph, pictures.image_NHWC) for pictures in (val, test)]
    theirs = _regression(bundle, teacher_folder, val, test)
    return [
        _row("logistic regression on the teacher", dataset, val, test, *theirs),
        _row(f"bundle ({manifest.default_variant})", dataset, val, test, *ours),
    ]


def _row(name: str, dataset: Dataset, val: Pictures, test: Pictures, on_val: Answers, on_test: Answers) -> Row:
    rule = fit_rule(dataset, val, on_val)
    found, ok_ng = score(dataset, test, on_test, rule)
    low_high = f"{found.macro_f1_interval.low:.3f} to {found.macro_f1_interval.high:.3f}"
    place = None if on_test.map_NHW is None else localise(test.samples, on_test.map_NHW).aupro
    return name, f"{found.macro_f1:.3f} ({low_high})", _told(ok_ng.auroc if ok_ng else None), _told(place)


def _told(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _regression(bundle: Bundle, teacher_folder: Path, val: Pictures, test: Pictures) -> list[Answers]:
    defects_K = np.flatnonzero([c.kind == "defect" for c in bundle.manifest.classes])
    file = bundle.path.with_name(bundle.path.name + ".work") / "1-teacher" / "probe.npz"
    if not file.is_file():
        raise BundleError(f"{file} is not there; make the bundle here with `edgevl compress`, which leaves it")
    probe, teacher = load_probe(file), load_teacher(str(teacher_folder))
    return [_answers(probe, teacher, pictures, defects_K) for pictures in (val, test)]


def _answers(probe: Probe, teacher: Teacher, pictures: Pictures, defects_K: NDArray[np.int64]) -> Answers:
    spec = InputSpec(teacher.preprocessing.height, teacher.preprocessing.width)
    prob, maps = [], []
    for start in range(0, len(pictures.samples), _BATCH):
        some = pictures.samples[start : start + _BATCH]
        pooled_ND, last_NCHW = _see(teacher.vision, np.stack([model_input(read_image(s.path), spec) for s in some]))
        prob.append(probe.prob(pooled_ND))
        if last_NCHW is not None:
            maps.append(_activation(probe, last_NCHW, prob[-1], defects_K))
    return Answers(np.concatenate(prob), np.concatenate(maps) if maps else None)


def _see(
    vision: TeacherVision, image_NHWC: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Pooled features of pictures, and the last grid where pooling is its mean."""
    with torch.inference_mode():
        out = vision.look(torch.from_numpy(image_NHWC).permute(0, 3, 1, 2).float())
        pooled_ND = vision.pooled(out).numpy()
    last = getattr(out, "last_hidden_state", None)
    if not isinstance(last, torch.Tensor) or last.dim() != 4:
        return pooled_ND, None
    grid_NCHW = last.numpy()
    means = grid_NCHW.shape[1] == pooled_ND.shape[1] and np.allclose(grid_NCHW.mean((2, 3)), pooled_ND, atol=1e-3)
    return pooled_ND, grid_NCHW if means else None


def _activation(
    probe: Probe, last_NCHW: NDArray[np.float32], prob_NK: NDArray[np.float32], defects_K: NDArray[np.int64]
) -> NDArray[np.float32]:
    """How much each place speaks for the likeliest defect against the mean of all classes, squashed to 0..1."""
    weight_CK = probe.weight_DK / probe.std_D[:, None]
    speaks_NKHW = np.einsum("nchw,ck->nkhw", last_NCHW, weight_CK - weight_CK.mean(1, keepdims=True))
    likeliest_N = defects_K[prob_NK[:, defects_K].argmax(1)]
    chosen_NHW = speaks_NKHW[np.arange(len(last_NCHW)), likeliest_N]
    return np.asarray(1 / (1 + np.exp(-chosen_NHW)), np.float32)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against_probe", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, default=Path("../shared/models/mobilenet_v2_imagenet"))
    chosen = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        found = rows(load_bundle(chosen.bundle), chosen.data, chosen.teacher)
    except EdgevlError as error:
        console.print(str(error), markup=False)
        return error.exit_code
    table = Table("", "macro-F1 (95 % interval)", "AUROC", "AUPRO", box=box.SIMPLE_HEAD)
    for row in found:
        table.add_row(*row)
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
