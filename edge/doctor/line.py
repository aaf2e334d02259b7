"""What a line file asks for: its bundles verified and run, their engines, and every camera opened."""

from __future__ import annotations

from pathlib import Path

from camera.open import open_camera
from camera.source import SourceError
from edge.bundle.load import Bundle, load_bundle
from edge.config.load import load_line
from edge.config.sections import CameraSection, EngineSection
from edge.doctor.finding import Finding
from edge.engines.choose import open_engine
from edge.engines.tensorrt.files import accepted_engine, all_records
from edge.engines.tensorrt.library import this_machine
from edge.errors import EdgevlError, EngineError

_CAMERA_TIMEOUT_S = 5.0


def line_findings(line_file: Path) -> tuple[Finding, ...]:
    """A line file that cannot be read is the only finding then."""
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
