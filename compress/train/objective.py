"""The loss of one batch, as if all processes' batches were one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor

from compress.train.batches import Batch
from compress.train.learner import Learner, Seen
from compress.train.losses import class_loss, info_nce, sigmoid_loss
from compress.train.processes import everyones, gathered
from compress.train.sentences import Sentences


@dataclass(frozen=True, slots=True)
class Objective:
    """Class loss, and for a dual encoder the loss between pictures and sentences beside it.

    weight_K: what a picture of each class counts. sentences: None for a teacher that only sees.
    """

    weight_K: Tensor
    sentences: Sentences | None

    def texts(self, batch: Batch) -> list[str]:
        """What is said of a batch's pictures."""
        if self.sentences is None:
            return []
        return [self.sentences.texts[i] for i in batch.sentence_N.tolist()]

    def __call__(self, accelerator: Accelerator, learner: Learner, batch: Batch) -> Tensor:
        seen: Seen = learner(batch.image_NHWC, self.texts(batch))
        loss = class_loss(seen.logits_NK, batch.label_N, self.weight_K.to(batch.label_N.device))
        if self.sentences is None:
            return loss
        return loss + self._contrast(accelerator, seen, batch, self.sentences)

    def _contrast(self, accelerator: Accelerator, seen: Seen, batch: Batch, sentences: Sentences) -> Tensor:
        """Every process computes the whole batch's loss, with gradients into its own rows."""
        assert seen.image_ND is not None
        assert seen.text_ND is not None
        assert seen.scale is not None
        image_ND, text_ND = everyones(accelerator, seen.image_ND), everyones(accelerator, seen.text_ND)
        same_NN = sentences.same(gathered(accelerator, batch.label_N), gathered(accelerator, batch.sentence_N))
        if seen.bias is None:
            return info_nce(image_ND, text_ND, seen.scale, same_NN)
        return sigmoid_loss(image_ND, text_ND, seen.scale, seen.bias, same_NN)


def class_weights(labels: tuple[int, ...], num_classes: int) -> Tensor:
    """One over a class's share of the pictures, so that the mean over pictures is 1; 0 for a class without any."""
    count_K = torch.bincount(torch.tensor(labels), minlength=num_classes)
    present = int((count_K > 0).sum())
    return torch.where(count_K > 0, len(labels) / (present * count_K.clamp(min=1)), torch.zeros(()))
