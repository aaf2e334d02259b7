"""A line that runs, and the box it runs on. Heavy imports happen inside, so that `edgevl --help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def run_command(
    line_file: Annotated[Path, typer.Argument(help="The line file (TOML); see configs/ for commented examples.")],
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Stop by itself after so many seconds.")] = None,
) -> None:
    """Inspect: frames from cameras, one verdict per part, on the feed, in the history, on the dashboard.

    Ends with Ctrl-C, after --seconds, or when every camera is a file and all are through; then prints the account of
    every trigger.

    Example:  edgevl run configs/line-demo.toml
    """
    from edge.config.load import load_line
    from edge.service import run_line

    run_line(load_line(line_file), seconds, Console())


def watch_command(
    address: Annotated[str, typer.Argument(help="The feed, as the line file's [feed] bind says.")] = (
        "tcp://127.0.0.1:5560"
    ),
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Stop by itself after so many seconds.")] = None,
    keys: Annotated[
        Path | None, typer.Option(help="A folder with server.key and NAME.key_secret, where the line asks for keys.")
    ] = None,
    reports: Annotated[
        str | None, typer.Option(help="Also show the reports of parts, in this language: zh-TW or en.")
    ] = None,
) -> None:
    """Show a running line's verdicts in this terminal, none missing, with the cameras' state below.

    Example:  edgevl watch --reports zh-TW
    """
    from edge.client.watch import watch
    from edge.feed.keys import read_client_keys

    known = None if keys is None else read_client_keys(keys)
    watch(address, Console(), seconds, known, reports)


def recipe_command(
    product: Annotated[str, typer.Argument(help="A product of the line file, or main for the line's own bundle.")],
    camera: Annotated[str | None, typer.Option(help="Only this camera; all of them without.")] = None,
    address: Annotated[str, typer.Option(help="The line's request socket, by default the feed's next port.")] = (
        "tcp://127.0.0.1:5561"
    ),
    keys: Annotated[
        Path | None, typer.Option(help="A folder with server.key and NAME.key_secret, where the line asks for keys.")
    ] = None,
) -> None:
    """Switch a running line, or one of its cameras, to another product; returns when parts are judged as that.

    The product's engine is opened and checked first; until then parts are judged as before. Every verdict says as
    what it was judged.

    Example:  edgevl recipe plate-b --camera belt
    """
    from edge.client.recipe import choose_product
    from edge.feed.keys import read_client_keys

    client_keys = None if keys is None else read_client_keys(keys)
    choose_product(address, product, camera, client_keys)
    Console().print(f"{camera or 'all cameras'}: judged as product {product}")


def doctor_command(
    line_file: Annotated[Path | None, typer.Argument(help="Also check this line file, its bundle and cameras.")] = None,
) -> None:
    """Say what this machine has, what is missing, and the command that installs it.

    Ends with exit code 1 where something that inspection needs is missing.

    Example:  edgevl doctor configs/line-demo.toml
    """
    from edge.doctor.examine import examine
    from edge.doctor.finding import findings_table

    findings = examine(line_file)
    Console().print(findings_table(findings))
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


def bench_command(
    bundle: Annotated[Path, typer.Argument(help="The bundle to time.")],
    frames: Annotated[
        str, typer.Option(help="Where the frames come from: any camera URI, or a folder or video.")
    ] = "pattern:?fps=0",
    seconds: Annotated[float, typer.Option(min=1.0, help="How long to measure, over all rounds.")] = 20.0,
    threads: Annotated[int, typer.Option(min=0, help="Threads of the engine; 0 lets edgevl choose.")] = 0,
) -> None:
    """Compare the whole line with the bare engine on the same frames, in one run, side by side.

    Prints the ratio of throughputs, p50 and p99 latency, and memory. Ratios hold on a noisy machine; times do not.
    """
    from edge.bench.measure import bench, result_table

    Console().print(result_table(bench(bundle, frames, seconds, threads)))
