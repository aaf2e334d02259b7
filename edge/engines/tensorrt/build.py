"""Build an engine through TensorRT's Python bindings.

Written for 10.3 (JetPack 6) and 11: only names that both have, so nothing asks for the version. Precision lies in
the ONNX graph (Cast and Q/DQ nodes), and the network is strongly typed, so TensorRT keeps to it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from edge.bundle.manifest import InputSpec
from edge.engines.tensorrt.files import read_bytes, write_atomically
from edge.engines.tensorrt.logger import last_words, listening_logger
from edge.engines.tensorrt.progress import BuildCancelledError, BuildWatcher, progress_monitor
from edge.errors import EngineError


@dataclass(frozen=True, slots=True)
class BuildJob:
    """What to build. batch_sizes: ascending from 1; one optimisation profile each. workspace_mb: 0 is all there is."""

    onnx: Path
    input: InputSpec
    batch_sizes: tuple[int, ...]
    timing_cache: Path
    workspace_mb: int = 0

    def profiles(self) -> tuple[tuple[int, int], ...]:
        """Smallest and largest batch of each profile, the largest being what it is tuned for: (1, 1), (2, 8)."""
        return tuple((before + 1, size) for before, size in pairwise((0, *self.batch_sizes)))


def build_plan(trt: Any, job: BuildJob, watcher: BuildWatcher, cancel: threading.Event) -> bytes:
    """The serialised engine. Keeps what was timed in `job.timing_cache`, also where the build was stopped.

    Raises EngineError in TensorRT's words, and BuildCancelledError once `cancel` was set.
    """
    logger = listening_logger(trt)
    try:
        builder = trt.Builder(logger)
        network = builder.create_network(_strongly_typed(trt))
        _parse(trt, network, logger, job.onnx)
        config = _configure(trt, builder, job)
        config.progress_monitor = progress_monitor(trt, watcher, cancel)
        plan = builder.build_serialized_network(network, config)
        _keep_timing_cache(config, job.timing_cache)
    except (TypeError, RuntimeError) as error:  # what the bindings raise where TensorRT gives nothing
        raise EngineError(f"TensorRT cannot start: {last_words(logger, str(error))}") from error
    if cancel.is_set():
        raise BuildCancelledError("the build was stopped; what was timed so far is kept, so the next one is quicker")
    if plan is None:
        raise EngineError(f"TensorRT could not build {job.onnx}: {last_words(logger, 'it does not say why')}")
    return bytes(plan)


def _strongly_typed(trt: Any) -> int:
    """10.3 needs the flag, 11 knows no other network; its bit differs, and may go one day."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _parse(trt: Any, network: Any, logger: Any, onnx: Path) -> None:
    parser = trt.OnnxParser(network, logger)
    if parser.parse_from_file(str(onnx)):
        return
    said = [parser.get_error(index).desc() for index in range(parser.num_errors)]
    reason = " ".join(said[-1].split()) if said else last_words(logger, "it does not say why")
    raise EngineError(
        f"TensorRT cannot read {onnx}: {reason}; it takes uint8 pictures into a Cast only and int8 with zero point 0"
        " only, so build for another variant, or make the bundle again"
    )


def _configure(trt: Any, builder: Any, job: BuildJob) -> Any:
    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)  # on by default: it would take bits from what the graph says is float32
    if job.workspace_mb:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, job.workspace_mb * 2**20)
    for smallest, largest in job.profiles():
        profile = builder.create_optimization_profile()
        shapes = [(count, job.input.height, job.input.width, 3) for count in (smallest, largest, largest)]
        profile.set_shape("image", *shapes)
        if config.add_optimization_profile(profile) < 0:
            raise EngineError(f"TensorRT takes no profile for {smallest} to {largest} pictures; choose other batches")
    _use_timing_cache(config, job.timing_cache)
    return config


def _use_timing_cache(config: Any, file: Path) -> None:
    """The kept one; a new one where there is none or TensorRT does not take it, as one of another GPU."""
    for content in (read_bytes(file), b""):
        cache = config.create_timing_cache(content)
        if cache is not None and config.set_timing_cache(cache, False):  # False: never one of another device
            return


def _keep_timing_cache(config: Any, file: Path) -> None:
    cache = config.get_timing_cache()
    content = None if cache is None else cache.serialize()
    if content is not None:
        write_atomically(file, bytes(content))
