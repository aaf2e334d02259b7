"""TensorRT's own words: its errors are kept, so that a sentence can quote them."""

from __future__ import annotations

from typing import Any


def listening_logger(trt: Any) -> Any:
    """A `trt.ILogger` that keeps errors in `errors`. Defined here, because its base exists once TensorRT is loaded."""

    class Listening(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)  # TensorRT refuses a logger whose base was not initialised
            self.errors: list[str] = []

        def log(self, severity: Any, msg: str) -> None:
            if severity == trt.ILogger.ERROR or severity == trt.ILogger.INTERNAL_ERROR:
                self.errors.append(msg)

    return Listening()


def last_words(logger: Any, otherwise: str) -> str:
    """The last error as one line."""
    return " ".join(logger.errors[-1].split()) if logger.errors else otherwise
