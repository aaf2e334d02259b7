"""`edgevl watch`: the feed in a terminal, one line a verdict, and the line's state below."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from edge.client import Account, Client
from edge.feed.keys import ClientKeys
from edge.language.grammar.languages import language_of
from edge.messages import CameraReport, LineReport, Message, PartReport, ReportState, Verdict

_SILENT_S = 3.0
_POLL_S = 0.25
_TOPICS = ("verdict/", "camera/", "line/")
_COLOURS = {"OK": "green", "NG": "bold red", "UNDECIDED": "bold yellow"}
_NO_REPORT: dict[ReportState, str] = {
    "queued": "it is being written",
    "ready": "not in this language",
    "expired": "it was not written in time",
    "shed": "too many parts at once",
}
_STATES = {"up": "green", "opening": "yellow", "ended": "dim", "down": "bold red"}


@dataclass(slots=True)
class Footer:
    """The newest reports, when anything came last (`time.monotonic()`), and the request socket while it is silent."""

    line: LineReport | None = None
    cameras: dict[str, CameraReport] = field(default_factory=dict)
    last: float = field(default_factory=time.monotonic)
    begun: float = field(default_factory=time.monotonic)
    silent_socket: str | None = None

    def take(self, message: Message) -> None:
        self.last = time.monotonic()
        if isinstance(message, LineReport):
            self.line = message
        elif isinstance(message, CameraReport):
            self.cameras[message.camera] = message


def watch(
    address: str,
    console: Console,
    seconds: float | None = None,
    keys: ClientKeys | None = None,
    language: str | None = None,
) -> None:
    """Show a feed until Ctrl-C, or for `seconds`; with a language also the reports.

    Raises ConfigError: no address, or a language that no report is written in.
    """
    if language is not None:
        language_of(language)
    end = float("inf") if seconds is None else time.monotonic() + seconds
    footer = Footer()
    with (
        Client(address, [*_TOPICS, *(["report/"] if language else [])], keys=keys) as client,
        Live(console=console, refresh_per_second=4) as live,
    ):
        try:
            while time.monotonic() < end:
                _show_next(client, live, footer, address, language)
        except KeyboardInterrupt:
            return


def _show_next(client: Client, live: Live, footer: Footer, address: str, language: str | None) -> None:
    received = client.receive(_POLL_S)
    if received is not None:
        message, _ = received
        footer.take(message)
        if isinstance(message, Verdict):
            live.console.print(verdict_text(message), soft_wrap=True)
        elif isinstance(message, PartReport) and message.state != "queued" and language is not None:
            live.console.print(report_view(message, language), soft_wrap=True)
    footer.silent_socket = client.silent_socket
    live.update(footer_view(footer, client.account, address))


def verdict_text(verdict: Verdict) -> Text:
    """`08:00:00.123 belt 17 NG scratch 0.98, 2 boxes, 7.1 ms`."""
    boxes = f", {len(verdict.boxes)} box{'es' if len(verdict.boxes) > 1 else ''}" if verdict.boxes else ""
    what = verdict.class_name or verdict.reason or ""
    return Text.assemble(
        (verdict.captured[11:23] + " ", "dim"),
        f"{verdict.camera} {verdict.number} ",
        (f"{verdict.status:<9}", _COLOURS[verdict.status]),
        f" {what} {verdict.probability:.2f}{boxes}, {verdict.timings.total_ms:.1f} ms",
    )


def report_view(report: PartReport, language: str) -> Text:
    """`    belt 17 One scratch, upper left ...`, the model's own words in brackets; or why there is no report."""
    said = report.text.get(language)
    words = report.words.get(language)
    return Text.assemble(
        (f"    {report.camera} {report.verdict_number} ", "dim"),
        said if said is not None else (f"no report: {_NO_REPORT[report.state]}", "dim"),
        (f" [the model's own words: {words}]" if words else "", "italic dim"),
    )


def footer_view(footer: Footer, account: Account, address: str) -> Group:
    """The cameras as a table, the line's pace, and what is wrong with the feed, if anything."""
    troubles = [f"{camera}: {r.detail}" for camera, r in footer.cameras.items() if r.state != "up"]
    lines = [Text(text) for text in (*troubles, _pace(footer.line), _losses(account)) if text]
    silent_s = time.monotonic() - footer.last
    if silent_s > _SILENT_S:
        lines.append(Text(_what_to_check(silent_s, address), style="yellow"))
    elif footer.silent_socket is not None and time.monotonic() - footer.begun > _SILENT_S:
        where = footer.silent_socket or "(its heartbeat names none)"
        lines.append(Text(f"no verdicts yet: the line's request socket {where} does not answer", style="yellow"))
    return Group(_cameras(footer), *lines)


def _cameras(footer: Footer) -> Table:
    table = Table(box=None, header_style="dim")
    for column in ("camera", "state", "pictures/s", "verdicts", "OK", "NG", "UNDECIDED", "dropped"):
        table.add_column(column)
    for camera, report in footer.cameras.items():
        figures = (report.verdicts, report.ok, report.ng, report.undecided, report.dropped)
        state = Text(report.state, style=_STATES[report.state])
        table.add_row(Text(camera), state, f"{report.fps:.1f}", *(str(figure) for figure in figures))
    return table


def _pace(line: LineReport | None) -> str:
    if line is None:
        return ""
    return (
        f"{line.line}: {line.verdicts_per_s:.1f} verdicts/s, p50 {line.p50_ms:.1f} ms, p99 {line.p99_ms:.1f} ms, "
        f"{line.memory_mb:.0f} MB; bundle {line.bundle_name} ({line.bundle}) on {line.engine}"
    )


def _losses(account: Account) -> str:
    found = {"repaired": account.repaired, "not understood": account.malformed, "restarts": account.restarts}
    return ", ".join([f"verdicts: {account}", *(f"{number} {name}" for name, number in found.items() if number)])


def _what_to_check(silent_s: float, address: str) -> str:
    return (
        f"nothing from {address} for {silent_s:.0f} s: is the line running (`edgevl run LINE.toml`, or "
        "`systemctl status edgevl@NAME`), and is this the `bind` of [feed] in its line file?"
    )
