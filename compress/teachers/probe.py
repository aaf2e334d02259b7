"""The teacher's opinion: logistic regression on its embedding, as strong as validation says it should be.

The linear probe is the usual measure of what an encoder knows (Radford et al. 2021, section 3.2); here it also
speaks for the teacher in distillation and stands for it in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True, slots=True)
class Probe:
    """Standardise, then a linear layer: logits = ((x - mean) / std) @ weight + bias."""

    mean_D: NDArray[np.float32]
    std_D: NDArray[np.float32]
    weight_DK: NDArray[np.float32]
    bias_K: NDArray[np.float32]

    def logits(self, pooled_ND: NDArray[np.float32]) -> NDArray[np.float32]:
        logits_NK = (pooled_ND - self.mean_D) / self.std_D @ self.weight_DK + self.bias_K
        return np.ascontiguousarray(logits_NK, np.float32)

    def prob(self, pooled_ND: NDArray[np.float32]) -> NDArray[np.float32]:
        logits_NK = self.logits(pooled_ND)
        exp_NK = np.exp(logits_NK - logits_NK.max(1, keepdims=True))
        return np.asarray(exp_NK / exp_NK.sum(1, keepdims=True), np.float32)


def fit_probe(
    train_ND: NDArray[np.float32],
    train_y: NDArray[np.int64],
    val_ND: NDArray[np.float32],
    val_y: NDArray[np.int64],
    num_classes: int,
) -> Probe:
    """Fit on train; the regularisation with the lowest log loss on validation is kept. One class alone is certain."""
    mean_D, std_D = train_ND.mean(0), train_ND.std(0) + 1e-6
    if num_classes == 1:
        return Probe(np.float32(mean_D), np.float32(std_D), np.zeros_like(mean_D)[:, None], np.zeros(1, np.float32))
    standard_train, standard_val = (train_ND - mean_D) / std_D, (val_ND - mean_D) / std_D
    fitted = [
        LogisticRegression(C=strength, max_iter=500, class_weight="balanced").fit(standard_train, train_y)
        for strength in _STRENGTHS
    ]
    best = min(fitted, key=lambda model: _log_loss(model, standard_val, val_y, num_classes))
    weight_DK, bias_K = _as_layer(best, num_classes)
    return Probe(np.float32(mean_D), np.float32(std_D), weight_DK, bias_K)


def save_probe(probe: Probe, file: Path) -> None:
    np.savez(file, mean=probe.mean_D, std=probe.std_D, weight=probe.weight_DK, bias=probe.bias_K)


def load_probe(file: Path) -> Probe:
    with np.load(file, allow_pickle=False) as saved:
        return Probe(saved["mean"], saved["std"], saved["weight"], saved["bias"])


def _log_loss(model: LogisticRegression, x_ND: NDArray[np.float32], y_N: NDArray[np.int64], num_classes: int) -> float:
    """scikit-learn's own refuses a class that training had no picture of; here it is merely very unlikely."""
    prob_NK = np.zeros((len(x_ND), num_classes))
    prob_NK[:, model.classes_] = model.predict_proba(x_ND)
    return float(-np.log(prob_NK[np.arange(len(y_N)), y_N] + 1e-9).mean())


def _as_layer(model: LogisticRegression, num_classes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The model as one column per class; scikit-learn keeps a single one where there are two classes."""
    weight_DK = np.zeros((model.coef_.shape[1], num_classes), np.float32)
    bias_K = np.full(num_classes, -20.0, np.float32)  # a class without training pictures is not expected
    if len(model.classes_) == 2:
        negative, positive = model.classes_
        weight_DK[:, positive], weight_DK[:, negative] = model.coef_[0] / 2, -model.coef_[0] / 2
        bias_K[positive], bias_K[negative] = model.intercept_[0] / 2, -model.intercept_[0] / 2
    else:
        weight_DK[:, model.classes_] = model.coef_.T
        bias_K[model.classes_] = model.intercept_
    return weight_DK, bias_K
