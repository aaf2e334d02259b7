"""The teacher's opinion of every training view, computed once and kept on disk.

One picture's views are in memory at a time; what is kept is memory-mapped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compress.data.dataset import Dataset, Sample
from compress.data.images import read_image
from compress.data.masks import cell_shares, defect_mask
from compress.good_parts.pseudo_defects import spoil
from compress.progress import Reporter
from compress.teachers.hints import Projection, fit_projection
from compress.teachers.orientation import allowed_turns
from compress.teachers.teacher import Teacher
from compress.teachers.teacher_runner import Runner, open_runner
from compress.teachers.views import View, make_view
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input

_BATCH = 8
_SPOILING = 1_000_003  # a stream of random numbers of its own, apart from the views'
_PCA_PICTURES = 256
_TURNED_PICTURES = 96


@dataclass(frozen=True, slots=True)
class Features:
    """What the student learns from; M views, memory-mapped.

    image_MHWC uint8 at the student's input size; label_M class index; sample_M index into the train samples;
    pooled_MD float32, the teacher's embedding; middle_MCHW and deep_MCHW float16, the teacher's patch features on
    the student's last grid, decorrelated to HINT_DIM; map_MHW float16, the share of each cell that is defect, NaN
    where nobody knows; val_pooled_ND, the teacher's embedding of the validation pictures; turns, how pictures may be
    turned (`compress.teachers.orientation`).
    """

    image_MHWC: NDArray[np.uint8]
    label_M: NDArray[np.int64]
    sample_M: NDArray[np.int64]
    pooled_MD: NDArray[np.float32]
    middle_MCHW: NDArray[np.float16]
    deep_MCHW: NDArray[np.float16]
    map_MHW: NDArray[np.float16]
    val_pooled_ND: NDArray[np.float32]
    turns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grids:
    """The student's geometry: input size, last feature grid, and defect map, in pixels and cells."""

    input: InputSpec
    hint: tuple[int, int]
    map: tuple[int, int]


def write_features(
    folder: Path,
    teacher: Teacher,
    dataset: Dataset,
    grids: Grids,
    views: int,
    seed: int,
    reporter: Reporter,
    *,
    spoilt: bool = False,
) -> None:
    """Run the teacher over `views` views of every training picture and over the validation pictures.

    spoilt: every second view gets made-up defects.
    """
    run = open_runner(teacher, folder / "teacher.onnx", reporter)
    train, val = dataset.of("train"), dataset.of("val")
    middle, deep = _fit_projections(run, teacher, train, seed)
    turns = _allowed_turns(run, teacher, train, seed)
    np.save(folder / "turns.npy", np.array(turns, np.int64))
    store = _Store.create(folder, teacher, grids, len(train) * views, (middle, deep))
    with reporter.bar("teacher looks at the images", len(train) + len(val)) as advance:
        names = [c.name for c in dataset.classes]
        for index, sample in enumerate(train):
            picture = load_picture(sample)
            batch = [make_view(picture, v, (seed, index), turns) for v in range(views)]
            if spoilt:
                batch = _every_second_spoilt(batch, train, (seed, index))
            store.add(run, batch, names.index(sample.class_name), index)
            advance()
        pooled = list(_pooled_of(run, teacher, val, advance))
    np.save(folder / "val_pooled.npy", np.concatenate(pooled))
    store.close()
    (folder / "teacher.onnx").unlink(missing_ok=True)


def _every_second_spoilt(views: list[View], train: tuple[Sample, ...], seed: tuple[int, ...]) -> list[View]:
    rng = np.random.default_rng((*seed, _SPOILING))
    donor_HWC = read_image(train[int(rng.integers(len(train)))].path)
    return [spoil(view, donor_HWC, rng) if number % 2 else view for number, view in enumerate(views)]


def read_features(folder: Path) -> Features:
    """Map what `write_features` left."""

    def load(name: str) -> Any:
        return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    return Features(
        image_MHWC=load("image"),
        label_M=load("label"),
        sample_M=load("sample"),
        pooled_MD=load("pooled"),
        middle_MCHW=load("middle"),
        deep_MCHW=load("deep"),
        map_MHW=load("map"),
        val_pooled_ND=load("val_pooled"),
        turns=tuple(load("turns").tolist()),
    )


def teacher_embeddings(
    teacher: Teacher, samples: tuple[Sample, ...], folder: Path, reporter: Reporter
) -> NDArray[np.float32]:
    """The teacher's embedding of each sample as it is: float32, N x D."""
    run = open_runner(teacher, folder / "teacher.onnx", reporter)
    with reporter.bar("teacher looks at the test images", len(samples)) as advance:
        found = list(_pooled_of(run, teacher, samples, advance))
    (folder / "teacher.onnx").unlink(missing_ok=True)
    return np.concatenate(found)


def load_picture(sample: Sample) -> View:
    """The picture with its defect mask, where the labels say where."""
    image = read_image(sample.path)
    return View(image, defect_mask(sample, image.shape[0], image.shape[1]))


def _teacher_sized(teacher: Teacher, image_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return model_input(image_HWC, InputSpec(teacher.preprocessing.height, teacher.preprocessing.width))


def _teacher_input(teacher: Teacher, views: list[View]) -> NDArray[np.uint8]:
    spec = InputSpec(teacher.preprocessing.height, teacher.preprocessing.width)
    return np.stack([model_input(v.image_HWC, spec) for v in views])


def _pooled_of(
    run: Runner, teacher: Teacher, samples: tuple[Sample, ...], advance: Callable[[int], None]
) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(samples), _BATCH):
        some = samples[start : start + _BATCH]
        yield run(_teacher_input(teacher, [View(read_image(s.path), None) for s in some]))[0]
        advance(len(some))


def _fit_projections(
    run: Runner, teacher: Teacher, train: tuple[Sample, ...], seed: int
) -> tuple[Projection, Projection]:
    """Principal axes of the patch features of some training pictures, taken as they are."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(train))[:_PCA_PICTURES]
    middle, deep = [], []
    for start in range(0, len(chosen), _BATCH):
        views = [View(read_image(train[i].path), None) for i in chosen[start : start + _BATCH]]
        _, m, d = run(_teacher_input(teacher, views))
        middle.append(m)
        deep.append(d)
    return fit_projection(np.concatenate(middle)), fit_projection(np.concatenate(deep))


def _allowed_turns(run: Runner, teacher: Teacher, train: tuple[Sample, ...], seed: int) -> tuple[int, ...]:
    """How pictures may be turned, from some training pictures."""
    chosen = np.random.default_rng(seed).permutation(len(train))[:_TURNED_PICTURES]
    pictures = [View(_teacher_sized(teacher, read_image(train[i].path)), None) for i in chosen]

    def embed(views: list[View]) -> NDArray[np.float32]:
        batches = [views[i : i + _BATCH] for i in range(0, len(views), _BATCH)]
        return np.concatenate([run(_teacher_input(teacher, batch))[0] for batch in batches])

    return allowed_turns(pictures, [train[i].group for i in chosen], embed)


@dataclass(slots=True)
class _Store:
    """Fills the memory-mapped arrays in order; holds one picture's views in memory at a time."""

    arrays: dict[str, np.memmap[Any, Any]]
    teacher: Teacher
    grids: Grids
    projections: tuple[Projection, Projection]
    filled: int = 0

    @classmethod
    def create(
        cls,
        folder: Path,
        teacher: Teacher,
        grids: Grids,
        count: int,
        projections: tuple[Projection, Projection],
    ) -> _Store:
        hints = [p.dim for p in projections]
        shapes = {
            "image": (np.uint8, (grids.input.height, grids.input.width, 3)),
            "label": (np.int64, ()),
            "sample": (np.int64, ()),
            "pooled": (np.float32, (teacher.dim,)),
            "middle": (np.float16, (hints[0], *grids.hint)),
            "deep": (np.float16, (hints[1], *grids.hint)),
            "map": (np.float16, grids.map),
        }
        arrays = {
            name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, (count, *shape))
            for name, (dtype, shape) in shapes.items()
        }
        return cls(arrays, teacher, grids, projections)

    def add(self, run: Runner, views: list[View], label: int, sample: int) -> None:
        pooled, middle, deep = run(_teacher_input(self.teacher, views))
        here = slice(self.filled, self.filled + len(views))
        self.arrays["image"][here] = [model_input(v.image_HWC, self.grids.input) for v in views]
        self.arrays["label"][here] = label
        self.arrays["sample"][here] = sample
        self.arrays["pooled"][here] = pooled
        self.arrays["middle"][here] = self.projections[0](middle, self.grids.hint)
        self.arrays["deep"][here] = self.projections[1](deep, self.grids.hint)
        self.arrays["map"][here] = [coverage(v, self.grids.map) for v in views]
        self.filled += len(views)

    def close(self) -> None:
        for array in self.arrays.values():
            array.flush()


def coverage(view: View, size: tuple[int, int]) -> NDArray[np.float32]:
    """The share of each map cell that is defect; NaN where nobody marked the place."""
    if view.mask_HW is None:
        return np.full(size, np.nan, np.float32)
    return cell_shares(view.mask_HW, *size)
