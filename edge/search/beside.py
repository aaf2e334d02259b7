"""Searches beside a running line: in a process of their own, begun when the first one is asked, one at a time."""

from __future__ import annotations

import queue
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from edge.search.asked import Told, Wish

# The first search after a long time makes the index of a million parts.
_LONGEST_S = 300.0
_MOST_WAITING = 8

Reply = Callable[[Told | str], None]


class SearchBeside:
    """`ask` from any thread, never waits; replies come from a thread of ours. Close it with the line."""

    def __init__(self, data_dir: Path, bundles: Sequence[Path]) -> None:
        self._command = [sys.executable, "-m", "edge.search", str(data_dir), *(str(bundle) for bundle in bundles)]
        self._asked: queue.Queue[tuple[Wish, Reply] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._is_open = True

    def ask(self, wish: Wish, reply: Reply) -> None:
        """reply gets what was found, or one sentence about why nobody could look."""
        if self._asked.qsize() >= _MOST_WAITING:
            reply("too many searches wait already; ask again later")
            return
        with self._lock:
            if not self._is_open:
                reply("the line is ending")
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="search", daemon=True)
                self._thread.start()
        self._asked.put((wish, reply))

    def close(self) -> None:
        """Ends a search that is under way. Safe to call twice."""
        with self._lock:
            self._is_open = False
        self._end()
        self._asked.put(None)
        if self._thread is not None:
            self._thread.join()
            self._end()

    def _run(self) -> None:
        while (one := self._asked.get()) is not None:
            wish, reply = one
            try:
                reply(self._answered(wish))
            except (OSError, ValueError, msgspec.MsgspecError) as error:
                self._end()
                reply(f"the search process failed ({error}); ask again")

    def _answered(self, wish: Wish) -> Told:
        """Raises OSError, ValueError where the process has ended, hangs or says what is none of ours."""
        process = self._begun()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(wish) + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], _LONGEST_S)[0]:
            raise TimeoutError(f"no answer within {_LONGEST_S:.0f} s")
        return msgspec.json.decode(process.stdout.readline(), type=Told)

    def _begun(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if not self._is_open:
                raise ValueError("the line is ending")
            if self._process is not None and self._process.poll() is not None:
                _put_away(self._process)
                self._process = None
            if self._process is None:
                self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            return self._process

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            _put_away(process)


def _put_away(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what could not be written is not needed any more
                pipe.close()
