"""A stand-in for NVIDIA's `trtexec`: takes its options, prints its log lines, runs the graph through ONNX Runtime.

The options and the words are those of its source at 10.3 and 11.1 (samples/common/sampleOptions.cpp,
sampleDevice.cpp, sampleReporting.cpp). It refuses any other option, as the real one does. `TRTEXEC_DOUBLE` in its
environment makes it misbehave: `refuse` the graph, answer `wrong`, `hang`, say `nothing` of its device.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

BUILD = {"onnx", "saveEngine", "timingCacheFile", "stronglyTyped", "noTF32", "skipInference", "memPoolSize", "profile",
         "minShapes", "optShapes", "maxShapes"}  # fmt: skip
RUN = {"loadEngine", "shapes", "loadInputs", "exportOutput", "iterations", "warmUp", "duration"}


def say(severity: str, words: str) -> None:
    sys.stdout.write(f"[11/24/2026-02:00:00] [{severity}] {words}\n")
    sys.stdout.flush()


def main() -> int:
    options = dict(argument.removeprefix("--").partition("=")[::2] for argument in sys.argv[1:])
    allowed = RUN if "loadEngine" in options else BUILD
    if set(options) - allowed:
        say("E", f"Unknown option: --{min(set(options) - allowed)}")
        return 1
    return run(options) if "loadEngine" in options else build(options)


def build(options: dict[str, str]) -> int:
    fault = os.environ.get("TRTEXEC_DOUBLE")
    if fault != "nothing":
        say("I", "=== Device Information ===")
        say("I", "Selected Device: Double GPU 8GB")
        say("I", "Compute Capability: 8.7")
    say("I", "TensorRT version: 10.3.0")
    if fault == "hang":
        Path(options["saveEngine"]).with_name("hangs").write_text(str(os.getpid()))
        time.sleep(600)
    if fault == "refuse":
        say("E", "[TRT] ModelImporter.cpp:948: While parsing node number 0")
        return 1
    say("I", "[TRT] Local timing cache in use. Profiling results in this builder pass will not be stored.")
    Path(options["saveEngine"]).write_bytes(Path(options["onnx"]).read_bytes())
    Path(options["timingCacheFile"]).write_bytes(b"timed")
    return 0


def run(options: dict[str, str]) -> int:
    name, _, file = options["loadInputs"].partition(":")
    shape = [int(n) for n in options["shapes"].removeprefix(f"{name}:").split("x")]
    image = np.frombuffer(Path(file).read_bytes(), np.uint8).reshape(shape)
    session = onnxruntime.InferenceSession(Path(options["loadEngine"]).read_bytes(), providers=["CPUExecutionProvider"])
    wrong = 0.4 if os.environ.get("TRTEXEC_DOUBLE") == "wrong" else 0.0
    outputs = [
        {"name": o.name, "dimensions": "x".join(map(str, value.shape)), "values": (value + wrong).ravel().tolist()}
        for o, value in zip(session.get_outputs(), session.run(None, {name: image}), strict=True)
    ]
    Path(options["exportOutput"]).write_text(json.dumps(outputs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
