"""Whole messages, with a file descriptor where one is needed, over a SOCK_SEQPACKET pair to a process of our own."""

from __future__ import annotations

import array
import socket

# What a Linux socket pair takes in one piece without being asked for more.
MOST_BYTES = 65536


class HungUpError(Exception):
    """The other side is gone, or says what cannot be understood."""


def send(connection: socket.socket, message: bytes, fd: int = -1) -> None:
    """Send a message of at most MOST_BYTES. `fd`: goes with it; the caller keeps its own and closes it.

    Raises HungUpError, TimeoutError after the socket's timeout.
    """
    try:
        if fd < 0:
            connection.send(message)
        else:
            socket.send_fds(connection, [message], [fd])
    except TimeoutError:
        raise
    except OSError as error:
        raise HungUpError("it has hung up") from error


def receive(connection: socket.socket) -> tuple[bytes, int]:
    """The next message, and the file descriptor that came with it, or -1; the caller owns that. Raises as `send`."""
    fds = array.array("i")
    try:
        message, ancillary, _, _ = connection.recvmsg(MOST_BYTES, socket.CMSG_SPACE(fds.itemsize))
    except TimeoutError:
        raise
    except OSError as error:
        raise HungUpError("it has hung up") from error
    if not message:
        raise HungUpError("it has hung up")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(content[: fds.itemsize])
    return message, fds[0] if fds else -1
