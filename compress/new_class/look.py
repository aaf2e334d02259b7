"""Pictures through a bundle's default variant: their embeddings, and what the bundle says of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compress.data.images import read_image
from compress.data.readers.found import Split
from compress.data.reading import Reading
from compress.data.samples import Sample
from compress.errors import DataError
from compress.new_class.known import Known, learn_known
from compress.progress import Reporter
from edge.bundle.load import Bundle
from edge.engines.choose import open_engine
from edge.engines.engine import Engine
from edge.engines.golden import golden_frames
from edge.inspection.inspector import Inspector
from edge.inspection.preprocess import model_input

_SPLITS: tuple[Split, Split] = ("train", "val")


def embeddings(bundle: Bundle, engine: Engine, paths: Sequence[Path], reporter: Reporter) -> NDArray[np.float32]:
    """float32 N x D, one picture at a time as on the line."""
    found = np.empty((len(paths), bundle.manifest.embedding_dim), np.float32)
    if not paths:
        return found
    with reporter.bar("looking at pictures", len(paths)) as advance:
        for row, path in enumerate(paths):
            image_HWC = model_input(read_image(path), bundle.manifest.input)
            found[row] = engine.run(image_HWC[None]).embedding_ND[0]
            advance()
    return found


def known_from(bundle: Bundle, engine: Engine, data: Path, reading: Reading, reporter: Reporter) -> Known:
    """The known classes by pictures: those for training say where they lie, those for validation are held out."""
    dataset = reading.read(data, 0, reporter=reporter)
    (train_ND, train_N), (held_out_ND, held_out_N) = (
        _labelled(bundle, engine, dataset.of(split), reporter) for split in _SPLITS
    )
    return learn_known(train_ND, train_N, held_out_ND, held_out_N)


def _labelled(
    bundle: Bundle, engine: Engine, samples: Sequence[Sample], reporter: Reporter
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Embeddings and class numbers of the pictures of the bundle's classes."""
    names = [spec.name for spec in bundle.manifest.classes]
    ours = [sample for sample in samples if sample.class_name in names]
    if not ours:
        raise DataError("the data holds too few pictures of the bundle's classes; give --data it was made from")
    embedding_ND = embeddings(bundle, engine, [sample.path for sample in ours], reporter)
    return embedding_ND, np.array([names.index(sample.class_name) for sample in ours], np.int64)


def default_engine(bundle: Bundle) -> closing[Engine]:
    """The default variant on one thread of the CPU, to be closed. Raises EngineError where golden answers differ."""
    return closing(open_engine(bundle, bundle.manifest.default_variant, threads=1, place="cpu").engine)


def named_among_golden(bundle: Bundle, engine: Engine, name: str) -> tuple[int, int]:
    """How many golden frames, all of known classes, the bundle calls `name`; and how many there are."""
    inspector, frames_NHWC = Inspector(bundle, engine), golden_frames(bundle)
    return sum(_called(inspector, image_HWC, name) for image_HWC in frames_NHWC), len(frames_NHWC)


def named_among(bundle: Bundle, engine: Engine, paths: Sequence[Path], name: str) -> int:
    """How many pictures the bundle calls `name`."""
    inspector = Inspector(bundle, engine)
    return sum(_called(inspector, read_image(path), name) for path in paths)


def _called(inspector: Inspector, image_HWC: NDArray[np.uint8], name: str) -> bool:
    return inspector.inspect(image_HWC, check_quality=False).decided.class_name == name
