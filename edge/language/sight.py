"""What the decoder sees of a part: the visual tokens of the bundle's own encoder, of one region of a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.engines.ort import OrtEngine
from edge.geometry import Region
from edge.inspection.explain import Explainer
from edge.inspection.preprocess import model_input


class Sight:
    """The encoder once more, beside the verdict path and on one thread. One thread at a time.

    A bundle that cannot explain gives one token for the whole picture: the embedding that its verdicts come from.
    """

    def __init__(self, bundle: Bundle) -> None:
        """Raises BundleError or EngineError where the graph cannot be opened."""
        manifest = bundle.manifest
        self._input = manifest.input
        self._eye: Explainer | OrtEngine = (
            Explainer(bundle) if manifest.explain else OrtEngine(bundle, manifest.default_variant, threads=1)
        )

    @property
    def sees_places(self) -> bool:
        """Whether there is a token for each place, and not one for the whole picture."""
        return isinstance(self._eye, Explainer)

    def grid(self, tokens: int) -> tuple[int, int] | None:
        """Rows and columns of so many tokens; None where they are not places of the picture."""
        rows = round((tokens * self._input.height / self._input.width) ** 0.5)
        return (rows, tokens // rows) if self.sees_places and rows and tokens % rows == 0 else None

    def see(self, image_HWC: NDArray[np.uint8], region: Region | None = None) -> NDArray[np.float32]:
        """tokens_TC, row by row, of `region` (None: all) of a uint8 BGR frame. Raises EngineError."""
        if isinstance(self._eye, Explainer):
            return self._eye.explain(image_HWC, region).tokens_TC
        if region is not None:
            image_HWC = image_HWC[region.y : region.y + region.h, region.x : region.x + region.w]
        return self._eye.run(model_input(image_HWC, self._input)[None]).embedding_ND
