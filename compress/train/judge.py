"""How well a teacher tells the classes apart: by a linear probe on its embedding, and by sentences alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from compress.data.dataset import Sample
from compress.data.images import read_image
from compress.judge.metrics import Classification, classification
from compress.progress import Reporter
from compress.teachers.dual import DualEncoder, embed_text
from compress.teachers.orientation import allowed_turns
from compress.teachers.probe import Probe
from compress.teachers.teacher import Teacher
from compress.teachers.views import View
from compress.train.batches import still_batches
from compress.train.checkpoint import EpochScore
from compress.train.learner import ClassHead
from compress.train.sentences import Sentences
from edge.bundle.manifest import InputSpec
from edge.inspection.preprocess import model_input

_TURNED_PICTURES = 64  # each is looked at once per turn


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a teacher makes of one split. zero_shot: from sentences alone; None for a teacher without text."""

    probe: Classification
    zero_shot: Classification | None


@dataclass(frozen=True, slots=True)
class Judge:
    """Looks with a teacher at pictures as they are, in float32, spread over the processes."""

    accelerator: Accelerator
    teacher: Teacher
    dual: DualEncoder | None
    sentences: Sentences | None
    class_names: tuple[str, ...]
    batch: int
    reporter: Reporter

    def embed(self, samples: Sequence[Sample], title: str) -> NDArray[np.float32]:
        """N x D, the same on every process."""
        size = InputSpec(self.teacher.preprocessing.height, self.teacher.preprocessing.width)
        loader = self.accelerator.prepare_data_loader(still_batches(samples, size, self.batch))
        self.teacher.vision.eval()
        found = []
        with self.reporter.bar(title, len(samples)) as advance, torch.no_grad():
            for batch in loader:
                pooled_ND = self.teacher.vision(batch.image_NHWC)[0].float()
                found.append(self.accelerator.gather_for_metrics(pooled_ND).cpu().numpy())
                advance(len(found[-1]))
        return np.concatenate(found)

    def turns(self, samples: Sequence[Sample], seed: int) -> tuple[int, ...]:
        """How pictures may be turned in training, from some of them (see `compress.teachers.orientation`)."""
        size = InputSpec(self.teacher.preprocessing.height, self.teacher.preprocessing.width)
        chosen = np.random.default_rng(seed).permutation(len(samples))[:_TURNED_PICTURES]
        pictures = [View(model_input(read_image(samples[i].path), size), None) for i in chosen]

        def embed(views: list[View]) -> NDArray[np.float32]:
            images = [torch.from_numpy(model_input(view.image_HWC, size)) for view in views]
            parts = [torch.stack(images[i : i + self.batch]) for i in range(0, len(images), self.batch)]
            with torch.no_grad():
                seen = [self.teacher.vision(part.to(self.accelerator.device))[0].float() for part in parts]
            return torch.cat(seen).cpu().numpy()

        return allowed_turns(pictures, [samples[i].group for i in chosen], embed)

    def score(self, epoch: int, train_loss: float | None, head: ClassHead, val: Sequence[Sample]) -> EpochScore:
        """The class head and the sentences on validation pictures."""
        pooled_ND = self.embed(val, "validation")
        label_N = self.labels(val)
        head.eval()
        with torch.no_grad():
            device = head.linear.weight.device
            logits_NK = head(torch.from_numpy(pooled_ND).to(device)).cpu()
        loss = torch.nn.functional.cross_entropy(logits_NK, torch.from_numpy(label_N))
        said_NK = self.sentence_logits(pooled_ND)
        return EpochScore(
            epoch=epoch,
            train_loss=train_loss,
            head=_macro_f1(label_N, logits_NK.numpy()),
            zero_shot=None if said_NK is None else _macro_f1(label_N, said_NK),
            loss=float(loss),
        )

    def opinion(self, probe: Probe, pooled_ND: NDArray[np.float32], samples: Sequence[Sample]) -> Opinion:
        """The probe and the sentences on pictures that were embedded before."""
        said_NK = self.sentence_logits(pooled_ND)
        return Opinion(
            probe=self._scored(probe.prob(pooled_ND), samples),
            zero_shot=None if said_NK is None else self._scored(said_NK, samples),
        )

    def sentence_logits(self, pooled_ND: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Cosine to the mean embedding of each class's sentences (Radford et al. 2021, section 3.1.4)."""
        if self.dual is None or self.sentences is None:
            return None
        with torch.no_grad():
            means = [embed_text(self.dual, texts).mean(0) for texts in self.sentences.class_texts()]
        class_KD = torch.nn.functional.normalize(torch.stack(means), dim=1).cpu().numpy()
        image_ND = pooled_ND / np.maximum(np.linalg.norm(pooled_ND, axis=1, keepdims=True), 1e-12)
        return np.asarray(image_ND @ class_KD.T, np.float32)

    def labels(self, samples: Sequence[Sample]) -> NDArray[np.int64]:
        return np.array([self.class_names.index(s.class_name) for s in samples], np.int64)

    def _scored(self, score_NK: NDArray[np.float32], samples: Sequence[Sample]) -> Classification:
        return classification(score_NK, self.labels(samples), self.class_names, [s.group for s in samples])


def _macro_f1(label_N: NDArray[np.int64], score_NK: NDArray[np.float32]) -> float:
    """Over the classes that have pictures here, as in `compress.judge.metrics`."""
    present = np.unique(label_N)
    return float(f1_score(label_N, score_NK.argmax(1), labels=present, average="macro", zero_division=0.0))
