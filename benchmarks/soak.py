"""Run a whole line at full rate, do it harm at random, and count what it owes.

    python -m benchmarks.soak --minutes 15 [--seed 0] [--keep FOLDER]

Real parts only: `edgevl run` in its own process, each camera in one more, two readers that repair gaps in two more.
Faults come one at a time, in random order. The service itself is killed first, and then in the first half only, so that
the second half is one life, over which memory, open files and threads can be compared.

Prints the account. Exit code 1 where a verdict is unaccounted, missing or doubled, or where files or threads grow.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.soak_parts.account import Account, account_of, account_table
from benchmarks.soak_parts.faults import FAULTS, KILL_SERVICE
from benchmarks.soak_parts.gauge import CALM_S, Gauge
from benchmarks.soak_parts.rig import SoakError, rig
from edge.errors import EdgevlError

_PAUSE_S = (2.0, 6.0)
# What the process holds shortly after its start is not yet what it holds at work: this share of the time is left out.
_WARM_UP = 0.15
_LEAST_MINUTES = 2.0


def soak(minutes: float, seed: int, folder: Path, console: Console) -> Account:
    """Run for so long and account for everything. Raises SoakError where the line does not come back from a fault."""
    dice = random.Random(seed)
    end = time.monotonic() + minutes * 60
    half = time.monotonic() + minutes * 30
    warm_up_s = minutes * 60 * _WARM_UP
    done: Counter[str] = Counter()
    with rig(folder) as line:
        line.until_full_rate()
        gauge = Gauge(line)
        gauge.start(warm_up_s)
        deck = [KILL_SERVICE]
        while time.monotonic() < end:
            deck = deck or dice.sample(FAULTS, len(FAULTS))
            fault = deck.pop()
            if fault is KILL_SERVICE and time.monotonic() > half:
                continue
            line.listen(dice.uniform(*_PAUSE_S))
            fault.inflict(line)
            line.until_full_rate()
            done[fault.name] += 1
            if fault is KILL_SERVICE:
                gauge.start(warm_up_s)
            console.print(f"{minutes - (end - time.monotonic()) / 60:5.1f} min  {fault.name}: back at full rate")
        line.listen(CALM_S)
        measured = gauge.stop()
        line.finish()
        return account_of(line, done, measured)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--minutes", type=_minutes, default=15.0, help="how long harm is done; at least 2")
    parser.add_argument("--seed", type=int, default=0, help="which faults come when")
    parser.add_argument("--keep", type=Path, help="an empty folder to keep line file, store and logs in")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    try:
        with tempfile.TemporaryDirectory(prefix="edgevl-soak-") as temporary:
            account = soak(given.minutes, given.seed, given.keep or Path(temporary), console)
    except KeyboardInterrupt:
        console.print("stopped; a soak that is broken off has no account")
        return 130
    except (SoakError, EdgevlError) as error:
        console.print(f"the soak broke off: {error}", markup=False)
        return 1
    Console().print(account_table(account, f"--minutes {given.minutes:g} --seed {given.seed}"))
    return 0 if account.is_clean else 1


def _minutes(text: str) -> float:
    minutes = float(text)
    if minutes < _LEAST_MINUTES:
        raise argparse.ArgumentTypeError(f"at least {_LEAST_MINUTES:g}")
    return minutes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
