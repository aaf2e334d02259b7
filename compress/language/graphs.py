"""The decoder as files in float and in int8, and which of them ships: the one that writes sooner, by validation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from compress.language.export import export_decoder, in_int8
from compress.language.learn import Learnt
from compress.language.look import Look
from compress.language.measure import Figures, measure
from compress.language.told import TellingResult
from compress.progress import Reporter
from edge.bundle import Precision
from edge.facts import Titles
from edge.language.decoder import Decoder
from edge.language.vocabulary import Vocabulary

LAYOUT = 2  # of what the graphs take and give, see `edge.language.decoder`: those of another are made again
_CHOICE = "choice.json"
_MOST = 24  # pictures of validation, spread over it: enough to tell which one is faster
PRECISIONS: tuple[Precision, ...] = ("float32", "int8")


class Choice(msgspec.Struct, frozen=True):
    """Which precision ships, and why; figures: of each on validation."""

    precision: Precision
    why: str
    figures: dict[Precision, Figures]


@dataclass(frozen=True, slots=True)
class Graphs:
    """The files of each precision in `folder`, and the choice."""

    folder: Path
    choice: Choice

    def prefill(self, precision: Precision) -> Path:
        return self.folder / f"prefill.{precision}.onnx"

    def step(self, precision: Precision) -> Path:
        return self.folder / f"step.{precision}.onnx"

    def decoder(self, precision: Precision, vocabulary: Vocabulary) -> Decoder:
        return Decoder(self.prefill(precision), self.step(precision), vocabulary)


def make_graphs(
    folder: Path, learnt: Learnt, val: Look, held_out: TellingResult, titles: Titles, reporter: Reporter
) -> None:
    """Export, quantise the weights, and write about the validation pictures with both."""
    prefill, step = folder / "prefill.float32.onnx", folder / "step.float32.onnx"
    export_decoder(learnt.decoder, prefill, step)
    in_int8(prefill, step, folder)
    figures: dict[Precision, Figures] = {}
    with reporter.bar("writing about validation", len(PRECISIONS)) as advance:
        for precision in PRECISIONS:
            files = folder / f"prefill.{precision}.onnx", folder / f"step.{precision}.onnx"
            figures[precision] = measure(Decoder(*files, learnt.vocabulary), val.every(_MOST), held_out, titles)
            advance()
    (folder / _CHOICE).write_bytes(msgspec.json.encode(_choose(figures)))


def read_graphs(folder: Path) -> Graphs:
    return Graphs(folder, msgspec.json.decode((folder / _CHOICE).read_bytes(), type=Choice))


def _choose(figures: dict[Precision, Figures]) -> Choice:
    spent = {precision: _cpu_ms(figures[precision]) for precision in PRECISIONS}
    faster: Precision = "int8" if spent["int8"] < spent["float32"] else "float32"
    said = f"a report takes {spent['float32']:.1f} ms of processor time in float and {spent['int8']:.1f} ms in int8"
    return Choice(faster, said, figures)


def _cpu_ms(figures: Figures) -> float:
    return sum(each.cpu_ms for each in figures.languages.values()) / max(1, len(figures.languages))
