"""What good parts look like, learned from good parts and carried inside the graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from compress.good_parts.normality import (
    BankHead,
    Normality,
    NormalityHead,
    fit_normality,
    fit_patches,
    load_normality,
    save_normality,
)
from compress.students.export import deployed, export
from compress.students.student import Student, student_config
from edge.bundle.manifest import InputSpec
from edge.engines.contract import ANOMALY_OUTPUTS, OUTPUTS

SIZE = InputSpec(64, 80)


def _parts(count: int, seed: int, *, spotted: bool = False) -> NDArray[np.uint8]:
    """Striped parts, shifted at random; a spotted one has a dark square somewhere."""
    rng = np.random.default_rng(seed)
    column_W = np.arange(SIZE.width)
    images = []
    for _ in range(count):
        stripe_W = 128 + 60 * np.sin(2 * np.pi * (column_W + rng.integers(20)) / 20)
        image = np.tile(stripe_W[None, :, None], (SIZE.height, 1, 3)) + rng.normal(0, 6, (SIZE.height, SIZE.width, 3))
        if spotted:
            top, left = int(rng.integers(4, SIZE.height - 16)), int(rng.integers(4, SIZE.width - 16))
            image[top : top + 12, left : left + 12] = 20
        images.append(np.clip(image, 0, 255).astype(np.uint8))
    return np.stack(images)


@pytest.fixture(scope="module")
def student() -> Student:
    """Random weights: patch features of an untrained network tell a spot from stripes already."""
    torch.manual_seed(0)
    student = Student(student_config(SIZE, 12, 1)).train()
    for start in range(0, 32, 8):
        student(torch.from_numpy(_parts(8, 100 + start)))
    return student.eval()


@pytest.fixture(scope="module")
def normality(student: Student) -> Normality:
    return fit_normality(student, _parts(48, 0), _parts(16, 1), seed=0)


def test_parts_unlike_the_good_ones_score_higher_and_are_marked_where_they_are(
    student: Student, normality: Normality
) -> None:
    """Wherever the defect lies and however the pattern is shifted; scores and maps stay within 0..1."""
    model = deployed(student, 1.0, normality)
    pictures = np.concatenate([_parts(24, 2), _parts(24, 3, spotted=True)])
    with torch.inference_mode():
        *_, anomaly_N, map_Nhw = (output.numpy() for output in model(torch.from_numpy(pictures)))
    assert roc_auc_score([0] * 24 + [1] * 24, anomaly_N) > 0.98
    assert 0 <= map_Nhw.min() <= map_Nhw.max() <= 1
    dark_Nhw = (pictures[24:, :, :, 0] < 30).reshape(24, *map_Nhw.shape[1:2], 16, -1, 16).any((2, 4))
    assert np.mean([dark.flat[heat.argmax()] for dark, heat in zip(dark_Nhw, map_Nhw[24:], strict=True)]) > 0.8


def test_a_usual_good_part_scores_about_a_half(student: Student, normality: Normality) -> None:
    """Held-out good parts set the scale, so scores mean the same from product to product."""
    with torch.inference_mode():
        anomaly_N = deployed(student, 1.0, normality)(torch.from_numpy(_parts(16, 4)))[3].numpy()
    assert 0.4 < np.median(anomaly_N) < 0.75


def test_the_graph_answers_as_torch_does(student: Student, normality: Normality, tmp_path: Path) -> None:
    """All five outputs of the contract, for any batch."""
    export(student, 1.5, tmp_path / "m.onnx", normality)
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    names = OUTPUTS + ANOMALY_OUTPUTS
    assert tuple(o.name for o in session.get_outputs()) == names
    for pictures in (_parts(1, 5), _parts(5, 6, spotted=True)):
        with torch.inference_mode():
            expected = deployed(student, 1.5, normality)(torch.from_numpy(pictures))
        for got, wanted in zip(session.run(names, {"image": pictures}), expected, strict=True):
            assert np.allclose(got, wanted.numpy(), atol=2e-4)


def test_distances_are_to_the_nearest_of_the_bank() -> None:
    """Held against the definition, computed the plain way; the mean over the draws."""
    rng = np.random.default_rng(0)
    good_MC, held_out_MC = (rng.normal(size=(count, 20)).astype(np.float32) for count in (3000, 300))
    (found,) = fit_patches([good_MC], [held_out_MC], 0).banks
    patch_MC = rng.normal(size=(40, 20)).astype(np.float32)
    z_MD = (patch_MC - found.mean_C) @ found.whiten_CD
    plain_M = np.mean([np.sqrt(np.square(z_MD[:, None] - b_KD[None]).sum(2).min(1)) for b_KD in found.bank_BKD], axis=0)
    with torch.inference_mode():
        got_M = BankHead(found)(torch.from_numpy(patch_MC).T[None, :, :, None])[0, :, 0]
    assert np.allclose(got_M.numpy(), plain_M, atol=1e-3)


def test_it_is_stored_as_plain_arrays(normality: Normality, tmp_path: Path) -> None:
    """What comes back from the file is bit by bit what went in."""
    save_normality(normality, tmp_path / "n.safetensors")
    back = load_normality(tmp_path / "n.safetensors")
    for ours, theirs in zip(back.banks, normality.banks, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours.arrays, theirs.arrays, strict=True))
        assert ours.midpoint == pytest.approx(theirs.midpoint)


def test_few_pictures_are_enough_to_begin(student: Student) -> None:
    """Two good parts give fewer patches than the bank has room for; it is then as large as they are."""
    (found,) = fit_normality(student, _parts(2, 0), _parts(1, 1), seed=0).banks
    assert found.bank_BKD.shape[1] <= 40
    assert all(np.isfinite(array).all() for array in found.arrays)


def test_every_layer_has_its_own_bank_and_an_equal_say() -> None:
    """The mean of the layers' distances, each in units of its usual one, whatever their scale."""
    rng = np.random.default_rng(1)
    good = [rng.normal(size=(2000, 12)).astype(np.float32), 50 * rng.normal(size=(2000, 8)).astype(np.float32)]
    found = fit_patches(good, [layer[:200] + 0.5 * layer.std() for layer in good], 0)
    grids = [torch.from_numpy(layer[:64].T.copy()).view(1, -1, 8, 8) for layer in good]
    with torch.inference_mode():
        anomaly_N, map_Nhw = NormalityHead(found)(grids)
        each = [BankHead(bank)(grid) / bank.midpoint for bank, grid in zip(found.banks, grids, strict=True)]
    mean_hw = (each[0] + each[1])[0] / 2
    assert torch.allclose(map_Nhw[0], mean_hw / (mean_hw + 1))
    assert float(anomaly_N[0]) == pytest.approx(float(map_Nhw.flatten().topk(2).values.mean()), abs=1e-3)
