"""Build through `trtexec`, where JetPack or a system package brings it but this Python has no bindings.

Options as of 10.3 and 11 (`--stronglyTyped` does nothing on 11). What is built here can be proved with the golden
frames, but a line needs the bindings to run it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.engines.engine import Outputs
from edge.engines.tensorrt.build import BuildJob
from edge.engines.tensorrt.library import Machine
from edge.errors import EngineError

_JETPACK = "/usr/src/tensorrt/bin"  # where JetPack puts it, outside the search path
_STAMP = re.compile(r"^\[[^\]]*\] \[(?P<severity>\w)\] (\[TRT\] )?")
_PATIENCE_S = 10.0

# How its log names what an engine is bound to.
_FACTS = {
    "gpu": re.compile(r"Selected Device: (.+)"),
    "capability": re.compile(r"Compute Capability: (\d+\.\d+)"),
    "tensorrt": re.compile(r"TensorRT version: (\d+\.\d+\.\d+)"),
}


class _Exported(msgspec.Struct):
    """One output as `--exportOutput` writes it."""

    name: str
    dimensions: str
    values: list[float]


def find_trtexec() -> Path | None:
    """In the search path or where JetPack puts it."""
    found = shutil.which("trtexec") or shutil.which("trtexec", path=_JETPACK)
    return Path(found) if found else None


def build_with_trtexec(program: Path, job: BuildJob, plan: Path, say: Callable[[str], None]) -> Machine:
    """Write the engine to `plan`, each log line to `say`; Ctrl-C ends it. Says what the engine is bound to.

    Raises EngineError in trtexec's words.
    """
    options = [
        f"--onnx={job.onnx}",
        f"--saveEngine={plan}",
        f"--timingCacheFile={job.timing_cache}",
        "--stronglyTyped",
        "--noTF32",
        "--skipInference",
        *([f"--memPoolSize=workspace:{job.workspace_mb}"] if job.workspace_mb else []),
        *_profiles(job),
    ]
    log = _run([str(program), *options], None, say)
    if not plan.is_file():
        raise EngineError(f"{program} ended well but wrote no engine; look at its log above")
    return _machine(log, program)


@dataclass(frozen=True, slots=True)
class TrtexecEngine:
    """Follows `edge.engines.engine.Engine`, one process a picture: enough for the golden frames, not for a line."""

    program: Path
    plan: Path
    outputs: tuple[str, ...]

    @property
    def description(self) -> str:
        return f"trtexec on {self.plan.name}"

    def run(self, image_NHWC: NDArray[np.uint8]) -> Outputs:
        """Raises EngineError in trtexec's words."""
        with tempfile.TemporaryDirectory(prefix="edgevl-trtexec-") as folder:
            (Path(folder) / "image.bin").write_bytes(np.ascontiguousarray(image_NHWC).tobytes())
            options = [
                f"--loadEngine={self.plan.absolute()}",
                f"--shapes=image:{_dimensions(image_NHWC.shape)}",
                "--loadInputs=image:image.bin",  # relative: commas and colons in a path would part it
                "--exportOutput=outputs.json",
                "--iterations=1",
                "--warmUp=0",
                "--duration=0",
            ]
            _run([str(self.program), *options], Path(folder), lambda _: None)
            return read_outputs(Path(folder) / "outputs.json", self.outputs)

    def close(self) -> None:
        """Nothing is held."""


def _profiles(job: BuildJob) -> list[str]:
    options = []
    for index, (smallest, largest) in enumerate(job.profiles()):
        sizes = {"min": smallest, "opt": largest, "max": largest}
        options.append(f"--profile={index}")
        options += [
            f"--{name}Shapes=image:{_dimensions((count, job.input.height, job.input.width, 3))}"
            for name, count in sizes.items()
        ]
    return options


def _dimensions(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)


def _run(command: list[str], folder: Path | None, say: Callable[[str], None]) -> list[str]:
    """Its log. A process group of its own: Ctrl-C reaches this program, which then ends the other."""
    log: list[str] = []
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"cannot start {command[0]}: {error.strerror}") from error
    try:
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                log.append(line.rstrip())
                say(_STAMP.sub("", log[-1]))
    except BaseException:
        _end(process)
        raise
    if process.returncode != 0:
        raise EngineError(f"{command[0]} failed ({process.returncode}): {_last_error(log)}")
    return log


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_error(log: list[str]) -> str:
    """The last line it marked as an error, else its last line."""
    errors = [_STAMP.sub("", line) for line in log if (m := _STAMP.match(line)) and m["severity"] == "E"]
    return (errors or [line for line in log if line] or ["it says nothing"])[-1]


def _machine(log: list[str], program: Path) -> Machine:
    found = {}
    for name, pattern in _FACTS.items():
        matches = [m[1].strip() for line in log if (m := pattern.search(line))]
        if not matches:
            raise EngineError(f"{program} does not say its {name}; is it NVIDIA's trtexec of TensorRT 10.3 or later?")
        found[name] = matches[-1]
    return Machine(**found)


def read_outputs(file: Path, names: tuple[str, ...]) -> Outputs:
    """What `--exportOutput` wrote. Raises EngineError where it is not the outputs of these names."""
    try:
        exported = msgspec.json.decode(file.read_bytes(), type=list[_Exported])
        arrays = {
            e.name: np.array(e.values, np.float32).reshape([int(n) for n in e.dimensions.split("x")]) for e in exported
        }
        return Outputs(*(arrays[name] for name in names))
    except (OSError, ValueError, KeyError) as error:  # msgspec's errors are ValueErrors
        raise EngineError(f"trtexec gave no outputs that can be read ({error}); the engine is not kept") from error
