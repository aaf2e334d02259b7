"""A double of TensorRT and of the CUDA runtime with the real surface, for machines that have neither.

`test_tensorrt_surface.py` holds every name and argument of it against records of the real bindings. What it does is
real where it can be: the parser reads the ONNX graph and refuses what TensorRT refuses, a plan carries the graph,
and a context runs it through ONNX Runtime on the memory it was given an address of. So the golden frames compare
real numbers. "Device" memory is host memory that only the double's own copies may fill.
"""

from __future__ import annotations

import ctypes
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, numpy_helper

VERSIONS = {"10.3": "10.3.0", "11.4": "11.4.0.106"}
_MAGIC = b"a double's plan\n"


@dataclass
class Behaviour:
    """What a test may set, and what it may look at afterwards."""

    on_step: Callable[[], None] = lambda: None
    answers_differ_by: float = 0.0
    refused_graph: str = "none"
    builder_fails: bool = False
    context_fails: bool = False
    driver_fails: bool = False
    gpu: str = "Double GPU 8GB"
    builds: list[dict[str, Any]] = field(default_factory=list)
    memory: dict[int, Any] = field(default_factory=dict)  # what is allocated now, by address
    streams: set[int] = field(default_factory=set)


def enum(name: str, members: dict[str, int]) -> type:
    """As pybind11 makes them: no `|`, no iteration, never equal to a plain number."""

    class Enum:
        def __init__(self, value: int) -> None:
            self._value = value

        def __int__(self) -> int:
            return self._value

        __index__ = __int__

        def __eq__(self, other: object) -> bool:
            return type(other) is type(self) and int(other) == self._value

        def __hash__(self) -> int:
            return hash(self._value)

    Enum.__name__ = Enum.__qualname__ = name
    for member, value in members.items():
        setattr(Enum, member, Enum(value))
    return Enum


def unconstructible(cls: type) -> type:
    """No constructor for users, and no attribute that is not there; `_make(...)` is the double's own way in."""
    thing: Any = cls
    real = thing.__init__

    def refuse(self: object, *args: object, **kwargs: object) -> None:
        raise TypeError(f"{cls.__name__}: No constructor defined!")

    def make(*args: object, **kwargs: object) -> object:
        made = thing.__new__(thing)
        real(made, *args, **kwargs)
        return made

    thing.__init__ = refuse
    thing._make = staticmethod(make)
    return closed(cls)


def closed(cls: type) -> type:
    """Setting an attribute that the class does not have is an AttributeError, as on a C++ object."""

    def set_attribute(self: object, name: str, value: object) -> None:
        if not name.startswith("_") and not hasattr(type(self), name):
            raise AttributeError(f"{cls.__name__!r} object has no attribute {name!r}")
        object.__setattr__(self, name, value)

    cls.__setattr__ = set_attribute  # type: ignore[method-assign,assignment]
    return cls


class Dims:
    """Not a tuple: no hash, no `+`, and comparing two of them raises."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shape: Sequence[int] = ()) -> None:
        self._shape = tuple(shape)

    def __len__(self) -> int:
        return len(self._shape)

    def __getitem__(self, index: Any) -> Any:
        return self._shape[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (tuple, list)):
            raise TypeError("__eq__(): incompatible function arguments")
        return self._shape == tuple(other)


def host_memory(content: bytes) -> Any:
    """An IHostMemory: a buffer with `nbytes`, without `__len__`."""
    body = {"_fields_": [("_data", ctypes.c_char * len(content))], "nbytes": len(content)}
    memory = type("IHostMemory", (ctypes.Structure,), body)()
    ctypes.memmove(ctypes.addressof(memory), content, len(content))
    return memory


def as_address(value: Any) -> int:
    """`int` parameters take anything with `__index__`, nothing else."""
    return int(value.__index__())


def check_graph(model: onnx.ModelProto) -> str:
    """Why TensorRT's parser would refuse the graph; empty where it would not.

    After NVIDIA/TensorRT issue 3985 and docs/operators.md of onnx-tensorrt 10.1.
    """
    images = {i.name for i in model.graph.input if i.type.tensor_type.elem_type == TensorProto.UINT8}
    constants = {i.name: i for i in model.graph.initializer}
    kinds = {name: i.data_type for name, i in constants.items()}
    for node in model.graph.node:
        if node.op_type != "Cast" and images & set(node.input):
            return f"{node.op_type}: UINT8 inputs must feed directly into a cast layer"
        if node.op_type == "DequantizeLinear" and kinds.get(node.input[0]) == TensorProto.INT32:
            return f"{node.name}: only activation types allowed as input to this layer"
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and len(node.input) > 2:
            zero = constants[node.input[2]]
            if zero.data_type == TensorProto.UINT8 or numpy_helper.to_array(zero).any():
                return f"{node.name}: the zero point must be int8 and 0"
    return ""


def tensorrt_module(version: str, behaviour: Behaviour) -> ModuleType:
    """The double of `import tensorrt` as of "10.3" or "11.4"."""
    old = version == "10.3"
    trt = ModuleType("tensorrt")
    trt.__version__ = VERSIONS[version]  # type: ignore[attr-defined]

    flags = {"EXPLICIT_BATCH": 0, "STRONGLY_TYPED": 1} if old else {"STRONGLY_TYPED": 0}
    NetworkDefinitionCreationFlag = enum("NetworkDefinitionCreationFlag", flags)
    BuilderFlag = enum("BuilderFlag", {"TF32": 6})
    MemoryPoolType = enum("MemoryPoolType", {"WORKSPACE": 0})
    TensorIOMode = enum("TensorIOMode", {"NONE": 0, "INPUT": 1, "OUTPUT": 2})
    DataType = enum("DataType", {"FLOAT": 0, "UINT8": 5})
    Severity = enum("Severity", {"INTERNAL_ERROR": 0, "ERROR": 1, "WARNING": 2, "INFO": 3, "VERBOSE": 4})

    class ILogger:
        INTERNAL_ERROR = Severity(0)
        ERROR = Severity(1)
        WARNING = Severity(2)
        INFO = Severity(3)
        VERBOSE = Severity(4)

        def __init__(self) -> None:
            self._ready = True

        def log(self, severity: Any, msg: str) -> None:
            raise NotImplementedError

    class IProgressMonitor:
        def __init__(self) -> None:
            self._ready = True

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None: ...

        def step_complete(self, phase_name: str, step: int) -> bool: ...  # type: ignore[empty-body]

        def phase_finish(self, phase_name: str) -> None: ...

    def ready(base: Any) -> Any:
        if not getattr(base, "_ready", False):
            raise TypeError(f"{type(base).__name__}.__init__() must be called when overriding __init__")
        return base

    @unconstructible
    class ITimingCache:
        def __init__(self, content: bytes) -> None:
            self._content = content

        def serialize(self) -> Any:
            return host_memory(self._content)

    @unconstructible
    class IOptimizationProfile:
        def __init__(self) -> None:
            self._shapes: dict[str, list[tuple[int, ...]]] = {}

        def set_shape(self, input: str, min: Any, opt: Any, max: Any) -> None:
            if not all(low <= middle <= high for low, middle, high in zip(min, opt, max, strict=True)):
                raise RuntimeError("set_shape: inconsistent")
            self._shapes[input] = [tuple(min), tuple(opt), tuple(max)]

    @unconstructible
    class IBuilderConfig:
        progress_monitor: Any = None

        def __init__(self) -> None:
            self._profiles: list[Any] = []
            self._cache: Any = None
            self._cleared: list[int] = []
            self._pools: dict[int, int] = {}

        def clear_flag(self, flag: Any) -> None:
            self._cleared.append(int(flag))

        def set_memory_pool_limit(self, pool: Any, pool_size: int) -> None:
            self._pools[int(pool)] = pool_size

        def add_optimization_profile(self, profile: Any) -> int:
            self._profiles.append(profile)
            return len(self._profiles) - 1

        def create_timing_cache(self, serialized_timing_cache: Any) -> Any:
            content = bytes(serialized_timing_cache)
            return None if content.startswith(b"torn") else ITimingCache._make(content)  # type: ignore[attr-defined]

        def set_timing_cache(self, cache: Any, ignore_mismatch: bool) -> bool:
            if cache._content and not ignore_mismatch and cache._content != behaviour.gpu.encode():
                return False
            self._cache = cache
            return True

        def get_timing_cache(self) -> Any:
            return self._cache

    @unconstructible
    class INetworkDefinition:
        def __init__(self, flags: int) -> None:
            self._flags = flags
            self._model: onnx.ModelProto | None = None

    @closed
    class Builder:
        def __init__(self, logger: Any) -> None:
            if behaviour.driver_fails:
                raise TypeError("pybind11::init(): factory function returned nullptr")
            self._logger = ready(logger)

        def create_network(self, flags: int = 0) -> Any:
            return INetworkDefinition._make(as_address(flags))  # type: ignore[attr-defined]

        def create_builder_config(self) -> Any:
            return IBuilderConfig._make()  # type: ignore[attr-defined]

        def create_optimization_profile(self) -> Any:
            return IOptimizationProfile._make()  # type: ignore[attr-defined]

        def build_serialized_network(self, network: Any, config: Any) -> Any:
            typed = bool(network._flags >> flags["STRONGLY_TYPED"] & 1) or not old
            shapes = [profile._shapes["image"] for profile in config._profiles]
            reused = bool(config._cache and config._cache._content)
            behaviour.builds.append(
                {"strongly_typed": typed, "profiles": shapes, "reused": reused, "cleared": config._cleared}
            )
            if behaviour.builder_fails:
                self._logger.log(ILogger.ERROR, "Error Code 10: Could not find any implementation")
                return None
            config._cache._content = behaviour.gpu.encode()
            if not _report(ready(config.progress_monitor)):
                return None
            head = {"version": trt.__version__, "profiles": shapes, "gpu": behaviour.gpu}
            body = network._model.SerializeToString()
            return host_memory(_MAGIC + json.dumps(head).encode() + b"\n" + body)

    def _report(monitor: Any) -> bool:
        """Phases nest, as in a real build; a step that does not return True ends it."""
        monitor.phase_start("Building Engine", None, 2)
        for step in range(2):
            monitor.phase_start("Tactic selection [1]", "Building Engine", 3)
            for inner in range(3):
                behaviour.on_step()
                if monitor.step_complete("Tactic selection [1]", inner) is not True:
                    return False
            monitor.phase_finish("Tactic selection [1]")
            if monitor.step_complete("Building Engine", step) is not True:
                return False
        monitor.phase_finish("Building Engine")
        return True

    @unconstructible
    class ParserError:
        def __init__(self, desc: str) -> None:
            self._desc = desc

        def desc(self) -> str:
            return self._desc

    @closed
    class OnnxParser:
        def __init__(self, network: Any, logger: Any) -> None:
            self._network, self._errors = network, []  # type: ignore[var-annotated]
            ready(logger)

        @property
        def num_errors(self) -> int:
            return len(self._errors)

        def get_error(self, index: int) -> Any:
            return self._errors[index]

        def parse_from_file(self, model: str) -> bool:
            if not isinstance(model, (str, bytes)):
                raise TypeError("parse_from_file(): incompatible function arguments")
            loaded = onnx.load(model)
            refused = "refused by the test" if model.endswith(behaviour.refused_graph) else check_graph(loaded)
            if refused:
                self._errors.append(ParserError._make(refused))  # type: ignore[attr-defined]
            self._network._model = loaded
            return not refused

    @closed
    class Runtime:
        def __init__(self, logger: Any) -> None:
            if behaviour.driver_fails:
                raise TypeError("pybind11::init(): factory function returned nullptr")
            self._logger = ready(logger)

        def deserialize_cuda_engine(self, serialized_engine: Any) -> Any:
            plan = bytes(serialized_engine)
            if not plan.startswith(_MAGIC):
                self._logger.log(ILogger.ERROR, "deserializeCudaEngine: Error Code 1: magic tag does not match")
                return None
            head, _, body = plan.removeprefix(_MAGIC).partition(b"\n")
            return ICudaEngine._make(json.loads(head), onnx.load_from_string(body))  # type: ignore[attr-defined]

    @unconstructible
    class ICudaEngine:
        def __init__(self, head: dict[str, Any], model: onnx.ModelProto) -> None:
            self._head, self._model = head, model
            self._tensors = [*model.graph.input, *model.graph.output]

        @property
        def num_io_tensors(self) -> int:
            return len(self._tensors)

        @property
        def num_optimization_profiles(self) -> int:
            return len(self._head["profiles"])

        def get_tensor_name(self, index: int) -> str:
            return str(self._tensors[index].name)

        def get_tensor_mode(self, name: str) -> Any:
            return TensorIOMode(1 if name in {i.name for i in self._model.graph.input} else 2)

        def get_tensor_shape(self, name: str) -> Dims:
            dims = self._named(name).shape.dim
            return Dims([d.dim_value if d.HasField("dim_value") else -1 for d in dims])

        def get_tensor_dtype(self, name: str) -> Any:
            return DataType(5 if self._named(name).elem_type == TensorProto.UINT8 else 0)

        def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[Dims]:
            assert name == "image"
            return [Dims(shape) for shape in self._head["profiles"][profile_index]]

        def create_execution_context(self, strategy: Any = None) -> Any:
            assert strategy is None
            return None if behaviour.context_fails else IExecutionContext._make(self)  # type: ignore[attr-defined]

        def _named(self, name: str) -> Any:
            return next(t for t in self._tensors if t.name == name).type.tensor_type

    @unconstructible
    class IExecutionContext:
        def __init__(self, engine: Any) -> None:
            self._engine = engine
            self._profile = 0
            self._shape: tuple[int, ...] = ()
            self._addresses: dict[str, int] = {}
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(
                engine._model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )

        def set_optimization_profile_async(self, profile_index: int, stream_handle: int) -> bool:
            assert as_address(stream_handle) in behaviour.streams
            self._profile = profile_index
            return profile_index < int(self._engine.num_optimization_profiles)

        def set_input_shape(self, name: str, shape: Any) -> bool:
            assert name == "image"
            low, _, high = self._engine._head["profiles"][self._profile]
            self._shape = tuple(shape)
            return all(a <= b <= c for a, b, c in zip(low, self._shape, high, strict=True))

        def get_tensor_shape(self, name: str) -> Dims:
            blank = np.zeros(self._shape, np.uint8)
            return Dims(self._session.run([name], {"image": blank})[0].shape)

        def set_tensor_address(self, name: str, memory: int) -> bool:
            self._addresses[name] = as_address(memory)
            return self._addresses[name] in behaviour.memory

        def execute_async_v3(self, stream_handle: int) -> bool:
            assert as_address(stream_handle) in behaviour.streams
            image = np.ctypeslib.as_array(behaviour.memory[self._addresses["image"]])
            count = int(np.prod(self._shape))
            names = [output.name for output in self._session.get_outputs()]
            outputs = self._session.run(names, {"image": image[:count].reshape(self._shape)})
            for name, value in zip(names, outputs, strict=True):
                content = (value + np.float32(behaviour.answers_differ_by)).tobytes()
                ctypes.memmove(self._addresses[name], content, len(content))
            return True

    def nptype(trt_type: Any) -> Any:
        return {0: np.float32, 5: np.uint8}[int(trt_type)]

    for offered in (
        BuilderFlag, DataType, MemoryPoolType, NetworkDefinitionCreationFlag, TensorIOMode, Dims, ILogger,
        IProgressMonitor, ITimingCache, IOptimizationProfile, IBuilderConfig, INetworkDefinition, Builder, ParserError,
        OnnxParser, Runtime, ICudaEngine, IExecutionContext, nptype,
    ):  # fmt: skip
        setattr(trt, offered.__name__, offered)
    return trt


def cuda_module(behaviour: Behaviour) -> ModuleType:
    """The double of `cuda.bindings.runtime`."""
    cudart = ModuleType("cuda.bindings.runtime")

    def answers(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        """Status first, always; without a driver 35 and nothing else."""

        @functools.wraps(function)
        def call(*args: Any) -> tuple[Any, ...]:
            values = function(*args)
            return (35, *(None for _ in values)) if behaviour.driver_fails else (0, *values)

        return call

    def allocate(size: int) -> int:
        memory = (ctypes.c_uint8 * size)()
        address = ctypes.addressof(memory)
        behaviour.memory[address] = memory
        return address

    @answers
    def cudaMalloc(size: int) -> tuple[Any, ...]:
        return (allocate(size),)

    @answers
    def cudaHostAlloc(size: int, flags: int) -> tuple[Any, ...]:
        return (allocate(size),)

    @answers
    def cudaFree(devPtr: int) -> tuple[Any, ...]:
        del behaviour.memory[devPtr]
        return ()

    @answers
    def cudaFreeHost(ptr: int) -> tuple[Any, ...]:
        del behaviour.memory[ptr]
        return ()

    @answers
    def cudaMemcpyAsync(dst: int, src: int, count: int, kind: int, stream: int) -> tuple[Any, ...]:
        assert stream in behaviour.streams
        assert count <= len(behaviour.memory[dst])
        assert count <= len(behaviour.memory[src])
        ctypes.memmove(dst, src, count)
        return ()

    @answers
    def cudaStreamCreateWithFlags(flags: int) -> tuple[Any, ...]:
        behaviour.streams.add(7)
        return (7,)

    @answers
    def cudaStreamSynchronize(stream: int) -> tuple[Any, ...]:
        assert stream in behaviour.streams
        return ()

    @answers
    def cudaStreamDestroy(stream: int) -> tuple[Any, ...]:
        behaviour.streams.discard(stream)
        return ()

    @answers
    def cudaGetDeviceProperties(device: int) -> tuple[Any, ...]:
        return (SimpleNamespace(name=behaviour.gpu.encode(), major=8, minor=7),)

    def cudaGetErrorString(error: int) -> tuple[Any, ...]:
        return 0, b"CUDA driver version is insufficient for CUDA runtime version"

    for offered in (
        cudaMalloc, cudaHostAlloc, cudaFree, cudaFreeHost, cudaMemcpyAsync, cudaStreamCreateWithFlags,
        cudaStreamSynchronize, cudaStreamDestroy, cudaGetDeviceProperties, cudaGetErrorString,
    ):  # fmt: skip
        setattr(cudart, offered.__name__, offered)
    cudart.cudaStreamNonBlocking = 1  # type: ignore[attr-defined]
    cudart.cudaHostAllocDefault = 0  # type: ignore[attr-defined]
    cudart.cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)  # type: ignore[attr-defined]
    return cudart


def modules(version: str, behaviour: Behaviour) -> dict[str, ModuleType]:
    """For `sys.modules`: what `import tensorrt` and `from cuda.bindings import runtime` then find."""
    cuda, bindings = ModuleType("cuda"), ModuleType("cuda.bindings")
    runtime = cuda_module(behaviour)
    bindings.runtime = runtime  # type: ignore[attr-defined]
    cuda.bindings = bindings  # type: ignore[attr-defined]
    return {
        "tensorrt": tensorrt_module(version, behaviour),
        "cuda": cuda,
        "cuda.bindings": bindings,
        "cuda.bindings.runtime": runtime,
    }
