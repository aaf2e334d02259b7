"""CURVE keys as files: who may read the feed of a line, and how a reader knows that it is this line.

    KEYS/server.key_secret     the line's own key; only the service may read it (0600)
    KEYS/server.key            its public half: give it to the readers
    KEYS/allowed/NAME.key      the public key of a reader that is let in
    KEYS/NAME.key_secret       a reader's own key, on the reader's machine (0600); NAME.key is its public half

Files as ZeroMQ's tools write them (ZPL), keys in Z85 (ZeroMQ RFC 32).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import zmq
from zmq.auth import load_certificate

from edge.errors import ConfigError

SERVER = "server"
_PUBLIC, _SECRET, _ALLOWED = ".key", ".key_secret", "allowed"
_NAME = re.compile(r"\w[\w.-]{0,62}\Z")
_Z85 = re.compile(rb"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z")
_MOST_BYTES = 10_000


class KeysError(ConfigError):
    """A key is missing, damaged, or lies open to others."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both halves of a key, Z85."""

    public: bytes
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What a reader needs: the line's public key, and a key of its own that the line allows."""

    server: bytes
    own: KeyPair

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Before `connect`."""
        socket.setsockopt(zmq.CURVE_SERVERKEY, self.server)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, self.own.public)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.own.secret)


def new_pair(folder: Path, name: str) -> KeyPair:
    """Make a key and write both files. Raises KeysError where there is one of this name."""
    _check_name(name)
    public, secret = zmq.curve_keypair()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / f"{name}{_SECRET}", public, secret)
        _write(folder / f"{name}{_PUBLIC}", public)
    except FileExistsError as error:
        raise KeysError(f"{error.filename} exists already; choose another name, or delete it first") from error
    except OSError as error:
        raise KeysError(f"cannot write a key to {folder} ({error.strerror}); choose another folder") from error
    return KeyPair(public, secret)


def read_pair(folder: Path, name: str) -> KeyPair:
    """Raises KeysError where it is missing, damaged, or where others could read it."""
    path = folder / f"{name}{_SECRET}"
    public, secret = _read(path)
    if secret is None or not _Z85.match(secret):
        raise KeysError(f"{path} holds no secret key; make a new one with `edgevl keys new {name}`")
    if path.stat().st_mode & 0o077:
        raise KeysError(f"{path} can be read by others; `chmod 600 {path}`")
    return KeyPair(public, secret)


def read_client_keys(folder: Path, name: str | None = None) -> ClientKeys:
    """A reader's keys: `server.key` and NAME.key_secret, or the only one there. Raises KeysError."""
    if name is None:
        names = [path.name.removesuffix(_SECRET) for path in sorted(folder.glob(f"*{_SECRET}"))]
        own = [found for found in names if found != SERVER]
        if len(own) != 1:
            raise KeysError(
                f"{folder} must hold one NAME.key_secret of a reader, but holds {len(own)}: {', '.join(own) or 'none'}"
            )
        name = own[0]
    return ClientKeys(_read(folder / f"{SERVER}{_PUBLIC}")[0], read_pair(folder, name))


def allow(folder: Path, source: str, name: str | None = None) -> str:
    """Let a reader in by its public key, a file or the key itself; the name it gets. Raises KeysError."""
    path = Path(source)
    if _Z85.match(source.encode()) and not path.is_file():
        public = source.encode()
    elif path.name.endswith(_SECRET):
        raise KeysError(f"{path} is a secret key; keep it where it is, and allow {path.with_suffix(_PUBLIC).name}")
    else:
        public = _read(path)[0]
        name = name or path.name.removesuffix(_PUBLIC)
    if name is None:
        raise KeysError("a key that is given as text needs a name: add --name NAME")
    _check_name(name)
    try:
        (folder / _ALLOWED).mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / _ALLOWED / f"{name}{_PUBLIC}", public)
    except FileExistsError as error:
        raise KeysError(f"{name!r} is allowed already; revoke it first, or give another --name") from error
    except OSError as error:
        raise KeysError(f"cannot write to {folder} ({error.strerror}); choose another folder") from error
    return name


def revoke(folder: Path, name: str) -> None:
    """Let a reader in no more; a running line hangs up on it within seconds. Raises KeysError."""
    _check_name(name)
    try:
        (folder / _ALLOWED / f"{name}{_PUBLIC}").unlink()
    except FileNotFoundError as error:
        known = ", ".join(allowed(folder)) or "nobody"
        raise KeysError(f"{name!r} is not allowed in {folder}; those that are: {known}") from error
    except OSError as error:
        raise KeysError(f"cannot change {folder} ({error.strerror})") from error


def write_public(folder: Path, name: str, public: bytes) -> None:
    """Beside a reader's key, the line's. Raises OSError."""
    _write(folder / f"{name}{_PUBLIC}", public)


def allowed(folder: Path) -> dict[str, bytes]:
    """Everybody who is let in: name -> public key. Raises KeysError over a damaged file."""
    return {path.name.removesuffix(_PUBLIC): _read(path)[0] for path in sorted((folder / _ALLOWED).glob(f"*{_PUBLIC}"))}


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise KeysError(f"{name!r} is no name for a key; use letters, digits, `_`, `-` and `.`, at most 63")


def _write(path: Path, public: bytes, secret: bytes | None = None) -> None:
    """A new file that never was readable by others where it holds a secret. Raises OSError."""
    text = f'curve\n    public-key = "{public.decode()}"\n'
    text += f'    secret-key = "{secret.decode()}"\n' if secret else ""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _read(path: Path) -> tuple[bytes, bytes | None]:
    """Public and secret half of a file. Raises KeysError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise KeysError(f"{path} is too large for a key")
        public, secret = load_certificate(path)
    except OSError as error:
        raise KeysError(f"there is no key {path} ({error.strerror or error}); see `edgevl keys new --help`") from error
    except (ValueError, IndexError) as error:
        raise KeysError(f"{path} holds no key; make a new one with `edgevl keys new`") from error
    if not _Z85.match(public):
        raise KeysError(f"{path} holds no key; make a new one with `edgevl keys new`")
    return public, secret
