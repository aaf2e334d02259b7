"""What a bundle's model looked at, beside the verdict path: its own encoder once more, with what the verdict needs not.

The graph `explain` of a bundle (float32, opset <= 20):

    input   image    uint8   [N, H, W, 3]  BGR, as `edge.inspection.preprocess.model_input` makes it
    output  prob     float32 [N, K]        as the verdict's graphs
    output  tokens   float32 [N, T, C]     the last grid of features, row by row: what a decoder attends to
    output  cam      float32 [N, h, w]     0..1, how loudly each place speaks for the likeliest class

The map `cam` needs no places in the training data; the defect map of the verdict does, and is better where it had some.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.engines.aside import open_aside
from edge.errors import BundleError, EngineError
from edge.geometry import Region
from edge.inspection.preprocess import model_input

_OUTPUTS = ("prob", "tokens", "cam")


@dataclass(frozen=True, slots=True)
class Explanation:
    """All float32. tokens_TC: the places row by row. cam_HW: 0..1, over the region that was asked about."""

    prob_K: NDArray[np.float32]
    tokens_TC: NDArray[np.float32]
    cam_HW: NDArray[np.float32]


class Explainer:
    """Opens the graph on one thread. One thread at a time."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises BundleError where the bundle has no such graph, or it cannot be opened."""
        if bundle.manifest.explain is None:
            raise BundleError(
                f"the bundle {bundle.path} was made before bundles could explain; make it again with `edgevl compress`"
            )
        file = bundle.file(bundle.manifest.explain)
        self._input = bundle.manifest.input
        self._session = open_aside(file)

    def explain(self, image_HWC: NDArray[np.uint8], region: Region | None = None) -> Explanation:
        """Of `region` (None: all) of a uint8 BGR frame. Raises EngineError."""
        if region is not None:
            image_HWC = image_HWC[region.y : region.y + region.h, region.x : region.x + region.w]
        image_NHWC = model_input(image_HWC, self._input)[None]
        try:
            prob_NK, tokens_NTC, cam_NHW = self._session.run(_OUTPUTS, {"image": image_NHWC})
        except Exception as error:  # as above
            raise EngineError(f"the explaining graph failed on a picture: {str(error).splitlines()[0]}") from error
        return Explanation(prob_NK[0], tokens_NTC[0], cam_NHW[0])


def overlay(
    image_HWC: NDArray[np.uint8], map_HW: NDArray[np.float32], region: Region, strength: float = 0.55
) -> NDArray[np.uint8]:
    """The frame (uint8 BGR) under a map (float32, 0..1) of `region`: the hotter a place, the redder and the denser."""
    heat_HW = cv2.resize(np.clip(map_HW, 0, 1), (region.w, region.h), interpolation=cv2.INTER_LINEAR)
    colour_HWC = cv2.applyColorMap((heat_HW * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    weight_HW1 = (strength * heat_HW)[:, :, None]
    shown_HWC: NDArray[np.uint8] = image_HWC.copy()
    window = np.s_[region.y : region.y + region.h, region.x : region.x + region.w]
    mixed_HWC = shown_HWC[window] * (1 - weight_HW1) + colour_HWC * weight_HW1
    shown_HWC[window] = np.clip(mixed_HWC, 0, 255).astype(np.uint8)
    return shown_HWC
