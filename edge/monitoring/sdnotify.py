"""Tell systemd how the service is, as sd_notify(3) and sd_watchdog_enabled(3) describe. Nothing happens elsewhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


def notify(state: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send `READY=1`, `WATCHDOG=1`, `STOPPING=1` or `STATUS=...`; whether there was anyone to tell."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # A leading @ stands for the abstract namespace, whose names begin with a zero byte.
    name = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode(), name)
        except OSError:
            return False
    return True


def watchdog_s(environment: Mapping[str, str] = os.environ) -> float | None:
    """After how many seconds without `WATCHDOG=1` systemd ends this process; None where it does not watch."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    watched = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 1e6 if watched and microseconds.isdecimal() and int(microseconds) > 0 else None
