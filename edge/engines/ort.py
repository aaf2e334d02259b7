"""ONNX Runtime: the engine that runs everywhere, on the CPU or on what its build offers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.bundle.manifest import Manifest
from edge.engines.contract import TypeWords, check_contract, outputs_of
from edge.engines.engine import Outputs
from edge.errors import EngineError

_WORDS = TypeWords(uint8="tensor(uint8)", float32="tensor(float)")

# From the fastest to the one that is always there.
PROVIDERS = (
    "TensorrtExecutionProvider",
    "CUDAExecutionProvider",
    "OpenVINOExecutionProvider",
    "CPUExecutionProvider",
)

# More threads than this do not pay for one small picture at a time, and the line needs cores of its own.
_MOST_THREADS = 4


def available_providers() -> tuple[str, ...]:
    """Those of PROVIDERS that the installed ONNX Runtime was built with, best first."""
    built_in = onnxruntime.get_available_providers()
    return tuple(p for p in PROVIDERS if p in built_in)


def default_threads() -> int:
    """As many as this process may use cores, up to a few."""
    return max(1, min(len(os.sched_getaffinity(0)), _MOST_THREADS))


class OrtEngine:
    """One session over one variant. Raises EngineError where the graph is not what a bundle promises."""

    def __init__(
        self, bundle: Bundle, variant: str, *, provider: str = "CPUExecutionProvider", threads: int = 0
    ) -> None:
        threads = threads or default_threads()
        file = bundle.file(bundle.manifest.variant(variant).file)
        self._session = _open_session(file, provider, threads)
        _check_graph(self._session, bundle.manifest, file)
        self._outputs = outputs_of(bundle.manifest)
        place = provider.removesuffix("ExecutionProvider")
        count = f"{threads} thread{'s' if threads > 1 else ''}"
        self._description = f"ONNX Runtime {onnxruntime.__version__}, {place}, {count}, {variant}"

    @property
    def description(self) -> str:
        return self._description

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        """Run model inputs. Raises EngineError, whatever the session raised."""
        if self._session is None:
            raise EngineError("the engine is closed")
        try:
            answers = self._session.run(self._outputs, {"image": image_NHWC})
        except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
            raise EngineError(f"ONNX Runtime failed on a frame: {_first_line(error)}") from error
        return Outputs(*answers)

    def close(self) -> None:
        self._session = None


def _open_session(file: Path, provider: str, threads: int) -> Any:
    """A session that does run on `provider`: left alone, ONNX Runtime falls back to the CPU and warns."""
    providers = [provider] if provider == "CPUExecutionProvider" else [provider, "CPUExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(str(file), session_options(threads), providers=providers)
    except Exception as error:  # as above
        raise EngineError(f"ONNX Runtime cannot load {file}: {_first_line(error)}") from error
    if session.get_providers()[0] != provider:
        raise EngineError(f"ONNX Runtime could not start {provider}; its libraries or its driver are missing")
    return session


def session_options(threads: int) -> Any:
    """So many threads, quiet, and asleep while there is nothing to do."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # its warnings are for those who make the graph; errors come as exceptions
    # Measured on two cores, 224 px net, 30 frames/s, two threads: spinning gains 1.5 ms of 3.2 ms a frame,
    # but burns 37 ms of CPU time for each instead of 3.4 ms, and the line has other threads that need it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _check_graph(session: Any, manifest: Manifest, file: Path) -> None:
    inputs, outputs = (
        {t.name: (t.type, tuple(t.shape)) for t in tensors} for tensors in (session.get_inputs(), session.get_outputs())
    )
    check_contract(inputs, outputs, manifest, _WORDS, file)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
