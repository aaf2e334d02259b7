"""Run an engine: pictures up, `execute_async_v3`, outputs down, all on one stream."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle.load import Bundle
from edge.bundle.manifest import Manifest
from edge.engines.contract import TypeWords, check_contract, outputs_of
from edge.engines.engine import Outputs, joined
from edge.engines.tensorrt.library import Machine, cuda_runtime, tensorrt_bindings, this_machine
from edge.engines.tensorrt.logger import last_words, listening_logger
from edge.engines.tensorrt.memory import Stream, TwinBuffer
from edge.errors import EngineError

_WORDS = TypeWords(uint8="uint8", float32="float32")


class TensorRTEngine:
    """One engine file, deserialised. Raises EngineError where it is not what a bundle promises."""

    def __init__(self, bundle: Bundle, variant: str, file: Path) -> None:
        self._machine: Machine = this_machine()
        self._description = f"TensorRT {self._machine.tensorrt}, {self._machine.gpu}, {variant}"
        self._trt, self._cudart = tensorrt_bindings(), cuda_runtime()
        self._logger = listening_logger(self._trt)
        self._runtime: Any = None
        self._engine: Any = None
        self._stream: Stream | None = None
        self._lanes: tuple[_Lane, ...] = ()
        self._outputs = outputs_of(bundle.manifest)
        try:
            self._engine = self._deserialise(file)
            with _as_engine_error(self._logger):
                _check(self._trt, self._engine, bundle.manifest, file)
            self._stream = Stream(self._cudart)
            self._open_lanes(self._stream)
        except BaseException:
            self.close()
            raise

    @property
    def description(self) -> str:
        return self._description

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The largest batch of each profile."""
        return tuple(lane.largest for lane in self._lanes)

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        """Run model inputs, in several goes where there are more than the largest profile takes. Raises EngineError."""
        if self._stream is None:
            raise EngineError("the engine is closed")
        shape = self._lanes[0].image.host.shape[1:]
        if image_NHWC.dtype != np.uint8 or image_NHWC.shape[1:] != shape or len(image_NHWC) == 0:
            wanted = ", ".join(str(size) for size in ("N", *shape))
            raise EngineError(f"TensorRT takes uint8 ({wanted}), not {image_NHWC.dtype} {image_NHWC.shape}")
        most = self._lanes[-1].largest
        parts = [self._go(image_NHWC[start : start + most]) for start in range(0, len(image_NHWC), most)]
        return parts[0] if len(parts) == 1 else joined(parts)

    def close(self) -> None:
        lanes, self._lanes = self._lanes, ()
        for lane in lanes:
            lane.close()
        if self._stream is not None:
            self._stream.close()
        self._stream = self._engine = self._runtime = None

    def _go(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        assert self._stream is not None
        lane = next(lane for lane in self._lanes if len(image_NHWC) <= lane.largest)
        with _as_engine_error(self._logger):
            return lane.run(image_NHWC, self._stream)

    def _deserialise(self, file: Path) -> Any:
        try:
            plan = file.read_bytes()
        except OSError as error:
            raise EngineError(f"cannot read {file}: {error.strerror}; run `edgevl engine` again") from error
        with _as_engine_error(self._logger):
            self._runtime = self._trt.Runtime(self._logger)
            engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            words = last_words(self._logger, "it does not say why")
            raise EngineError(f"TensorRT cannot load {file}: {words}; run `edgevl engine` again")
        return engine

    def _open_lanes(self, stream: Stream) -> None:
        """One by one, so that `close` finds those that were opened where a later one fails."""
        with _as_engine_error(self._logger):
            for index in range(self._engine.num_optimization_profiles):
                self._lanes = (*self._lanes, _open_lane(self._engine, self._cudart, self._outputs, index, stream))
        self._lanes = tuple(sorted(self._lanes, key=lambda lane: lane.largest))


@dataclass(slots=True)
class _Lane:
    """A context tuned for one range of batch sizes, with memory for its largest; outputs in the contract's order."""

    context: Any
    largest: int
    image: TwinBuffer
    outputs: dict[str, TwinBuffer]

    def run(self, image_NHWC: NDArray[np.uint8], stream: Stream) -> Outputs:
        count = len(image_NHWC)
        np.copyto(self.image.host[:count], image_NHWC)
        _demand(self.context.set_input_shape("image", image_NHWC.shape), f"a batch of {count}")
        self.image.upload(count, stream)
        _demand(self.context.execute_async_v3(int(stream)), "the run")
        for buffer in self.outputs.values():
            buffer.download(count, stream)
        stream.wait()
        return Outputs(*(buffer.host[:count].copy() for buffer in self.outputs.values()))

    def close(self) -> None:
        for buffer in (self.image, *self.outputs.values()):
            buffer.close()
        self.context = None


def _open_lane(engine: Any, cudart: Any, names: tuple[str, ...], index: int, stream: Stream) -> _Lane:
    context = engine.create_execution_context()
    if context is None:
        raise EngineError("TensorRT has no memory for another context; close other programs or build smaller batches")
    _demand(context.set_optimization_profile_async(index, int(stream)), f"profile {index}")
    stream.wait()
    shape = tuple(engine.get_tensor_profile_shape("image", index)[2])
    _demand(context.set_input_shape("image", shape), f"a batch of {shape[0]}")
    buffers: dict[str, TwinBuffer] = {}
    try:
        buffers["image"] = TwinBuffer(cudart, shape, np.uint8)
        for name in names:
            buffers[name] = TwinBuffer(cudart, tuple(context.get_tensor_shape(name)), np.float32)
        for name, buffer in buffers.items():
            _demand(context.set_tensor_address(name, int(buffer.device)), f"the memory of {name}")
    except BaseException:
        for buffer in buffers.values():
            buffer.close()
        raise
    return _Lane(context, shape[0], buffers.pop("image"), buffers)


def _demand(done: bool, what: str) -> None:
    """Most calls only say False."""
    if not done:
        raise EngineError(f"TensorRT refused {what}")


@contextlib.contextmanager
def _as_engine_error(logger: Any) -> Iterator[None]:
    """What the bindings raise, in one sentence; our own errors with TensorRT's last words."""
    logger.errors.clear()
    try:
        yield
    except EngineError as error:
        if logger.errors:
            raise EngineError(f"{error}: {last_words(logger, '')}") from error
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise EngineError(f"TensorRT failed: {last_words(logger, str(error))}") from error


def _check(trt: Any, engine: Any, manifest: Manifest, file: Path) -> None:
    inputs: dict[str, tuple[str, tuple[object, ...]]] = {}
    outputs: dict[str, tuple[str, tuple[object, ...]]] = {}
    for index in range(engine.num_io_tensors):
        name = engine.get_tensor_name(index)
        shape = tuple(None if size < 0 else size for size in engine.get_tensor_shape(name))
        tensor = (np.dtype(trt.nptype(engine.get_tensor_dtype(name))).name, shape)
        is_input = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
        (inputs if is_input else outputs)[name] = tensor
    check_contract(inputs, outputs, manifest, _WORDS, file)
