"""How long a report of 40 pieces takes on one core, after the encoder, and what KV cache and ONNX Runtime are worth.

    python -m benchmarks.report_speed --work bundles/neu-language.work

The same weights four times in turn: ONNX Runtime with the KV cache, float and int8; ONNX Runtime without it (all pieces
so far through `see` and `read`, for every piece); Hugging Face `generate` (the decoder of Pegasus, which computes the
same; its logits are held against ours first). Greedy, unconstrained, one thread. Targets: 60 ms, 5 times, 10 times.

Then a report of the first picture in English as the device writes it, where all pieces that follow from a choice are
read in one go, and the same report piece by piece.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.report_parts.pegasus import as_pegasus, seen
from compress.language.export import decoder_files
from compress.language.graphs import PRECISIONS
from compress.language.learn import Learnt, read_learnt
from compress.language.look import Look, read_look
from edge.bundle.manifest import ClassSpec
from edge.facts import Titles
from edge.language.course import Course
from edge.language.decoder import LONGEST_WORDS, Decoder
from edge.language.grammar.languages import language_of
from edge.language.grammar.slots import fill
from edge.language.vocabulary import prompt_of

PIECES = 40
_ROUNDS = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="OUT.work of `edgevl language`")
    work = parser.parse_args().work
    torch.set_num_threads(1)
    learnt, look = read_learnt(work / "3-learn"), read_look(work / "1-look")
    tokens_TC = np.array(look.tokens_NTC[0])
    prompt = prompt_of(look.seen[0].verdict, "en")
    decoders = {
        precision: Decoder(decoder_files(work / "4-graphs", precision), learnt.vocabulary) for precision in PRECISIONS
    }
    generate = _generate(learnt, tokens_TC, prompt)
    ways: dict[str, Callable[[], list[int]]] = {
        "KV cache, float": lambda: with_cache(decoders["float32"], tokens_TC, prompt),
        "KV cache, int8": lambda: with_cache(decoders["int8"], tokens_TC, prompt),
        "no KV cache, float": lambda: without_cache(decoders["float32"], tokens_TC, prompt),
        "Hugging Face generate": generate,
    }
    same = ways["KV cache, float"]() == ways["no KV cache, float"]() == ways["Hugging Face generate"]()
    print(f"float: the three ways write the same {PIECES} pieces: {same}")
    spent = _in_turn(ways)
    ships = min(spent["KV cache, float"][1], spent["KV cache, int8"][1])  # as `edgevl language` chooses
    for name, (wall, cpu) in spent.items():
        print(f"{name:<24} {wall:8.1f} ms, processor time {cpu:8.1f} ms, {cpu / ships:5.1f} times what ships")
    _a_report(decoders["int8"], look)


def _a_report(decoder: Decoder, look: Look) -> None:
    facts, tokens_TC = look.seen[0].verdict, np.array(look.tokens_NTC[0])
    language, titles = language_of("en"), Titles((ClassSpec(facts.class_name or "", "defect"),))
    draft = decoder.write(tokens_TC, facts, language, titles)

    def one_by_one() -> list[int]:
        course = Course(language, fill(facts, language, titles), decoder.vocabulary, LONGEST_WORDS)
        so_far, ids, unread = decoder.begin(tokens_TC), [], decoder.prompt_ids(facts, language)
        while not course.is_done:
            logits_V, _ = decoder.read(unread, so_far)
            ids.append(int(np.where(course.allowed(), logits_V, -np.inf).argmax()))
            course.step(ids[-1])
            unread = ids[-1:]
        return ids

    assert len(one_by_one()) == draft.pieces
    ways = {"as the device writes it": lambda: [decoder.write(tokens_TC, facts, language, titles).pieces]}
    print(f"a report of {draft.pieces} pieces, int8")
    for name, (wall, cpu) in _in_turn({**ways, "piece by piece": one_by_one}).items():
        print(f"{name:<24} {wall:8.1f} ms, processor time {cpu:8.1f} ms")


def with_cache(decoder: Decoder, tokens_TC: NDArray[np.float32], prompt: list[str]) -> list[int]:
    """PIECES pieces, whatever they are."""
    so_far, unread = decoder.begin(tokens_TC), _ids(decoder, prompt)
    said: list[int] = []
    while len(said) < PIECES:
        logits_V, _ = decoder.read(unread, so_far)
        unread = [int(logits_V.argmax())]
        said += unread
    return said


def without_cache(decoder: Decoder, tokens_TC: NDArray[np.float32], prompt: list[str]) -> list[int]:
    """All pieces so far through the decoder for each new one."""
    said: list[int] = []
    while len(said) < PIECES:
        logits_V, _ = decoder.read([*_ids(decoder, prompt), *said], decoder.begin(tokens_TC))
        said.append(int(logits_V.argmax()))
    return said


def _ids(decoder: Decoder, prompt: list[str]) -> list[int]:
    return [decoder.vocabulary.numbers[mark] for mark in prompt]


def _generate(learnt: Learnt, tokens_TC: NDArray[np.float32], prompt: list[str]) -> Callable[[], list[int]]:
    """`generate` with the same weights. Raises SystemExit where it does not compute the same."""
    model = as_pegasus(learnt.decoder)
    tokens_BTC = torch.from_numpy(tokens_TC)[None]
    ids = torch.tensor([learnt.vocabulary.ids(prompt)])
    encoded = seen(learnt.decoder, tokens_BTC)
    with torch.inference_mode():
        theirs = model(encoder_outputs=encoded, decoder_input_ids=ids).logits
        off = float((theirs - learnt.decoder(ids, tokens_BTC)[0]).abs().max())
    if off > 1e-3:
        raise SystemExit(f"Pegasus computes something else: logits differ by {off:.3g}")
    print(f"Pegasus computes the same: logits differ by {off:.1g}")

    def run() -> list[int]:
        with torch.inference_mode():
            written = model.generate(
                encoder_outputs=encoded, decoder_input_ids=ids, max_new_tokens=PIECES, min_new_tokens=PIECES,
                decoder_start_token_id=int(ids[0, 0]),
                do_sample=False, num_beams=1, eos_token_id=None,
            )  # fmt: skip
        return [int(n) for n in written[0][ids.shape[1] :]]

    return run


def _in_turn(ways: dict[str, Callable[[], list[int]]]) -> dict[str, tuple[float, float]]:
    """The median wall and processor milliseconds of each way, one after the other in every round."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            way()
            taken[name].append((1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)))
    return {name: (statistics.median(w for w, _ in t), statistics.median(c for _, c in t)) for name, t in taken.items()}


if __name__ == "__main__":
    main()
