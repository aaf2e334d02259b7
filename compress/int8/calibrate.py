"""Calibrate: the range of every tensor that is to be quantised, from real training pictures.

Activations are never kept: two passes over the pictures in small batches, the first for the extremes, the second
for a histogram of each tensor. Memory is bounded by one batch whatever the number of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from compress.data.dataset import Dataset
from compress.data.images import read_image
from compress.data.pictures import Pictures, read_pictures
from compress.errors import DataError
from compress.int8.qdq import Range
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input

_BINS = 2048
_BATCH = 8
_LEAST = 1e-6  # of a range: a tensor may be zero all over
_LEVELS = 128  # what eight bits keep apart on either side of zero
_KEPT = 0.9999  # of all values, by the percentile method
_CHECKED = 8  # pictures compared with their files


@dataclass(frozen=True, slots=True)
class Histogram:
    """The extremes (lowest <= 0 <= highest), and how often |value| fell into each of _BINS bins from 0 to `largest`."""

    lowest: float
    highest: float
    count_B: NDArray[np.int64]

    @property
    def largest(self) -> float:
        return max(-self.lowest, self.highest, _LEAST)

    def up_to(self, limit: float) -> Range:
        """What was seen of the values up to `limit` on either side of zero."""
        return Range(max(self.lowest, -limit), min(self.highest, limit))


def calibration_pictures(dataset: Dataset, spec: InputSpec, count: int, seed: int) -> Pictures:
    """About `count` training pictures, as many of each class, read as the device would see them."""
    train = dataset.of("train")
    names = [c.name for c in dataset.classes]
    label_N = np.array([names.index(s.class_name) for s in train], np.int64)
    chosen = tuple(train[i] for i in balanced_choice(label_N, count, seed))
    return read_pictures(replace(dataset, samples=chosen), "train", spec)


def balanced_choice(label_N: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Indices of about `count` pictures, as many of each class as there are, up to an equal share."""
    rng = np.random.default_rng(seed)
    classes = np.unique(label_N)
    share = max(1, count // len(classes))
    chosen = [rng.permutation(np.flatnonzero(label_N == c))[:share] for c in classes]
    return np.sort(np.concatenate(chosen))


def require_real(pictures: Pictures) -> None:
    """Refuse what is not training pictures as read from their files: ranges of noise fit no line. Raises DataError."""
    samples, image_NHWC = pictures.samples, pictures.image_NHWC
    if not samples or len(samples) != len(image_NHWC):
        raise DataError("calibration needs training pictures of a data set; take them with calibration_pictures()")
    spec = InputSpec(*image_NHWC.shape[1:3])
    for sample in samples:
        if sample.split != "train":
            raise DataError(f"{sample.path} is in {sample.split}; calibrate on training pictures only")
    for index in np.linspace(0, len(samples) - 1, min(_CHECKED, len(samples))).astype(int):
        sample = samples[index]
        if not np.array_equal(model_input(read_image(sample.path), spec), image_NHWC[index]):
            raise DataError(
                f"the calibration picture {sample.name} is not what its file {sample.path} holds;"
                " calibrate on real pictures, taken with calibration_pictures()"
            )


def observe(model: onnx.ModelProto, tensors: Sequence[str], image_NHWC: NDArray[np.uint8]) -> dict[str, Histogram]:
    """A histogram of each named tensor of a float graph over pictures (uint8 N x H x W x 3)."""
    session = _session(model, tensors)
    lowest = dict.fromkeys(tensors, 0.0)
    highest = dict.fromkeys(tensors, 0.0)
    for name, value in _values(session, tensors, image_NHWC):
        lowest[name] = min(lowest[name], float(value.min()))
        highest[name] = max(highest[name], float(value.max()))
    seen = {name: Histogram(lowest[name], highest[name], np.zeros(_BINS, np.int64)) for name in tensors}
    for name, value in _values(session, tensors, image_NHWC):
        counts = np.histogram(np.abs(value), bins=_BINS, range=(0.0, seen[name].largest))[0]
        np.add(seen[name].count_B, counts, out=seen[name].count_B)
    return seen


def minmax(seen: Histogram) -> Range:
    """Everything that was seen."""
    return seen.up_to(seen.largest)


def percentile(seen: Histogram) -> Range:
    """All but the largest one in ten thousand."""
    share_B = np.cumsum(seen.count_B) / seen.count_B.sum()
    kept = int(np.searchsorted(share_B, _KEPT)) + 1
    return seen.up_to(seen.largest * min(kept, _BINS) / _BINS)


def entropy(seen: Histogram) -> Range:
    """The limit at which quantised values keep most of what the values tell: least KL divergence (Migacz 2017).

    The first bin counts as the second: it holds the zeros a ReLU leaves, which every limit keeps exactly.
    """
    levels = _LEVELS if seen.lowest < 0 else 2 * _LEVELS
    count_B = seen.count_B.copy()
    count_B[0] = count_B[1]
    limits = range(levels, _BINS + 1, levels // 4)
    best = min(limits, key=lambda bins: _divergence(count_B, bins, levels))
    return seen.up_to(seen.largest * best / _BINS)


METHODS: Mapping[str, Callable[[Histogram], Range]] = {
    "minmax": minmax,
    "percentile": percentile,
    "entropy": entropy,
}


def _divergence(count_B: NDArray[np.int64], bins: int, levels: int) -> float:
    """KL divergence of the first bins, in `levels` steps, from the same with all beyond clipped into the last."""
    kept = count_B[:bins].astype(np.float64)
    target = kept.copy()
    target[-1] += count_B[bins:].sum()
    step = np.arange(bins) * levels // bins
    filled = kept > 0
    per_step = np.bincount(step[filled], kept[filled], levels) / np.maximum(np.bincount(step[filled], None, levels), 1)
    quantised = np.where(filled, per_step[step], 0.0)
    if not quantised.any():
        return np.inf
    p, q = target / target.sum(), quantised / quantised.sum()
    told = p > 0
    return float((p[told] * np.log(p[told] / np.maximum(q[told], 1e-12))).sum())


def _session(model: onnx.ModelProto, tensors: Sequence[str]) -> onnxruntime.InferenceSession:
    """The graph with its inner tensors as outputs."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    del watched.graph.output[:]
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in tensors)
    return onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])


def _values(
    session: onnxruntime.InferenceSession, tensors: Sequence[str], image_NHWC: NDArray[np.uint8]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Each tensor's values, batch by batch."""
    (taken,) = session.get_inputs()
    for start in range(0, len(image_NHWC), _BATCH):
        values = session.run(list(tensors), {taken.name: image_NHWC[start : start + _BATCH]})
        yield from zip(tensors, values, strict=True)
