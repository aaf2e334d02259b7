"""Do words find a new class for a teacher that only sees? A map from a sentence encoder to its pictures, measured.

Two classes at a time are taken for new. The map (ridge regression; one point a class, there are no more) is learned
from what the other classes are called and their mean embeddings. Where it sends the two classes' sentences, pictures
of them are told apart by the same rule as `edgevl classes add`: 0.5 is chance.
"""

from __future__ import annotations

import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.new_class_parts.making import sentence_encoder
from benchmarks.new_class_parts.sentences import SENTENCES
from compress.data.dataset import Dataset, Split
from compress.new_class.fit import covariance
from compress.new_class.known import Known, learn_known
from compress.progress import Reporter
from compress.teachers.features import teacher_embeddings
from compress.teachers.teacher import load_teacher

_PENALTIES = (0.1, 1.0)  # of the mean square of the sentences about their middle


def print_words(vision: Path, dataset: Dataset, reporter: Reporter, console: Console) -> None:
    """The share of test pictures sent to the right one of two classes that were taken for new."""
    teacher = load_teacher(str(vision))
    names = sorted(SENTENCES)
    with tempfile.TemporaryDirectory() as folder:
        splits = {}
        for split in _SPLITS:
            samples = dataset.of(split)
            pooled_ND = teacher_embeddings(teacher, samples, Path(folder), reporter)
            label_N = np.array([names.index(sample.class_name) for sample in samples], np.int64)
            splits[split] = (pooled_ND / np.linalg.norm(pooled_ND, axis=1, keepdims=True), label_N)
    said_KD = _said(names)
    table = Table("penalty", "mean of pairs", "lowest", "highest", title=f"two new classes of {len(names)}, by words")
    for penalty in _PENALTIES:
        shares = [_told(pair, said_KD, splits["train"], splits["test"], penalty) for pair in combinations(range(6), 2)]
        table.add_row(f"{penalty:g}", f"{np.mean(shares):.2f}", f"{min(shares):.2f}", f"{max(shares):.2f}")
    console.print(table)


_SPLITS: tuple[Split, Split] = ("train", "test")
_Labelled = tuple[NDArray[np.float32], NDArray[np.int64]]


def _told(
    pair: tuple[int, int], said_KD: NDArray[np.float64], train: _Labelled, test: _Labelled, penalty: float
) -> float:
    of_known_N = ~np.isin(train[1], pair)
    known = learn_known(train[0][of_known_N], train[1][of_known_N], *test)
    first_D, second_D = (_mapped(said_KD[k], said_KD[known.label_K], known, penalty) for k in pair)
    weight_D = np.linalg.solve(covariance(known), first_D - second_D)
    leaning_N = test[0] @ weight_D - 0.5 * weight_D @ (first_D + second_D)
    right = [(leaning_N[test[1] == pair[0]] > 0).mean(), (leaning_N[test[1] == pair[1]] < 0).mean()]
    return float(np.mean(right))


def _mapped(
    own_D: NDArray[np.float64], said_KD: NDArray[np.float64], known: Known, penalty: float
) -> NDArray[np.float64]:
    words_D, middle_D = said_KD.mean(0), known.mean_KD.mean(0)
    apart_KD = said_KD - words_D
    alike_KK = apart_KD @ apart_KD.T
    ridge_KK = alike_KK + penalty * np.trace(alike_KK) / len(alike_KK) * np.eye(len(alike_KK))
    share_K = np.linalg.solve(ridge_KK, apart_KD @ (own_D - words_D))
    mapped_D: NDArray[np.float64] = middle_D + share_K @ (known.mean_KD - middle_D)
    return mapped_D


def _said(names: list[str]) -> NDArray[np.float64]:
    """Each class's sentences and name, as the encoder's authors pool them: the mean over words, of length 1."""
    folder = sentence_encoder()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    rows = []
    for name in names:
        words = [*SENTENCES[name], name.replace("_", " ").replace("-", " ")]
        tokens = tokenizer(words, padding=True, return_tensors="pt")
        with torch.inference_mode():
            hidden_SLD = model(**tokens).last_hidden_state
        mask_SL1 = tokens["attention_mask"][..., None]
        pooled_SD = torch.nn.functional.normalize((hidden_SLD * mask_SL1).sum(1) / mask_SL1.sum(1), dim=1)
        rows.append(pooled_SD.mean(0).numpy().astype(np.float64))
    said_KD = np.stack(rows)
    return np.asarray(said_KD / np.linalg.norm(said_KD, axis=1, keepdims=True))
