"""Keeps the exporter and the calibrator from talking over our own lines."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

# That torchvision is absent, what they do not fold: once an operator.
_TALKERS = ("torch.onnx", "onnxscript", "onnx_ir", "onnxruntime.quantization")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """While open, warnings, their logs and what is printed to standard output go nowhere; errors still raise."""
    levels = {logger: logger.level for logger in map(logging.getLogger, _TALKERS)}
    for logger in levels:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


@contextlib.contextmanager
def keep_root_logger() -> Iterator[None]:
    """For the import of a library that sets up logging for the whole program: what it did there is undone."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
