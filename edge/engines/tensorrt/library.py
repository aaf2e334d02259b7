"""What this machine has of TensorRT: the Python bindings, the CUDA runtime, and the GPU they see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from edge.errors import EngineError

_INSTALL_TENSORRT = "on a Jetson it is JetPack's python3-libnvinfer, elsewhere: pip install tensorrt"
_INSTALL_CUDA = "pip install -c constraints.txt '.[tensorrt]'"


@dataclass(frozen=True, slots=True)
class Machine:
    """What an engine file is bound to. capability: such as `8.7`; tensorrt: such as `10.3.0`."""

    gpu: str
    capability: str
    tensorrt: str

    def __str__(self) -> str:
        return f"{self.gpu} (compute capability {self.capability}) with TensorRT {self.tensorrt}"


def tensorrt_bindings() -> Any:
    """The `tensorrt` module. Raises EngineError with the way to install it."""
    try:
        import tensorrt
    except (ImportError, OSError) as error:
        raise EngineError(f"the TensorRT Python bindings do not load ({error}); {_INSTALL_TENSORRT}") from error
    return tensorrt


def cuda_runtime() -> Any:
    """The CUDA runtime's module, of cuda-bindings 12 or 13. Raises EngineError with the way to install it."""
    try:
        from cuda.bindings import runtime
    except (ImportError, OSError) as error:
        raise EngineError(f"the CUDA runtime's bindings do not load ({error}); run: {_INSTALL_CUDA}") from error
    return runtime


def this_machine() -> Machine:
    """The first GPU, and the TensorRT of the bindings. Raises EngineError where either is missing."""
    version = tensorrt_version(tensorrt_bindings())
    gpu, capability = first_gpu(cuda_runtime())
    return Machine(gpu, capability, version)


def first_gpu(cudart: Any) -> tuple[str, str]:
    """Name and compute capability. Raises EngineError in CUDA's words where there is none."""
    (properties,) = checked(cudart, cudart.cudaGetDeviceProperties(0))
    name = properties.name
    name = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    return name.strip("\0 "), f"{properties.major}.{properties.minor}"


def tensorrt_version(trt: Any) -> str:
    """Three numbers of `10.3.0` as of `11.4.0.106`."""
    numbers = re.match(r"\d+(\.\d+){0,2}", str(trt.__version__))
    if numbers is None:
        raise EngineError(f"TensorRT calls its version {trt.__version__!r}, which says nothing; install it again")
    return numbers[0]


def checked(cudart: Any, answer: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a call of the CUDA runtime gave beside its status. Raises EngineError in CUDA's own words."""
    status, *values = answer
    if int(status) == 0:
        return tuple(values)
    _, words = cudart.cudaGetErrorString(status)
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else f"error {int(status)}"
    raise EngineError(f"CUDA says: {said}; look at the driver with `nvidia-smi`")
