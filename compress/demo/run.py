"""The demo from end to end: draw, teach, compress, inspect. What is finished is kept for the next start."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from compress.data.dataset import read_dataset
from compress.demo.pictures import write_pictures
from compress.demo.teacher import train_teacher
from compress.pipeline import compress
from compress.progress import ConsoleReporter
from compress.recipe import Recipe
from compress.report.table import print_table
from compress.workspace import open_workspace
from edge.bundle.manifest import MANIFEST
from edge.config.load import load_line
from edge.service import run_line

_BUNDLE = "simulated"
_PICTURES = 1200
_TEACHER_STEPS = 380
_RECIPE = Recipe(views=4000, steps=330, recover_steps=100)
_TRAINING_SEED = 1000  # added to the seed: the belt never shows a part that was trained on

_LINE_FILE = """\
# Written by `edgevl demo`; run it by itself with: edgevl run {folder}/line.toml
[line]
name = "demo"
bundle = "{bundle}"
data_dir = "data"

[[camera]]
name = "belt"
uri = "pattern:?fps=25&seed={seed}"
trigger = "part"   # each part once, where it is best centred
margin = 0.12      # some belt around the part, as in the training pictures

[dashboard]
port = {port}
"""


def run_demo(folder: Path, seed: int, seconds: float | None, port: int, console: Console) -> None:
    """Make the demo's bundle unless `folder` has it, then inspect the simulated line.

    Raises DataError where another demo is working in the folder; KeyboardInterrupt on Ctrl-C while training.
    """
    bundle = folder / _BUNDLE
    if not (bundle / MANIFEST).is_file():
        _make_bundle(folder, bundle, seed, console)
    line_file = folder / "line.toml"
    line_file.write_text(_LINE_FILE.format(folder=folder, bundle=_BUNDLE, seed=seed, port=port), encoding="utf-8")
    where = f"http://127.0.0.1:{port}/"
    console.print(Panel(f"The line is starting. Watch it at [bold]{where}[/]   (Ctrl-C ends it)", expand=False))
    run_line(load_line(line_file), seconds, console)


def _make_bundle(folder: Path, bundle: Path, seed: int, console: Console) -> None:
    reporter = ConsoleReporter(console)
    with open_workspace(folder / "work", reporter):
        reporter.say("first start: drawing parts, teaching a teacher, compressing it; a few minutes on two cores")
        write_pictures(folder / "pictures", _PICTURES, seed + _TRAINING_SEED, reporter)
        dataset = read_dataset(folder / "pictures")
        train_teacher(folder / "teacher", dataset, _TEACHER_STEPS, seed, reporter)
    command = f"edgevl demo --folder {folder} --seed {seed}"
    _, report = compress(str(folder / "teacher"), folder / "pictures", bundle, _RECIPE, reporter, command)
    print_table(report, console)
