"""The service's log: plain sentences for a person, or one JSON object a line for the journal.

Under systemd (JOURNAL_STREAM is set) each line begins with <6>, which journald takes as its level (sd-daemon(3)).
Nothing is rotated here: that is the journal's work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec
from rich.console import Console

from edge.line.ledger import Account
from edge.messages import time_text

LogFormat = Literal["auto", "text", "json"]
Say = Callable[[str], None]


def is_json(form: LogFormat, environment: Mapping[str, str]) -> bool:
    """`auto` writes JSON where the journal reads."""
    return form == "json" or (form == "auto" and "JOURNAL_STREAM" in environment)


def sayer(console: Console, line: str, as_json: bool, environment: Mapping[str, str]) -> Say:
    """Where the parts of a line put their sentences, from any thread."""
    level = "<6>" if as_json and "JOURNAL_STREAM" in environment else ""

    def say(sentence: str) -> None:
        record = {"time": time_text(time.time_ns()), "line": line, "event": sentence}
        text = level + msgspec.json.encode(record).decode() if as_json else sentence
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    return say


def account_sentence(camera: str, account: Account) -> str:
    """One camera's figures when the line has ended; what is still in flight will never arrive."""
    left = account.in_flight + account.unaccounted
    why = ", ".join(f"{reason} {number}" for reason, number in account.dropped_by.items())
    return (
        f"{camera}: {account.triggers} triggers = {account.verdicts} verdicts + {account.dropped} dropped"
        f"{f' ({why})' if why else ''}"
        f" + {left} unaccounted"
    )
