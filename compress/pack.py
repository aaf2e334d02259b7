"""Pack: everything the device needs into one folder, the manifest last."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from compress.errors import DataError
from compress.in_place import put_in_place
from edge.bundle.files import entry_for, write_manifest
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import FORMAT_VERSION, MANIFEST, MadeFor, Manifest, Precision, Variant
from edge.engines.contract import outputs_of
from edge.engines.golden import EXPECTED, FRAMES

# How far another machine's kernels may be from this one's: int8 may round the other way.
_TOLERANCE: dict[Precision, float] = {"float32": 1e-3, "float16": 0.02, "int8": 0.15}


@dataclass(frozen=True, slots=True)
class Graph:
    """One variant to pack: ms per frame as measured on one thread of this machine, None where it was not."""

    name: str
    file: Path
    precision: Precision
    ms: float | None = None
    made_for: MadeFor = "any"


def check_out(out: Path, data: Path | None = None) -> None:
    """Refuse early to write over a folder that is not a bundle, or among the pictures of `data`. Raises DataError."""
    if out.name in ("", ".."):
        raise DataError(f"--out {out} has no name of its own; give the bundle one, such as bundles/line3")
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file()):
        raise DataError(f"{out} exists and is not a bundle; choose another --out, or remove it")
    if data is not None and out.resolve().is_relative_to(data.resolve()):
        raise DataError(f"--out {out} lies among the pictures, in {data}; give the bundle a place outside of it")


def pack(
    out: Path, draft: Manifest, graphs: tuple[Graph, ...], golden_NHWC: NDArray[np.uint8], extras: tuple[Path, ...]
) -> Bundle:
    """Write the bundle beside `out`, verify it, and put it in place at once.

    draft: the manifest without variants and files. golden_NHWC: real model inputs; each graph's answers to them
    go in. extras: further files to carry along (the evaluation, the report).
    """
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "golden").mkdir(parents=True)
    expected: dict[str, NDArray[np.float32]] = {}
    for graph in graphs:
        shutil.copyfile(graph.file, partial / f"model.{graph.name}.onnx")
        answers = _answers(graph.file, golden_NHWC, outputs_of(draft))
        expected |= {f"{graph.name}.{k}": v for k, v in answers.items()}
    np.savez_compressed(partial / FRAMES, image_NHWC=golden_NHWC)
    np.savez_compressed(partial / EXPECTED, **expected)  # type: ignore[arg-type]  # numpy's stub: allow_pickle
    for extra in extras:
        shutil.copyfile(extra, partial / extra.name)
    write_manifest(partial, _completed(draft, partial, graphs))
    load_bundle(partial)
    put_in_place(partial, out)
    return load_bundle(out)


def _completed(draft: Manifest, folder: Path, graphs: tuple[Graph, ...]) -> Manifest:
    variants = tuple(
        Variant(
            g.name, f"model.{g.name}.onnx", g.precision, None if g.ms is None else round(g.ms, 3),
            _TOLERANCE[g.precision], g.made_for,
        )
        for g in graphs
    )  # fmt: skip
    files = {
        path.relative_to(folder).as_posix(): entry_for(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }
    return msgspec.structs.replace(draft, format_version=FORMAT_VERSION, variants=variants, files=files)


def _answers(file: Path, golden_NHWC: NDArray[np.uint8], names: tuple[str, ...]) -> dict[str, NDArray[np.float32]]:
    """One frame at a time, as on the line."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    runs = [session.run(names, {"image": one[None]}) for one in golden_NHWC]
    return {name: np.concatenate([run[i] for run in runs]) for i, name in enumerate(names)}
