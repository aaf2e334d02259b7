"""Pictures of a simulated fixed camera: every part under the same light and in the same place, no two the same."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def scene(seed: int, height: int = 96, width: int = 128) -> NDArray[np.uint8]:
    """The same bright plate on the same ground; only its own grain and a few marks tell it from others. BGR."""
    random = np.random.default_rng(seed)
    ground = np.full((height, width), 60, np.float32)
    cv2.rectangle(ground, (12, 10), (width - 12, height - 10), 170, -1)
    cv2.circle(ground, (width // 3, height // 2), 14, 90, -1)
    grain = cv2.GaussianBlur(random.normal(0, 60, (height, width)).astype(np.float32), (0, 0), 2.0)
    for _ in range(6):
        x, y = int(random.integers(15, width - 15)), int(random.integers(13, height - 13))
        cv2.circle(ground, (x, y), int(random.integers(2, 6)), float(random.integers(20, 240)), -1)
    return np.repeat(np.clip(ground + grain, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
