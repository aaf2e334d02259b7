"""The model card: what the folder holds, what it was trained on, and what that was worth, for people."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from compress.judge.metrics import Classification
from compress.train.judge import Opinion
from compress.train.options import TrainOptions
from compress.train.record import FoldScore, TrainingRecord


def model_card(record: TrainingRecord, name: str) -> str:
    """README.md of the folder, in Markdown."""
    return "\n".join(_lines(record, name)) + "\n"


def figures(record: TrainingRecord) -> Iterator[tuple[str, str, str, str]]:
    """Rows of what was measured: split, by what, macro-F1 with its 95 % interval before, and after."""
    for split, before, after in (
        ("validation", record.val_before, record.val),
        ("test", record.test_before, record.test),
    ):
        for by, old, new in _pairs(before, after):
            yield split, by, _f1(old), _f1(new)


def fold_line(folds: Sequence[FoldScore]) -> str:
    """Mean and spread over the folds, in one sentence; "" without folds."""
    if not folds:
        return ""
    told = [
        f"linear probe {_spread([f.probe_before for f in folds])} before, {_spread([f.probe for f in folds])} after"
    ]
    before = [f.zero_shot_before for f in folds if f.zero_shot_before is not None]
    after = [f.zero_shot for f in folds if f.zero_shot is not None]
    if before and after:
        told.append(f"sentences {_spread(before)} before, {_spread(after)} after")
    return f"{len(folds)} folds by groups, macro-F1 on held-out pictures, mean ± standard deviation: {'; '.join(told)}"


def verdict(record: TrainingRecord) -> str:
    """Whether it helped, in one sentence."""
    if record.best_epoch == 0:
        return "No epoch was better on validation than the teacher as it came: its weights are saved unchanged."
    return f"The weights are those of epoch {record.best_epoch}, the best on validation."


def _lines(record: TrainingRecord, name: str) -> Iterator[str]:
    source = record.source
    yield from ("---", "library_name: transformers", "tags: [edgevl, industrial-inspection]", "---", "")
    yield from (f"# {name}", "")
    yield f"`{source.teacher}` ({source.architecture}), trained {source.created} with edgevl {source.edgevl_version}."
    yield from (f"Compress it: `edgevl compress --teacher {name} --data ... --out ...`", "")
    yield from ("## What it was trained on", "", f"`{source.data}`: {source.data_summary}", "")
    yield from ("| class | train | validation | test |", "|---|---|---|---|")
    for label in record.classes:
        yield (
            "| " + " | ".join([label, *(str(source.counts[s].get(label, 0)) for s in ("train", "val", "test"))]) + " |"
        )
    yield from ("", f"Digests: teacher `{source.teacher_digest}`, pictures `{source.data_digest}`.", "")
    if source.sentences:
        yield from ("Sentences, the first ones:", "", *(f"- {text}" for text in source.sentences), "")
    yield from ("## What it was worth", "", verdict(record), "")
    yield from ("| split | told apart by | macro-F1 before | macro-F1 after |", "|---|---|---|---|")
    for row in figures(record):
        yield "| " + " | ".join(row) + " |"
    yield from ("", "Brackets hold the 95 % interval, by bootstrap over groups.")
    yield "Validation chose the epoch and the probe's strength, so its figures flatter; test was read once, at the end."
    if record.folds:
        yield from ("", fold_line(record.folds) + ".")
    yield from ("", "## How", "", f"    {source.command}", "") if source.command else ("", "## How", "")
    yield from (f"- {line}" for line in _how(record))
    yield from ("", "Weights of the teacher keep their licence; look at the model it came from.")


def _how(record: TrainingRecord) -> Iterator[str]:
    options = record.options
    yield f"trained: {_which(options)}; {record.trained:,} weights"
    schedule = options.schedule
    yield (
        f"AdamW, learning rate {schedule.learning_rate:g}, weight decay {schedule.weight_decay:g}, "
        f"dropout {options.tuning.dropout:g}, {schedule.batch} x {schedule.accumulate} pictures an update "
        f"on each of {record.processes} processes, {record.precision}, seed {options.seed}"
    )
    yield f"{len(record.epochs) - 1} epochs in {record.seconds:.0f} s"
    yield "class_head.safetensors: a linear layer over the embedding for the classes above, in their order"
    yield ", ".join(f"{name} {version}" for name, version in record.source.versions.items())


def _which(options: TrainOptions) -> str:
    tuning = options.tuning
    if tuning.lora is not None:
        return f"LoRA of rank {tuning.lora}, merged into the weights"
    if tuning.freeze:
        return "what lies above the last block; the base is frozen"
    return f"all layers, each {tuning.layer_decay:g} times as fast as the one above"


def _pairs(before: Opinion, after: Opinion) -> Iterator[tuple[str, Classification, Classification]]:
    yield "linear probe", before.probe, after.probe
    if before.zero_shot is not None and after.zero_shot is not None:
        yield "sentences (zero-shot)", before.zero_shot, after.zero_shot


def _f1(found: Classification) -> str:
    interval = found.macro_f1_interval
    return f"{found.macro_f1:.4f} ({interval.low:.3f}-{interval.high:.3f})"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}"
