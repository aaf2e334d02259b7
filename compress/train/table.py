"""A finished training on the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from compress.train.card import figures, fold_line
from compress.train.record import TrainingRecord


def print_training(record: TrainingRecord, out: Path, console: Console) -> None:
    """Before and after on validation and test, what folds say, and what to do next."""
    table = Table(title="macro-F1 (95 % interval over groups)", title_justify="left")
    for column in ("split", "told apart by", "before", "after"):
        table.add_column(column)
    for row in figures(record):
        table.add_row(*row)
    console.print(table)
    if record.folds:
        console.print(fold_line(record.folds), highlight=False, markup=False)
    console.print(
        f"\nThe trained teacher is in {out}; what it was trained on is in {out / 'README.md'}.\n"
        f"Next: edgevl compress --teacher {out} --data ... --out ...",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
