"""Keeps the exporter and the calibrator from talking over our own lines."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

_EXPORTER = "torch.onnx"  # reports that torchvision is absent, once an operator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """While open, warnings, the exporter's log and what is printed to standard output go nowhere; errors still raise."""
    logger = logging.getLogger(_EXPORTER)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
