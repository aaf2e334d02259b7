"""The one look at the test split: both precisions of the decoder, and the teacher beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from compress.data.dataset import Sample
from compress.language.asked import AsAnswered, ask_what_the_data_asks
from compress.language.graphs import PRECISIONS, Graphs
from compress.language.learn import Learnt
from compress.language.look import Look, look, read_look
from compress.language.measure import Figures, Overlap, measure, overlap
from compress.language.record import Example
from compress.language.told import TellingResult, joined, read_told, tell
from compress.progress import Reporter
from edge.bundle.load import Bundle
from edge.bundle.manifest import ClassSpec, Precision
from edge.facts import Titles
from edge.language.decoder import Decoder
from edge.language.grammar.languages import LANGUAGES
from edge.language.prose import kept, split_sentences

_EXAMPLES = 8
_MOST = 200  # test pictures, spread over the split: two languages in two precisions are four reports a picture
_TESTED = "tested.json"


class Tested(msgspec.Struct, frozen=True):
    """figures of each precision; teacher: per language, its sentences against captions; a few reports to read.

    asked: by kind, how the questions of the data are answered.
    """

    figures: dict[Precision, Figures]
    teacher: dict[str, Overlap]
    examples: tuple[Example, ...]
    asked: dict[str, AsAnswered] = {}


def test(
    folder: Path, bundle: Bundle, samples: Sequence[Sample], learnt: Learnt, made: Graphs, titles: Titles,
    describer: str | None, classes: Sequence[ClassSpec], reporter: Reporter,
) -> None:  # fmt: skip
    """Look at the test pictures, write about them, and keep the figures in `folder`."""
    look(folder, bundle, samples, reporter)
    seen = read_look(folder).every(_MOST)
    names = {each.name for each in seen.seen}
    written_about = [sample for sample in samples if sample.name in names]
    tell(folder, written_about, seen, titles, describer, reporter)
    held_out = read_told(folder)
    decoders = {precision: made.decoder(precision, learnt.vocabulary) for precision in PRECISIONS}
    tested = Tested(
        figures={precision: measure(decoder, seen, held_out, titles) for precision, decoder in decoders.items()},
        teacher=_of_teacher(held_out),
        examples=_examples(decoders[made.choice.precision], seen, titles),
        asked=ask_what_the_data_asks(bundle, samples, classes),
    )
    (folder / _TESTED).write_bytes(msgspec.json.encode(tested))


def read_tested(folder: Path) -> Tested:
    return msgspec.json.decode((folder / _TESTED).read_bytes(), type=Tested)


def _of_teacher(held_out: TellingResult) -> dict[str, Overlap]:
    captions, teacher = held_out.of("caption"), held_out.of("teacher")
    found = {}
    for code in LANGUAGES:
        both = [key for key in teacher if key in captions and key[1] == code]
        said = [joined(teacher[key][0], code) for key in both]
        figures = overlap(said, [[joined(each, code) for each in captions[key]] for key in both])
        if figures is not None:
            found[code] = figures
    return found


def _examples(decoder: Decoder, seen: Look, titles: Titles) -> tuple[Example, ...]:
    """Spread over the split, which is sorted by name."""
    few = seen.every(_EXAMPLES)
    found = []
    for each, tokens_TC in zip(few.seen, few.tokens_NTC, strict=True):
        text, words = {}, {}
        for code, language in LANGUAGES.items():
            draft = decoder.write(tokens_TC, each.verdict, language, titles)
            fit, _ = kept(split_sentences(draft.words), each.verdict, code, titles)
            text[code], words[code] = draft.text, joined(fit, code)
        found.append(Example(each.name, each.class_name, text, words))
    return tuple(found)
