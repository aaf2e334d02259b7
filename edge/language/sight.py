"""What the decoder sees of a part: the visual tokens of the bundle's own encoder, of one region of a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.engines.aside import open_aside
from edge.errors import EngineError
from edge.inspection.preprocess import model_input
from edge.messages import Region

TOKENS = "tokens"
_INSTEAD = "embedding"  # of bundles that cannot explain: one token for the whole picture


class Sight:
    """The encoder once more, beside the verdict path and on one thread. One thread at a time."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises BundleError where the graph cannot be opened."""
        self._input = bundle.manifest.input
        variant = bundle.manifest.variant(bundle.manifest.default_variant)
        file = bundle.file(bundle.manifest.explain or variant.file)
        self._session = open_aside(file)
        names = [output.name for output in self._session.get_outputs()]
        self._output = TOKENS if TOKENS in names else _INSTEAD

    @property
    def sees_places(self) -> bool:
        """Whether there is a token for each place, and not one for the whole picture."""
        return self._output == TOKENS

    def grid(self, tokens: int) -> tuple[int, int] | None:
        """Rows and columns of so many tokens; None where they are not places of the picture."""
        rows = round((tokens * self._input.height / self._input.width) ** 0.5)
        return (rows, tokens // rows) if self.sees_places and rows and tokens % rows == 0 else None

    def see(self, image_HWC: NDArray[np.uint8], region: Region | None = None) -> NDArray[np.float32]:
        """tokens_TC, row by row, of `region` (None: all) of a uint8 BGR frame. Raises EngineError."""
        if region is not None:
            image_HWC = image_HWC[region.y : region.y + region.h, region.x : region.x + region.w]
        try:
            (seen,) = self._session.run([self._output], {"image": model_input(image_HWC, self._input)[None]})
        except Exception as error:  # as above
            raise EngineError(f"the encoder failed on a picture to describe: {str(error).splitlines()[0]}") from error
        return np.asarray(seen, np.float32).reshape(-1, seen.shape[-1])
