"""A data folder is opened for writing: by one line at a time, and rid of the pictures that a killed one left over."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from edge.errors import ConfigError
from edge.store.database import folder_error, open_or_set_aside
from edge.store.store import Store, StoreLimits

_LOCK = "line.lock"


def open_store(data_dir: Path, limits: StoreLimits, say: Callable[[str], None]) -> Store:
    """Open the data folder for writing, making it where it is absent.

    A damaged database is set aside under a new name, with its pictures, and `say` is told. Raises ConfigError
    where the folder cannot be used: not writable, in use by another line, or written by a later edgevl; and
    StoreRefusedError where its disk is full.
    """
    lock = _lock_folder(data_dir)
    try:
        connection = open_or_set_aside(data_dir, say)
    except BaseException:
        lock.close()
        raise
    store = Store(connection, data_dir, limits, lock)
    store.delete_unnamed_pictures()
    return store


def _lock_folder(data_dir: Path) -> BinaryIO:
    """One writer a folder: the lock lasts as long as the file stays open, also through `kill -9`."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / _LOCK).open("ab")
    except OSError as error:
        raise folder_error(data_dir, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigError(
            f"the data folder {data_dir} is in use by another running line; "
            "stop that one or choose another `data_dir` in [line]"
        ) from None
    return lock
