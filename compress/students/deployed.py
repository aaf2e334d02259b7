"""Deployed: a student as it ships, with the outputs that `edge.bundle` promises."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from compress.students.student_model import AnyStudent


class Deployed(nn.Module):
    """Camera bytes in; probabilities at the fitted temperature, a normalised embedding and a map of 0..1 out."""

    def __init__(self, student: AnyStudent, temperature: float) -> None:
        super().__init__()
        self.student = student.for_levels()
        self.temperature = temperature

    def forward(self, image_NHWC: Tensor) -> tuple[Tensor, ...]:
        """image_NHWC uint8 -> prob_NK, embedding_ND, map_NHW: the contract of `edge.bundle`."""
        return self.answers(self.layers(image_NHWC))

    def layers(self, image_NHWC: Tensor) -> list[Tensor]:
        levels_NCHW = image_NHWC.float().permute(0, 3, 1, 2)  # TensorRT takes uint8 into a Cast and nothing else
        return self.student.trunk(levels_NCHW)

    def answers(self, layers: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        logits_NK, embedding_ND, map_NHW = self.student.heads(layers)
        prob_NK = torch.softmax(logits_NK / self.temperature, dim=1)
        length_N1 = embedding_ND.square().sum(1, keepdim=True).sqrt() + 1e-12
        return prob_NK, embedding_ND / length_N1, torch.sigmoid(map_NHW)
