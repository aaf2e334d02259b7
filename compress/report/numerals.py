"""Numbers as the report and the table write them, for people."""

from __future__ import annotations

from compress.judge.metrics import Interval, Rate

NOTHING = "—"


def score(value: float | None) -> str:
    """A measure between 0 and 1: `0.981`. Only a perfect one reads `1.000`."""
    if value is None:
        return NOTHING
    return f"{value if value >= 1.0 else min(value, 0.999):.3f}"


def score_interval(interval: Interval) -> str:
    """`0.967–0.993`, or what it means that resampling never gave another value."""
    if interval.low == interval.high:
        return "no mistake" if interval.low == 1.0 else "no interval"
    return f"{score(interval.low)}–{score(interval.high)}"


def of_total(rate: Rate | None) -> str:
    """`2 of 101`."""
    return NOTHING if rate is None else f"{rate.count:,} of {rate.total:,}"


def rate_interval(rate: Rate | None) -> str:
    """`0.5–6.9 %`; empty where there is no rate."""
    return "" if rate is None else f"{100 * rate.interval.low:.1f}–{100 * rate.interval.high:.1f} %"


def percent(share: float) -> str:
    """`6.9 %`."""
    return f"{100 * share:.1f} %"


def amount(count: int | None) -> str:
    """Parameters or multiply-adds: `2.26 M`."""
    if count is None:
        return NOTHING
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{three_digits(count / size)} {letter}"
    return str(count)


def three_digits(value: float) -> str:
    """Milliseconds, megabytes, factors: `0.86`, `1.31`, `24.6`, `1,310`."""
    places = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:,.{places}f}"


def change(difference: float) -> str:
    """With its sign, a real minus: `−0.0012`. A change too small to show reads `0`."""
    text = f"{abs(difference):.4f}"
    if float(text) == 0.0:
        return "0"
    return f"{'−' if difference < 0 else '+'}{text}"


def tiny(value: float) -> str:
    """A largest difference: `3e-7` below a thousandth, `0.083` above."""
    if value == 0 or value >= 1e-3:
        return f"{value:.3f}" if value else "0"
    digit, power = f"{value:.0e}".split("e")
    return f"{digit}e{int(power)}"


def duration(seconds: float) -> str:
    """`0.4 s`, `31 s`, `2 min 31 s`, `1 h 02 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
