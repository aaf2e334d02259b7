"""What people have marked as wrong, in a terminal: in words, counted, and its pictures copied to be learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from edge.messages import VerdictMark
from edge.store.history import History, StoredVerdict
from edge.store.marked_pictures import copy_marked
from edge.store.marks import added
from edge.store.wanted import Wanted


def mark_text(mark: VerdictMark | None) -> str:
    """`scratch, Lin: on the rim`: what the part really was, who says so, and the note."""
    if mark is None:
        return ""
    unnamed = {"good": "good", "defect": "another defect", "unknown": "wrong, not said what"}
    what = mark.class_name or unnamed[mark.truth or "unknown"]
    return what + (f", {mark.by}" if mark.by else "") + (f": {mark.note}" if mark.note else "")


def print_counts(console: Console, history: History, wanted: Wanted) -> None:
    """How many of the verdicts that are wanted, marked or not, people have marked; nothing where they have not."""
    marks = added(history.marked_hours(wanted).values())
    if not marks.total:
        return
    hours = [bucket.counts for bucket in history.hours(replace(wanted, marked=False))]
    ok, ng, undecided = (sum(getattr(counts, name) for counts in hours) for name in ("ok", "ng", "undecided"))
    said = [
        (marks.overkill, f"of {ng:,} NG verdicts were marked good"),
        (marks.escapes, f"of {ok:,} OK verdicts were marked as defects"),
        (marks.other_class, f"of {ng:,} NG verdicts were marked as another defect"),
        (marks.undecided, f"of {undecided:,} UNDECIDED parts were marked as what they are"),
        (marks.unknown, "were marked wrong, and nobody said what else"),
    ]
    sentences = "; ".join(f"{number:,} {words}" for number, words in said if number)
    console.print(f"{sentences}. Others may be wrong that nobody looked at.", highlight=False, soft_wrap=True)


def print_copied(console: Console, history: History, marked: Sequence[StoredVerdict], folder: Path) -> None:
    """Copy the pictures of marked parts into a new folder; say where they are, and what is missing."""
    if not marked:
        console.print("nobody has marked such a part; nothing was copied")
        return
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("pictures", total=len(marked))
        copied = copy_marked(history, marked, folder, lambda: progress.advance(task))
    said = [f"{number} in {folder / name}" for name, number in sorted(copied.by_folder.items())]
    if copied.without_picture:
        said.append(f"of {copied.without_picture} marked parts no picture is kept; those judged OK never have one")
    if copied.unreadable:
        said.append(f"of {copied.unreadable} marked parts the picture cannot be read")
    for sentence in said:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
