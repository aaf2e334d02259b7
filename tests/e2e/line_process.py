"""A line in a process of its own, as the service runs it: `python -m tests.e2e.line_process LINE.toml [SECONDS]`."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from edge.config.load import load_line
from edge.errors import EdgevlError
from edge.feed.subscribe import Subscription, subscribe
from edge.service import run_line

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class LineProcess:
    """A started line; `feed` is where it publishes."""

    process: subprocess.Popen[str]
    feed: str

    def reader(self) -> Subscription:
        return subscribe(self.feed)

    def end(self, how: signal.Signals) -> tuple[int, str]:
        """Send a signal and wait; the exit code and the whole log."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


def start_line(
    line_file: Path, feed: str, environment: Mapping[str, str] | None = None, seconds: float | None = None
) -> LineProcess:
    """Start without waiting until it runs."""
    arguments = [str(line_file)] + ([str(seconds)] if seconds is not None else [])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.line_process", *arguments],
        cwd=ROOT,
        env=dict(environment) if environment is not None else None,
        stderr=subprocess.PIPE,
        text=True,
    )
    return LineProcess(process, feed)


def free_address() -> str:
    """A feed address that nothing listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def write_line(
    folder: Path,
    bundle: Path,
    feed: str,
    cameras: Mapping[str, str],
    dashboard_port: int | None = None,
    each_camera: str = "",
) -> Path:
    """A line file for `cameras` (name -> URI) in `folder`; its data go to `FOLDER/data`.

    each_camera: more TOML for each of them.
    """
    tables = [
        '[log]\nformat = "text"',
        f'[line]\nname = "steel"\nbundle = "{bundle}"\ndata_dir = "data"',
        f'[feed]\nbind = "{feed}"\nrequests = "tcp://127.0.0.1:*"\npicture_hz = 2',
        f"[dashboard]\nenabled = {str(dashboard_port is not None).lower()}\nport = {dashboard_port or 8088}",
        *(f'[[camera]]\nname = "{name}"\nuri = "{uri}"\n{each_camera}' for name, uri in cameras.items()),
    ]
    file = folder / "steel.toml"
    file.write_text("\n\n".join(tables), encoding="utf-8")
    return file


def accounts_in(log: str) -> dict[str, list[int]]:
    """The rows of the summary table: camera -> triggers, verdicts, OK, NG, UNDECIDED, dropped, unaccounted."""
    rows = re.findall(r"^│ (\w+) +│(.*)│$", log, flags=re.MULTILINE)
    return {camera: [int(cell) for cell in cells.split("│")] for camera, cells in rows}


def main(line_file: Path, seconds: float | None) -> int:
    try:
        run_line(load_line(line_file), seconds, Console(stderr=True, width=100))
    except EdgevlError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else None))
