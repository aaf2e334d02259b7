"""Memory that CUDA copies from and to: pinned on the host, with its twin on the device."""

from __future__ import annotations

import contextlib
import ctypes
import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edge.engines.tensorrt.library import checked
from edge.errors import EngineError


class Stream:
    """A CUDA stream. `int(stream)` is its handle, as TensorRT takes it."""

    def __init__(self, cudart: Any) -> None:
        self._cudart = cudart
        (self._stream,) = checked(cudart, cudart.cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking))

    def __int__(self) -> int:
        return int(self._stream)

    def wait(self) -> None:
        """Until all that was queued is done."""
        checked(self._cudart, self._cudart.cudaStreamSynchronize(self._stream))

    def close(self) -> None:
        with contextlib.suppress(EngineError):  # a failed device fails here again
            checked(self._cudart, self._cudart.cudaStreamDestroy(self._stream))


class TwinBuffer:
    """One tensor of at most `shape` (the first axis counts pictures): `host` as an array, `device` as an address."""

    def __init__(self, cudart: Any, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._cudart = cudart
        kind = np.dtype(dtype)
        self._row_bytes = math.prod(shape[1:]) * kind.itemsize
        size = shape[0] * self._row_bytes
        (self._address,) = checked(cudart, cudart.cudaHostAlloc(size, cudart.cudaHostAllocDefault))
        try:
            (self.device,) = checked(cudart, cudart.cudaMalloc(size))
        except EngineError:
            cudart.cudaFreeHost(self._address)
            raise
        memory = (ctypes.c_uint8 * size).from_address(int(self._address))
        self.host: NDArray[Any] = np.ctypeslib.as_array(memory).view(kind).reshape(shape)

    def upload(self, rows: int, stream: Stream) -> None:
        """Queue the first `rows` to the device."""
        kind = self._cudart.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._copy(int(self.device), int(self._address), rows, kind, stream)

    def download(self, rows: int, stream: Stream) -> None:
        """Queue the first `rows` to the host."""
        kind = self._cudart.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._copy(int(self._address), int(self.device), rows, kind, stream)

    def _copy(self, target: int, source: int, rows: int, kind: Any, stream: Stream) -> None:
        size = rows * self._row_bytes
        checked(self._cudart, self._cudart.cudaMemcpyAsync(target, source, size, kind, int(stream)))

    def close(self) -> None:
        """Free both sides; `host` must not be touched afterwards."""
        for free, address in ((self._cudart.cudaFree, self.device), (self._cudart.cudaFreeHost, self._address)):
            with contextlib.suppress(EngineError):
                checked(self._cudart, free(address))
