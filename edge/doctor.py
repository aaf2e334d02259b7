"""What this machine has for running a line, what it lacks, and the command that helps. Looks only; changes nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import onnxruntime
import psutil
from rich.markup import escape
from rich.table import Table

from camera.open import open_camera
from camera.source import SourceError
from edge.bundle.load import Bundle, load_bundle
from edge.config.load import load_line
from edge.config.sections import CameraSection, EngineSection
from edge.engines.choose import open_engine
from edge.engines.ort import available_providers
from edge.engines.tensorrt.files import accepted_engine, all_records
from edge.engines.tensorrt.library import cuda_runtime, first_gpu, this_machine
from edge.engines.tensorrt.trtexec import find_trtexec
from edge.errors import EdgevlError, EngineError

# missing: inspection needs it. optional: it is not here, and only some lines need it.
State = Literal["ok", "optional", "warning", "missing"]

_STYLES: dict[State, str] = {"ok": "green", "optional": "dim", "warning": "yellow", "missing": "bold red"}

_OLDEST, _NEWEST = (3, 10), (3, 13)
_WORKSHOP = "pip install -c constraints.txt torch && pip install -c constraints.txt '.[workshop]'"
_LEAST_MEMORY_GB = 1.0
_LEAST_DISK_GB = 2.0
_CAMERA_TIMEOUT_S = 5.0

# Instruction sets that make int8 pay, as Linux names them in /proc/cpuinfo (x86, then ARM).
_INT8_FLAGS = ("amx_int8", "avx512_vnni", "avx_vnni", "i8mm", "asimddp")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's table. `fix` is a command or an action; empty where there is nothing to do."""

    what: str
    state: State
    detail: str
    fix: str = ""


def examine(line_file: Path | None = None) -> tuple[Finding, ...]:
    """Everything about this machine; with a line file also its bundle, its engine and its cameras."""
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
    return tuple(check() for check in checks) + (_line(line_file) if line_file else ())


def findings_table(findings: Iterable[Finding]) -> Table:
    """For the terminal: one row a finding."""
    table = Table("", "state")
    for words in ("detail", "what helps"):
        table.add_column(words, overflow="fold")  # a command cut off is no help
    for finding in findings:
        table.add_row(*(escape(text) for text in (finding.what, finding.state, finding.detail, finding.fix)))
        table.rows[-1].style = _STYLES[finding.state]
    return table


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


def _disk(folder: Path | None = None) -> Finding:
    free_gb = shutil.disk_usage(folder or Path.cwd()).free / 2**30
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


def _line(line_file: Path) -> tuple[Finding, ...]:
    try:
        line = load_line(line_file)
    except EdgevlError as error:
        return (Finding("Line file", "missing", str(error), "correct the line file"),)
    bundles = {"Bundle": line.line.bundle, **{f"Product {p.name}": p.bundle for p in line.product}}
    findings = (
        Finding("Line file", "ok", f"{line_file}: {line.line.name}"),
        *(_bundle(what, path, line.engine) for what, path in bundles.items()),
        *(one for path in bundles.values() for one in _engine_files(path)),
    )
    return findings + tuple(_camera(camera, line_file) for camera in line.camera)


def _bundle(what: str, path: Path, wish: EngineSection) -> Finding:
    """Verified, and run: the golden frames tell whether this machine computes what the workshop did."""
    try:
        bundle = load_bundle(path)
        opened = open_engine(bundle, wish.variant, wish.threads, batch=wish.batch)
    except EdgevlError as error:
        return Finding(what, "missing", str(error), f"edgevl compress ... --out {path}")
    opened.engine.close()
    return Finding(what, "ok", f"{bundle.manifest.name} ({bundle.manifest.bundle_id}): {opened.why}")


def _engine_files(path: Path) -> tuple[Finding, ...]:
    """The TensorRT engines beside a bundle, whether this machine can use them or not."""
    try:
        bundle = load_bundle(path)
    except EdgevlError:
        return ()  # said already
    return tuple(_engine_file(bundle, variant) for variant in sorted({r.variant for r in all_records(bundle)}))


def _engine_file(bundle: Bundle, variant: str) -> Finding:
    what = f"TensorRT engine of {variant}"
    try:
        accepted = accepted_engine(bundle, variant, this_machine())
    except EngineError as error:
        return Finding(what, "warning", str(error), f"edgevl engine {bundle.path}")
    return Finding(what, "ok", f"{accepted.file.name} fits; probabilities within {accepted.record.prob_diff:.1g}")


def _camera(camera: CameraSection, line_file: Path) -> Finding:
    what = f"Camera {camera.name}"
    try:
        source = open_camera(camera.spec)
    except SourceError as error:
        return Finding(what, "missing", str(error), f"correct its uri in {line_file}")
    try:
        source.open()
        frame = source.read(_CAMERA_TIMEOUT_S)
    except SourceError as error:
        return Finding(what, "missing", str(error), "check its power, cable and address; a running line keeps trying")
    finally:
        source.close()
    return Finding(what, "ok", f"gives {frame.width} x {frame.height} px")
