"""Engine files: where they lie, what their names bind them to, and the record that says one was accepted.

bundles/line3/                                        the bundle; nothing may be added to it
bundles/line3.engines/
    BUNDLE-VARIANT-GPU-smCAPABILITY-trtVERSION.engine     the serialised engine
    the same with .json                               EngineRecord; written last, so it means accepted
    GPU-smCAPABILITY-trtVERSION.timing                what TensorRT measured, for a quicker next build
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from edge.bundle.files import entry_for
from edge.bundle.load import Bundle
from edge.engines.tensorrt.library import Machine
from edge.errors import EngineError

Builder = Literal["bindings", "trtexec"]


class EngineRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an engine was built from and on, and how far it is from the golden frames (largest |difference|)."""

    bundle_id: str
    variant: str
    gpu: str
    capability: str
    tensorrt: str
    batch_sizes: tuple[int, ...]
    built_by: Builder
    seconds: float
    sha256: str
    prob_diff: float
    map_diff: float
    embedding_diff: float
    anomaly_diff: float
    tolerance: float

    @property
    def machine(self) -> Machine:
        return Machine(self.gpu, self.capability, self.tensorrt)


@dataclass(frozen=True, slots=True)
class AcceptedEngine:
    """An engine file that fits this bundle and this machine, with its record."""

    file: Path
    record: EngineRecord


def engine_folder(bundle: Bundle) -> Path:
    """Beside the bundle, which is sealed by its manifest."""
    path = bundle.path.resolve()
    return path.with_name(path.name + ".engines")


def engine_file(bundle: Bundle, variant: str, machine: Machine) -> Path:
    """The one name an engine of this bundle may have on this machine."""
    name = f"{bundle.manifest.bundle_id}-{_plain(variant)}-{_machine_part(machine)}.engine"
    return engine_folder(bundle) / name


def timing_cache_file(bundle: Bundle, machine: Machine) -> Path:
    return engine_folder(bundle) / f"{_machine_part(machine)}.timing"


def accepted_engine(bundle: Bundle, variant: str, machine: Machine) -> AcceptedEngine:
    """The accepted engine of a variant. Raises EngineError: there is none, it is of another machine, it is damaged."""
    file = engine_file(bundle, variant, machine)
    again = f"run `edgevl engine {bundle.path}`"
    if not file.is_file() or not _record_file(file).is_file():
        raise EngineError(f"{_why_none(bundle, variant, machine)}; {again}")
    record = read_record(file)
    if (record.bundle_id, record.variant, record.machine) != (bundle.manifest.bundle_id, variant, machine):
        raise EngineError(f"{_record_file(file)} was made for {record.machine}, not for what its name says; {again}")
    if file.is_symlink() or entry_for(file).sha256 != record.sha256:
        raise EngineError(f"{file} is not the engine that was accepted; {again}")
    return AcceptedEngine(file, record)


def accept(file: Path, record: EngineRecord) -> AcceptedEngine:
    """Write the record beside an engine that is in place: from now on it may be used."""
    write_atomically(_record_file(file), msgspec.json.format(msgspec.json.encode(record), indent=2))
    return AcceptedEngine(file, record)


def withdraw(file: Path) -> None:
    """An engine without a record is none, so the record goes first."""
    _record_file(file).unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def read_record(file: Path) -> EngineRecord:
    """The record of an engine file. Raises EngineError where it cannot be read."""
    record = _record_file(file)
    try:
        return msgspec.json.decode(record.read_bytes(), type=EngineRecord)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EngineError(f"{record} cannot be read ({error}); build the engine again with `edgevl engine`") from error


def all_records(bundle: Bundle) -> tuple[EngineRecord, ...]:
    """Of every accepted engine beside the bundle, for whatever machine; those that cannot be read are left out."""
    records = (_record_or_none(file) for file in sorted(engine_folder(bundle).glob("*.engine")))
    return tuple(record for record in records if record is not None)


def _record_or_none(file: Path) -> EngineRecord | None:
    try:
        return read_record(file)
    except EngineError:
        return None


def write_atomically(file: Path, content: bytes) -> None:
    """All of it or nothing. Raises EngineError where the folder cannot be written."""
    temporary = file.with_name(file.name + ".partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError as error:
        raise EngineError(f"cannot write {file}: {error.strerror}; engines lie beside the bundle, make room") from error


def read_bytes(file: Path) -> bytes:
    """Empty where there is no such file."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _why_none(bundle: Bundle, variant: str, machine: Machine) -> str:
    """No engine, or one that is stale: then what changed since."""
    others = [record for record in all_records(bundle) if record.variant == variant]
    if not others:
        return f"there is no TensorRT engine of {variant} for {bundle.path}"
    for record in others:
        if record.machine == machine:
            return f"the TensorRT engine of {variant} was built from an earlier bundle ({record.bundle_id})"
    return f"the TensorRT engine of {variant} was built on {others[-1].machine}; this is {machine}"


def _machine_part(machine: Machine) -> str:
    return f"{_plain(machine.gpu)}-sm{_plain(machine.capability)}-trt{_plain(machine.tensorrt)}"


def _plain(text: str) -> str:
    """Letters, digits, points and hyphens: safe in a file name on any system."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")


def _record_file(file: Path) -> Path:
    return file.with_suffix(".json")
