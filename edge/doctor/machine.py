"""What this machine has: processor, memory, libraries, drivers."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import onnxruntime
import psutil

from edge.doctor.finding import Finding
from edge.engines.ort import available_providers
from edge.engines.tensorrt.library import cuda_runtime, first_gpu
from edge.engines.tensorrt.trtexec import find_trtexec
from edge.errors import EngineError

_OLDEST, _NEWEST = (3, 10), (3, 13)
_WORKSHOP = "pip install -c constraints.txt torch && pip install -c constraints.txt '.[workshop]'"
_LEAST_MEMORY_GB = 1.0
_LEAST_DISK_GB = 2.0

# Instruction sets that make int8 pay, as Linux names them in /proc/cpuinfo (x86, then ARM).
_INT8_FLAGS = ("amx_int8", "avx512_vnni", "avx_vnni", "i8mm", "asimddp")


def machine_findings() -> tuple[Finding, ...]:
    """In the order of the doctor's table."""
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        _processor,
        _memory,
        _disk,
        _onnx_runtime,
        _tensorrt,
        _trtexec,
        _cuda_runtime,
        _cuda_driver,
        _opencv_video,
        _opencv_gstreamer,
        _v4l2,
        _aravis,
        _systemd,
        _workshop,
    )
    return tuple(check() for check in checks)


def _python() -> Finding:
    version = platform.python_version()
    detail = f"{version} on {platform.system()} {platform.machine()}"
    if _OLDEST <= sys.version_info[:2] <= _NEWEST:
        return Finding("Python", "ok", detail)
    return Finding("Python", "warning", detail, "make PYTHON=python3.12 device")


def _processor() -> Finding:
    cores = len(os.sched_getaffinity(0))
    flags = _cpu_flags() & set(_INT8_FLAGS)
    detail = f"{cores} cores usable; int8 instructions: {', '.join(sorted(flags)) or 'none'}"
    return Finding("Processor", "ok" if flags else "warning", detail, "" if flags else "prefer the float32 variant")


def _cpu_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    lines = (line.partition(":") for line in text.splitlines())
    return {flag for key, _, value in lines if key.strip() in ("flags", "Features") for flag in value.split()}


def _memory() -> Finding:
    memory = psutil.virtual_memory()
    free_gb = memory.available / 2**30
    detail = f"{free_gb:.1f} GB free of {memory.total / 2**30:.1f} GB"
    if free_gb >= _LEAST_MEMORY_GB:
        return Finding("Memory", "ok", detail)
    return Finding("Memory", "warning", detail, f"end other programs; a line wants {_LEAST_MEMORY_GB:g} GB")


def _disk() -> Finding:
    free_gb = shutil.disk_usage(Path.cwd()).free / 2**30
    detail = f"{free_gb:.1f} GB free where you are"
    if free_gb >= _LEAST_DISK_GB:
        return Finding("Disk", "ok", detail)
    return Finding("Disk", "warning", detail, "free some space, or point `line.data_dir` to a larger disk")


def _onnx_runtime() -> Finding:
    providers = ", ".join(p.removesuffix("ExecutionProvider") for p in available_providers())
    return Finding("ONNX Runtime", "ok", f"{onnxruntime.__version__}, runs on: {providers}")


def _tensorrt() -> Finding:
    version = _installed("tensorrt")
    if version:
        return Finding("TensorRT (Python)", "ok", version)
    return Finding("TensorRT (Python)", "optional", "only of use with an NVIDIA GPU", "pip install tensorrt")


def _trtexec() -> Finding:
    found = find_trtexec()
    if found:
        return Finding("trtexec", "ok", str(found))
    return Finding("trtexec", "optional", "comes with JetPack or TensorRT", "sudo apt-get install libnvinfer-bin")


def _cuda_runtime() -> Finding:
    what = "CUDA runtime (Python)"
    if not _installed("cuda-bindings"):
        fix = "pip install -c constraints.txt '.[tensorrt]'"
        return Finding(what, "optional", "needed for TensorRT engines", fix)
    try:
        gpu, capability = first_gpu(cuda_runtime())
    except EngineError as error:
        return Finding(what, "optional", str(error))
    return Finding(what, "ok", f"{gpu}, compute capability {capability}")


def _cuda_driver() -> Finding:
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    answer = _output(command)
    if answer:
        return Finding("NVIDIA driver", "ok", "; ".join(answer.splitlines()))
    if Path("/etc/nv_tegra_release").exists():
        return Finding("NVIDIA driver", "ok", "Jetson, as part of JetPack")
    return Finding("NVIDIA driver", "optional", "no NVIDIA GPU answers; the CPU does the work")


def _opencv_video() -> Finding:
    detail = f"OpenCV {cv2.__version__}"
    if _opencv_has("FFMPEG"):
        return Finding("Video files and RTSP", "ok", f"{detail} with FFmpeg")
    return Finding("Video files and RTSP", "missing", f"{detail} without FFmpeg", "pip install opencv-python-headless")


def _opencv_gstreamer() -> Finding:
    if _opencv_has("GStreamer"):
        return Finding("CSI cameras (GStreamer)", "ok", f"OpenCV {cv2.__version__} with GStreamer")
    detail = "this OpenCV has no GStreamer; JetPack's has"
    return Finding("CSI cameras (GStreamer)", "optional", detail, "pip uninstall opencv-python-headless (on a Jetson)")


def _opencv_has(feature: str) -> bool:
    """Whether a line such as `FFMPEG:   YES` stands in OpenCV's build information."""
    lines = (line.strip() for line in cv2.getBuildInformation().splitlines())
    return any(line.startswith(f"{feature}:") and "YES" in line for line in lines)


def _v4l2() -> Finding:
    devices = sorted(Path("/dev").glob("video*"))
    if not devices:
        return Finding("USB cameras (V4L2)", "optional", "no /dev/video*; plug one in, or use RTSP")
    closed = [d.name for d in devices if not os.access(d, os.R_OK | os.W_OK)]
    names = ", ".join(d.name for d in devices)
    if closed:
        fix = "sudo usermod -aG video $USER, then log in again"
        return Finding("USB cameras (V4L2)", "warning", f"{names}; not allowed to open {', '.join(closed)}", fix)
    return Finding("USB cameras (V4L2)", "ok", names)


def _aravis() -> Finding:
    """Asked in another process: loading GObject libraries into this one would stay."""
    program = "import gi; gi.require_version('Aravis', '0.8'); from gi.repository import Aravis; print('0.8')"
    version = _output([sys.executable, "-c", program])
    if version:
        return Finding("GigE and USB3 Vision (Aravis)", "ok", f"Aravis {version}")
    fix = "sudo apt-get install python3-gi gir1.2-aravis-0.8"
    return Finding("GigE and USB3 Vision (Aravis)", "optional", "this Python has no gi with Aravis 0.8", fix)


def _systemd() -> Finding:
    if Path("/run/systemd/system").is_dir():
        return Finding("systemd", "ok", "runs; `edgevl@NAME.service` can be installed")
    return Finding("systemd", "optional", "not running here; start lines with `edgevl run`")


def _workshop() -> Finding:
    version = _installed("torch")
    if version:
        return Finding("Workshop", "ok", f"torch {version}")
    return Finding("Workshop", "optional", "needed for `edgevl compress` only", _WORKSHOP)


def _installed(package: str) -> str:
    """A package's version without importing it; empty where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _output(command: list[str]) -> str:
    """What a command prints; empty where it does not exist or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
