"""Where a run keeps what it has finished, so that the next start goes on after the last finished stage.

One folder per stage. A stage writes into `NAME.partial` and the folder is renamed when everything in it is on
disk: a stage is there as a whole or not at all, whatever killed the run. `stage.json` holds the digest of all
that the stage's result depends on; when that changes, the stage and those that build on it are made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from compress.errors import DataError
from compress.progress import Reporter

T = TypeVar("T")

_RECORD = "stage.json"


class StageRecord(msgspec.Struct, frozen=True):
    """Written last into a stage's folder. `key` is the digest of its inputs, `seconds` what it took."""

    key: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """A stage's result, and the key that later stages depend on."""

    value: T
    key: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """The working folder of one run."""

    root: Path
    reporter: Reporter

    def stage(self, name: str, depends: object, make: Callable[[Path], None], load: Callable[[Path], T]) -> Made[T]:
        """The stage's result and its key: loaded where it is finished and current, made otherwise.

        depends: everything the result depends on, as data msgspec can encode (put earlier stages' keys in it).
        """
        folder = self.root / name
        key = digest_of((name, depends))
        record = read_record(folder)
        if record is not None and record.key == key:
            self.reporter.say(f"{name}: kept, finished earlier in {record.seconds:.0f} s")
            return Made(load(folder), key)
        self._make(folder, key, make)
        return Made(load(folder), key)

    def seconds(self) -> dict[str, float]:
        """How long each finished stage took, in the order they finished."""
        records = [(path, read_record(path)) for path in sorted(self.root.iterdir(), key=os.path.getmtime)]
        return {path.name: record.seconds for path, record in records if record is not None}

    def _make(self, folder: Path, key: str, make: Callable[[Path], None]) -> None:
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        start = time.monotonic()
        make(partial)
        record = StageRecord(key, round(time.monotonic() - start, 1))
        _sync_files(partial)
        _write_durably(partial / _RECORD, msgspec.json.encode(record))
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        self.reporter.say(f"{folder.name}: done in {record.seconds:.1f} s")


@contextmanager
def open_workspace(root: Path, reporter: Reporter) -> Iterator[Workspace]:
    """Hold the folder for one run at a time. Raises DataError where another run is using it."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {root}: {error.strerror}; choose another --out") from error
    with (root / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"another run is working in {root}; wait for it, or choose another --out") from None
        yield Workspace(root, reporter)


def read_record(folder: Path) -> StageRecord | None:
    """The record of a finished stage; None where the stage is not finished or its record is unreadable."""
    try:
        return msgspec.json.decode((folder / _RECORD).read_bytes(), type=StageRecord)
    except (OSError, msgspec.DecodeError):
        return None


def digest_of(value: object) -> str:
    """A digest of any value that msgspec can encode (dataclasses, structs, dicts, numbers, strings)."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted", enc_hook=str)).hexdigest()[:16]


def digest_files(paths: list[Path]) -> str:
    """A digest over names and bytes of files; used for a teacher's folder and a data set's pictures."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            total.update(path.name.encode() + hashlib.sha256(stream.read()).digest())
    return total.hexdigest()[:16]


def _sync_files(folder: Path) -> None:
    """Bring every file to the disk: after a power cut the record must not outlive what it vouches for."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
