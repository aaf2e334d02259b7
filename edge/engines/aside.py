"""Graphs of a bundle that run beside the verdict path: on one thread, for whoever reports, explains and searches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from edge.engines.ort import session_options
from edge.errors import BundleError


def open_aside(file: Path) -> Any:
    """An ONNX Runtime session on one thread of the CPU. Raises BundleError where the file cannot be opened."""
    try:
        return onnxruntime.InferenceSession(str(file), session_options(1), providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
        raise BundleError(f"{file} cannot be opened: {str(error).splitlines()[0]}; copy the bundle again") from error
