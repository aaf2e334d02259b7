"""How well parts are found: from sentences in both languages, and from parts to parts, against the teacher's own.

    python -m benchmarks.search --bundle bundles/line3-language --data pictures/line3 --teacher models/clip

Test pictures alone, through the graph that ships; sentences in wordings that the text encoder was not trained on, drawn
from the annotations. A part is right where all that the sentence says is true of it; from parts to parts, where
it has the same class. `by chance` is any order. The store and the index are the real ones, in a folder for this run.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from compress.data.dataset import read_dataset
from compress.data.samples import Sample
from compress.errors import TeacherError
from compress.progress import ConsoleReporter, Reporter
from compress.search.parts import Parts, look_at
from compress.search.recall import AT, Question, held_out_questions, ranked, recall, right_parts
from compress.search.stage import names_by_class
from compress.search.wording import LANGUAGES
from compress.teachers.dual import embed_text, load_dual
from compress.teachers.features import teacher_embeddings
from compress.teachers.teacher import load_teacher
from edge.bundle.load import Bundle, load_bundle
from edge.geometry import Box, Region
from edge.messages import SCHEMA_VERSION, Timings, Verdict, time_text, topic_for
from edge.search import wordlist
from edge.search.results import Look
from edge.search.search import Search, open_search
from edge.search.seen import Seen
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import StoreLimits
from edge.store.wanted import Wanted

_SEED = 4242
_SIDE = 1000  # pixels of the region that places are told in


def store(folder: Path, parts: Parts, bundle: Bundle) -> None:
    """The parts as a line would have stored them, one a second."""
    with open_store(folder, StoreLimits(), print) as kept:
        rows = [
            NewVerdict(_verdict(number, seen, bundle), number * 10**9, embedding_D)
            for number, (seen, embedding_D) in enumerate(zip(parts.said, parts.embedding_ND, strict=True))
        ]
        kept.append(rows)


def _verdict(number: int, seen: Seen, bundle: Bundle) -> Verdict:
    boxes = tuple(
        Box(
            max(0, round((patch.u - patch.w / 2) * _SIDE)), max(0, round((patch.v - patch.h / 2) * _SIDE)),
            max(1, round(patch.w * _SIDE)), max(1, round(patch.h * _SIDE)), 1.0,
        )
        for patch in seen.patches
    )  # fmt: skip
    topic, at = topic_for("verdict", "test", "test"), time_text(number * 10**9)
    return Verdict(
        schema=SCHEMA_VERSION, id=f"20260131T120000Z-0a1b2c-test-{number}", topic=topic, epoch="test", number=number,
        line="test", camera="test", captured=at, published=at, frame_seq=number, status=seen.status, reason=None,
        class_name=seen.class_name, probability=min(1.0, seen.probability), defect_score=min(1.0, seen.defect_score),
        frame_width=_SIDE, frame_height=_SIDE, region=Region(0, 0, _SIDE, _SIDE), boxes=boxes, engine="",
        timings=Timings(wait_ms=0, preprocess_ms=0, engine_ms=0, decide_ms=0, total_ms=0),
        bundle=bundle.manifest.bundle_id,
    )  # fmt: skip


def by_sentence(search: Search, questions: Sequence[Question], parts: int) -> NDArray[np.int64]:
    """What `edgevl search` shows."""
    found = [[hit.stored.verdict.number for hit in search.by_sentence(q.text, Wanted(), max(AT))] for q in questions]
    return _square(found, parts)


def by_words(generation: Path, questions: Sequence[Question], parts: int) -> NDArray[np.int64]:
    """Of these, what the words alone would find; rows count from 1."""
    return _square([[row - 1 for row in wordlist.find(generation, q.text, max(AT))] for q in questions], parts)


def by_look(search: Search, parts: Parts, bundle: Bundle) -> NDArray[np.int64]:
    """What `edgevl search VERDICT-ID` shows."""
    found = []
    for number, embedding_D in enumerate(parts.embedding_ND):
        look = Look(bundle.manifest.bundle_id, embedding_D, f"20260131T120000Z-0a1b2c-test-{number}")
        found.append([hit.stored.verdict.number for hit in search.by_look(look, Wanted(), max(AT))])
    return _square(found, len(parts))


def _square(found: Sequence[Sequence[int]], parts: int) -> NDArray[np.int64]:
    rank_QP = np.full((len(found), min(max(AT), parts)), -1)
    for q, row in enumerate(found):
        rank_QP[q, : len(row)] = row[: rank_QP.shape[1]]
    return rank_QP


def _by_chance(questions: int, parts: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(parts)[: max(AT)] for _ in range(questions)])


def teacher_says(name: str) -> Callable[[Sequence[str]], NDArray[np.float32]] | None:
    """The teacher's own text tower, None where it has none."""
    try:
        dual = load_dual(name)
    except TeacherError:
        return None

    def embed(sentences: Sequence[str]) -> NDArray[np.float32]:
        with torch.inference_mode():
            batches = [embed_text(dual, sentences[n : n + 32]) for n in range(0, len(sentences), 32)]
        return torch.cat(batches).numpy()

    return embed


def teacher_looks(name: str, samples: Sequence[Sample], reporter: Reporter) -> NDArray[np.float32]:
    """The teacher's own embeddings, L2-normalised."""
    with tempfile.TemporaryDirectory() as folder:
        embedding_ND = teacher_embeddings(load_teacher(name), tuple(samples), Path(folder), reporter)
    return np.asarray(embedding_ND / np.linalg.norm(embedding_ND, axis=1, keepdims=True), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True, help="made by `edgevl language`")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", help="a Hugging Face folder or name")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    reporter = ConsoleReporter()
    bundle = load_bundle(arguments.bundle)
    samples = read_dataset(arguments.data, reporter=reporter).of("test")
    parts = look_at(bundle, samples, reporter)
    look_ND = None if arguments.teacher is None else teacher_looks(arguments.teacher, samples, reporter)
    says = None if arguments.teacher is None else teacher_says(arguments.teacher)
    with tempfile.TemporaryDirectory() as folder:
        store(Path(folder), parts, bundle)
        with open_search(Path(folder), [bundle], reporter.say) as search:
            search.catch_up()
            Console().print(table(search, next(Path(folder).glob("search/*/")), parts, bundle, look_ND, says))


def table(
    search: Search,
    generation: Path,
    parts: Parts,
    bundle: Bundle,
    look_ND: NDArray[np.float32] | None,
    says: Callable[[Sequence[str]], NDArray[np.float32]] | None,
) -> Table:
    """One row a way to ask and a way to find."""
    classes = [spec.name for spec in bundle.manifest.classes]
    names = names_by_class(bundle.manifest.classes)
    shown = Table("asked by", "found by", "questions", *(f"recall@{k}" for k in AT), title=f"{len(parts)} test parts")

    def add(asked: str, way: str, rank_QP: NDArray[np.int64], right_QP: NDArray[np.bool_]) -> None:
        figures = recall(rank_QP, right_QP)
        asked_Q = int(right_QP.any(axis=1).sum())
        shown.add_row(asked, way, str(asked_Q), *(f"{figures[k]:.3f}" for k in AT))

    for language in LANGUAGES:
        questions = held_out_questions(parts.true, language, names, _SEED)
        right_QP = right_parts(questions, parts.true, classes)
        add(language, "edgevl search", by_sentence(search, questions, len(parts)), right_QP)
        add(language, "words alone", by_words(generation, questions, len(parts)), right_QP)
        if says is not None and look_ND is not None:
            add(language, "the teacher's text tower", ranked(says([q.text for q in questions]), look_ND), right_QP)
        add(language, "by chance", _by_chance(len(questions), len(parts)), right_QP)
        shown.add_section()
    label_N = np.array([seen.class_name for seen in parts.true])
    right_QP = label_N[:, None] == label_N[None]
    np.fill_diagonal(right_QP, False)
    add("a part", "edgevl search", by_look(search, parts, bundle), right_QP)
    add("a part", "whole embeddings", ranked(parts.embedding_ND, parts.embedding_ND, leave_self=True), right_QP)
    if look_ND is not None:
        add("a part", "the teacher's embeddings", ranked(look_ND, look_ND, leave_self=True), right_QP)
    add("a part", "by chance", _by_chance(len(parts), len(parts)), right_QP)
    if says is None and look_ND is not None:
        shown.caption = "the teacher has no text tower, so it finds nothing by a sentence"
    return shown


if __name__ == "__main__":
    main()
