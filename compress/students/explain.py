"""Explain: a student beside the verdict path, which says what it looked at and what of it made the class.

The map is computed inside the graph (see `compress.students.spoken`), so that the device needs no gradients.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from compress.students.student_model import AnyStudent

OUTPUTS = ("prob", "tokens", "cam")


class Explaining(nn.Module):
    """Camera bytes in; probabilities, the last grid place by place, and the likeliest class's map out."""

    def __init__(self, student: AnyStudent, temperature: float) -> None:
        super().__init__()
        self.student = student.for_levels()
        self.temperature = temperature

    def forward(self, image_NHWC: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """image_NHWC uint8 -> prob_NK, tokens_NTC (row by row), cam_Nhw in 0..1 (1 at the place that spoke loudest)."""
        layers = self.student.trunk(image_NHWC.float().permute(0, 3, 1, 2))
        logits_NK, _, _ = self.student.heads(layers)
        spoken_Nhw = torch.relu(self.student.class_map(layers, logits_NK.argmax(1)))
        loudest_N11 = spoken_Nhw.amax((1, 2), keepdim=True) + 1e-12
        tokens_NTC = self.student.hints(layers)[1].flatten(2).transpose(1, 2)
        return torch.softmax(logits_NK / self.temperature, dim=1), tokens_NTC, spoken_Nhw / loudest_N11
