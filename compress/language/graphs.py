"""The decoder as files in float and in int8, and which of them ships: the one that writes sooner, by validation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from compress.language.export import decoder_files, export_decoder, in_int8
from compress.language.learn import Learnt
from compress.language.look import Look
from compress.language.measure import Figures, measure
from compress.language.told import TellingResult
from compress.progress import Reporter
from edge.bundle.manifest import Precision
from edge.facts import Titles
from edge.language.decoder import Decoder, DecoderFiles
from edge.language.vocabulary import Vocabulary

LAYOUT = 3  # of what the graphs take and give, see `edge.language.decoder`: those of another are made again
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

    def files(self, precision: Precision) -> DecoderFiles:
        return decoder_files(self.folder, precision)

    def decoder(self, precision: Precision, vocabulary: Vocabulary) -> Decoder:
        return Decoder(self.files(precision), vocabulary)


def make_graphs(
    folder: Path, learnt: Learnt, val: Look, held_out: TellingResult, titles: Titles, reporter: Reporter
) -> None:
    """Export, quantise the weights, and write about the validation pictures with both."""
    export_decoder(learnt.decoder, folder)
    in_int8(folder)
    figures: dict[Precision, Figures] = {}
    with reporter.bar("writing about validation", len(PRECISIONS)) as advance:
        for precision in PRECISIONS:
            decoder = Decoder(decoder_files(folder, precision), learnt.vocabulary)
            figures[precision] = measure(decoder, val.every(_MOST), held_out, titles)
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
