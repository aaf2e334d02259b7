"""Calibration: real pictures only, streamed, and each method keeps what it promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from compress.errors import DataError
from compress.int8.calibrate import (
    Histogram,
    balanced_choice,
    calibration_pictures,
    entropy,
    minmax,
    observe,
    percentile,
    require_real,
)
from tests.compress.tiny_graph import SPEC, TinyGraph, make_tiny_graph


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyGraph:
    return make_tiny_graph(tmp_path_factory.mktemp("tiny"))


def _seen(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Histogram:
    lowest, highest = min(0.0, float(values.min())), float(values.max())
    return Histogram(lowest, highest, np.histogram(np.abs(values), 2048, (0, np.abs(values).max()))[0])


def test_calibration_pictures_are_balanced(tiny: TinyGraph) -> None:
    """As many of each class, of the training split only."""
    pictures = calibration_pictures(tiny.dataset, SPEC, 8, seed=1)
    assert np.bincount(pictures.label_N).tolist() == [4, 4]
    assert {s.split for s in pictures.samples} == {"train"}
    label_N = np.array([0] * 90 + [1] * 5, np.int64)
    chosen = balanced_choice(label_N, 20, seed=3)
    assert np.bincount(label_N[chosen]).tolist() == [10, 5]
    assert np.array_equal(chosen, balanced_choice(label_N, 20, seed=3))


def test_random_pictures_are_refused(tiny: TinyGraph) -> None:
    """Noise under a real sample's name is not what the file holds; the sentence names the file."""
    noise = np.random.default_rng(0).integers(0, 256, tiny.calibration.image_NHWC.shape, dtype=np.uint8)
    with pytest.raises(DataError, match=r"is not what its file .* holds; calibrate on real pictures"):
        require_real(replace(tiny.calibration, image_NHWC=noise))
    with pytest.raises(DataError, match="needs training pictures"):
        require_real(replace(tiny.calibration, samples=()))


def test_pictures_of_other_splits_are_refused(tiny: TinyGraph) -> None:
    """Ranges fitted on validation would make its figures too good."""
    with pytest.raises(DataError, match="is in val; calibrate on training pictures only"):
        require_real(tiny.val)


def test_streamed_histograms_see_every_value(tiny: TinyGraph) -> None:
    """Over several batches they hold the extremes and the counts of all values at once."""
    model, image_NHWC = onnx.load(tiny.file), tiny.calibration.image_NHWC
    seen = observe(model, ("relu", "relu_1"), image_NHWC)
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info("relu", onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (all_at_once,) = session.run(None, {"image": image_NHWC})
    assert seen["relu"].largest == pytest.approx(float(all_at_once.max()), rel=1e-5)
    assert seen["relu"].count_B.sum() == all_at_once.size
    assert seen["relu"].lowest == 0


def test_min_max_keeps_an_outlier_and_the_others_cut_it() -> None:
    """One value in a hundred thousand at a hundred times the rest."""
    values = np.abs(np.random.default_rng(0).normal(0, 1, 100_000))
    values[0] = 400.0
    assert minmax(_seen(values)).high == 400.0
    assert percentile(_seen(values)).high < 8
    assert entropy(_seen(values)).high < 60


def test_entropy_keeps_most_of_a_bell_curve() -> None:
    """It cuts the thin tail, never the body, on one side of zero or on both, with many zeros or none."""
    values = np.random.default_rng(0).normal(0, 1, 200_000)
    for some in (values, np.abs(values), np.maximum(values, 0)):
        found = entropy(_seen(some))
        assert 2.5 < found.high <= np.abs(some).max()
        assert found.low == pytest.approx(max(-found.high, some.min()), rel=0.05, abs=1e-4)


def test_a_tensor_of_zeros_has_a_scale() -> None:
    """All zero, as behind a dead ReLU: every method gives a scale above zero."""
    dead = Histogram(0.0, 0.0, np.eye(1, 2048, dtype=np.int64)[0] * 10)
    for method in (minmax, percentile, entropy):
        scale, _ = method(dead).scale_and_zero("uint8")
        assert scale > 0
