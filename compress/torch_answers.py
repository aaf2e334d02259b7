"""A student's answers in torch; apart from `compress.answers`, which a machine without torch imports too."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from compress.answers import Answers, in_batches
from compress.student import Deployed, Student


def answer_torch(student: Student, temperature: float, image_NHWC: NDArray[np.uint8]) -> Answers:
    """Run a student in torch over pictures, as it would be exported."""
    deployed = Deployed(student, temperature).eval()

    def run(batch_NHWC: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        with torch.inference_mode():
            prob, _, defect_map = deployed(torch.from_numpy(batch_NHWC))
        return prob.numpy(), defect_map.numpy()

    return in_batches(run, image_NHWC)
