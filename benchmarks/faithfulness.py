"""Do the maps show what the model goes by, and where the defects are? Against labelled places, and against the model.

    python -m benchmarks.faithfulness --bundle bundles/neu --data ../shared/data/neu

On the defective test pictures whose places are labelled, for the defect map, the class activation map
(`edge.inspection.explain`) and two maps that know nothing (the middle of the picture; places drawn at random):

pointing    Zhang et al. 2016: how often the map's highest place lies on a labelled one
IoU         of the places above a threshold with the labelled ones; the threshold fitted on validation, for each map
deletion    Petsiuk et al. 2018 (RISE): the class's probability while the map's highest places are blurred away, one
            after the other, as an area from 0 to 1; lower is better
insertion   the same while they come back into a blurred picture; higher is better

Then Adebayo et al. 2018: how much the class activation map still resembles itself (rank correlation) once the weights
that read the class, and then all weights, are drawn anew. A map that stays the same shows the picture, not the model.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import spearmanr

from compress.data.dataset import Sample
from compress.data.images import read_image
from compress.data.masks import defect_mask
from compress.data.reading import Reading
from edge.bundle.load import Bundle, load_bundle
from edge.errors import BundleError, EdgevlError
from edge.inspection.preprocess import model_input

Map = NDArray[np.float32]
MapOf = Callable[[NDArray[np.uint8]], Map]
_STEPS = 16
_LEVELS = np.linspace(0.1, 0.9, 17)
_BLUR = 0.15  # of the picture's side: what is left has no texture


@dataclass(frozen=True, slots=True)
class Part:
    """A model input (uint8 BGR) with its labelled places at the same size."""

    image_HWC: NDArray[np.uint8]
    truth_HW: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one map over all parts."""

    pointing: float
    iou: float
    level: float
    deletion: float
    insertion: float


class Model:
    """The bundle's verdict graph for the defect map, and the explaining one for the rest."""

    def __init__(self, bundle: Bundle, explain: Path) -> None:
        variant = bundle.manifest.variant(bundle.manifest.default_variant)
        self._verdict = _session(bundle.file(variant.file))
        self._explain = _session(explain)

    def defect_map(self, image_HWC: NDArray[np.uint8]) -> Map:
        return np.asarray(self._verdict.run(["map"], {"image": image_HWC[None]})[0][0], np.float32)

    def cam(self, image_HWC: NDArray[np.uint8]) -> Map:
        return np.asarray(self._explain.run(["cam"], {"image": image_HWC[None]})[0][0], np.float32)

    def prob(self, image_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._explain.run(["prob"], {"image": image_NHWC})[0], np.float32)


def main() -> None:
    options = _options()
    bundle = load_bundle(options.bundle)
    if bundle.manifest.explain is None:
        raise BundleError(f"{options.bundle} has no explaining graph; make it again with `edgevl compress`")
    model = Model(bundle, bundle.file(bundle.manifest.explain))
    dataset = Reading().read(options.data, seed=0)
    val, test = (_parts(dataset.of(split), bundle, options.pictures) for split in ("val", "test"))
    if not test or not val:
        raise EdgevlError(
            f"{options.data} labels no places of defects in val and test, so there is nothing to hold maps to"
        )
    maps: dict[str, MapOf] = {
        "defect map": model.defect_map,
        "class activation": model.cam,
        "middle of the picture": _middle,
        "at random": _Random(),
    }
    table = Table("", "pointing", "IoU", "deletion", "insertion", title=f"{len(test)} test pictures of {options.data}")
    for name, map_of in maps.items():
        found = _measured(model, map_of, val, test, name)
        table.add_row(
            name, f"{found.pointing:.3f}", f"{found.iou:.3f} (above {found.level:.2f})",
            f"{found.deletion:.3f}", f"{found.insertion:.3f}",
        )  # fmt: skip
    console = Console()
    console.print(table)
    for what, alike in _resemblance(bundle, model, test).items():
        console.print(f"class activation map with {what} drawn anew: rank correlation with itself {alike:+.3f}")


def _parts(samples: Sequence[Sample], bundle: Bundle, most: int) -> list[Part]:
    """The defective ones whose places are known, evenly over the split."""
    able = [sample for sample in samples if sample.kind == "defect" and sample.localised]
    chosen = [able[i] for i in np.linspace(0, len(able) - 1, min(most, len(able))).astype(int)] if able else []
    parts = []
    spec = bundle.manifest.input
    for sample in chosen:
        image_HWC = read_image(sample.path)
        truth_HW = defect_mask(sample, *image_HWC.shape[:2])
        assert truth_HW is not None
        size = (spec.width, spec.height)
        truth_HW = cv2.resize(truth_HW.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
        parts.append(Part(model_input(image_HWC, spec), truth_HW))
    return parts


def _measured(
    model: Model, map_of: Callable[[NDArray[np.uint8]], Map], val: list[Part], test: list[Part], name: str
) -> Figures:
    fine = [_fine(map_of(part.image_HWC), part) for part in val]
    by_level = [
        np.mean([_iou(map_HW >= level, p.truth_HW) for map_HW, p in zip(fine, val, strict=True)]) for level in _LEVELS
    ]
    level = float(_LEVELS[int(np.argmax(by_level))])
    hits, ious, deletions, insertions = [], [], [], []
    for part in track(test, name, console=Console(stderr=True), transient=True):
        map_HW = _fine(map_of(part.image_HWC), part)
        hits.append(bool(part.truth_HW[np.unravel_index(int(map_HW.argmax()), map_HW.shape)]))
        ious.append(_iou(map_HW >= level, part.truth_HW))
        deletion, insertion = _curves(model, part, map_HW)
        deletions.append(deletion)
        insertions.append(insertion)
    pointing, iou, deletion, insertion = (float(np.mean(one)) for one in (hits, ious, deletions, insertions))
    return Figures(pointing, iou, level, deletion, insertion)


def _curves(model: Model, part: Part, map_HW: Map) -> tuple[float, float]:
    """Areas under the likeliest class's probability while places go, and while they come."""
    image_HWC = part.image_HWC
    side = round(_BLUR * min(image_HWC.shape[:2]))
    blurred_HWC = cv2.GaussianBlur(image_HWC, (0, 0), max(2, side))
    order_HW = np.argsort(np.argsort(-map_HW, axis=None)).reshape(map_HW.shape) / map_HW.size
    gone = [(order_HW < step / _STEPS)[:, :, None] for step in range(_STEPS + 1)]
    without_NHWC = np.stack([np.where(mask, blurred_HWC, image_HWC) for mask in gone])
    only_NHWC = np.stack([np.where(mask, image_HWC, blurred_HWC) for mask in gone])
    likeliest = int(model.prob(image_HWC[None])[0].argmax())
    return tuple(float(np.trapezoid(model.prob(x)[:, likeliest], dx=1 / _STEPS)) for x in (without_NHWC, only_NHWC))  # type: ignore[return-value]


def _resemblance(bundle: Bundle, model: Model, test: list[Part]) -> dict[str, float]:
    """Mean rank correlation of the map with itself, once weights are drawn anew."""
    assert bundle.manifest.explain is not None
    file = bundle.file(bundle.manifest.explain)
    parts = test[:64]
    before = [model.cam(part.image_HWC).ravel() for part in parts]
    found = {}
    for what, picked in (("the weights that read the class", _reads_class), ("all weights", lambda _name: True)):
        session = onnxruntime.InferenceSession(_drawn_anew(file, picked), providers=["CPUExecutionProvider"])
        after = [session.run(["cam"], {"image": part.image_HWC[None]})[0][0].ravel() for part in parts]
        alike = [spearmanr(a, b).statistic for a, b in zip(before, after, strict=True) if np.ptp(a) and np.ptp(b)]
        found[what] = float(np.mean(alike)) if alike else 0.0
    return found


def _reads_class(name: str) -> bool:
    return "classify" in name


def _drawn_anew(file: Path, picked: Callable[[str], bool]) -> bytes:
    """The graph with those weights from a normal distribution of their own mean and spread."""
    model = onnx.load(file)
    rng = np.random.default_rng(0)
    changed = 0
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype != np.float32 or value.ndim < 2 or not picked(tensor.name):
            continue
        drawn = rng.normal(value.mean(), value.std(), value.shape).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(drawn, tensor.name))
        changed += 1
    if not changed:
        raise EdgevlError(f"{file} has no such weights to draw anew")
    return bytes(model.SerializeToString())


def _fine(map_HW: Map, part: Part) -> Map:
    height, width = part.truth_HW.shape
    return np.asarray(cv2.resize(map_HW, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _iou(found_HW: NDArray[np.bool_], truth_HW: NDArray[np.bool_]) -> float:
    return float((found_HW & truth_HW).sum() / max(1, (found_HW | truth_HW).sum()))


def _middle(image_HWC: NDArray[np.uint8]) -> Map:
    height, width = (np.linspace(-1, 1, side) for side in image_HWC.shape[:2])
    return np.exp(-2 * (height[:, None] ** 2 + width[None] ** 2)).astype(np.float32)


class _Random:
    """Eight places by eight, another draw for each picture."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)

    def __call__(self, _image_HWC: NDArray[np.uint8]) -> Map:
        return self._rng.random((8, 8), dtype=np.float32)


def _session(file: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faithfulness", description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=449, help="at most so many of each split")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except EdgevlError as error:
        sys.exit(f"error: {error}")
