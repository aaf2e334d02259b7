"""A student's answers in torch; apart from `compress.judge.answers`, which a machine without torch imports too."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from compress.good_parts.normality import Normality
from compress.judge.answers import Answers, in_batches
from compress.students.export import deployed
from compress.students.student_model import AnyStudent


def answer_torch(
    student: AnyStudent, temperature: float, image_NHWC: NDArray[np.uint8], normality: Normality | None = None
) -> Answers:
    """Run a student in torch over pictures, as it would be exported."""
    model = deployed(student, temperature, normality)

    def run(batch_NHWC: NDArray[np.uint8]) -> tuple[NDArray[np.float32], ...]:
        with torch.inference_mode():
            prob, _, *rest = model(torch.from_numpy(batch_NHWC))
        return tuple(output.numpy() for output in (prob, *rest))

    return in_batches(run, image_NHWC)
