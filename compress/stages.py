"""The stages as the pipeline runs them: each reads what earlier ones left, does one thing, and writes a folder."""

from __future__ import annotations

import copy
import resource
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from compress import evaluate
from compress.answers import Answers, answer_graph
from compress.dataset import Dataset, Problem
from compress.distil import Lesson, Schedule, Weights, distil
from compress.evaluate import fit_rule, score
from compress.export import export
from compress.features import Features, Grids, read_features, teacher_embeddings, write_features
from compress.measure import graph_run, latencies_ms, teacher_run
from compress.pictures import Pictures, find_unreadable, read_pictures
from compress.probe import Probe, fit_probe, load_probe, save_probe
from compress.progress import Reporter
from compress.prune import prune
from compress.quantise import Quantised, balanced_choice, quantise
from compress.record import RunReport, Shipped, StageRow, Trained, read_report, write_report
from compress.student import Student, StudentConfig, save_student
from compress.teacher import Teacher
from compress.thresholds import fit_temperature
from compress.torch_answers import answer_torch
from compress.workspace import digest_files, digest_of
from edge.bundle import Decision, InputSpec

_CALIBRATION_PICTURES = 128


@dataclass(frozen=True, slots=True)
class Look:
    """What the teacher saw: the features of all views, and the probe that speaks for it."""

    features: Features
    probe: Probe

    @property
    def lesson(self) -> Lesson:
        return Lesson(self.features, self.probe.logits(np.asarray(self.features.pooled_MD)), Weights())


@dataclass(frozen=True, slots=True)
class Graphs:
    """The float graphs of the student before and after pruning, with their temperatures."""

    student: Path
    pruned: Path
    student_temperature: float
    pruned_temperature: float


@dataclass(frozen=True, slots=True)
class Int8:
    """The int8 graph of the pruned student, and how it was calibrated."""

    file: Path
    quantised: Quantised


@dataclass(frozen=True, slots=True)
class Chain:
    """Every model of the run."""

    teacher: Teacher
    look: Look
    student: Student
    pruned: Student
    graphs: Graphs
    int8: Int8


@dataclass(frozen=True, slots=True)
class Origin:
    """What the run was made from, for the record."""

    dataset: Dataset
    data_key: object
    input_why: str
    max_drop: float
    seed: int
    command: str


def decode_all(folder: Path, dataset: Dataset) -> None:
    """List the pictures that cannot be decoded."""
    (folder / "unreadable.json").write_bytes(msgspec.json.encode(find_unreadable(dataset), enc_hook=str))


def read_unreadable(folder: Path) -> tuple[Problem, ...]:
    said = msgspec.json.decode((folder / "unreadable.json").read_bytes(), type=list[dict[str, str]])
    return tuple(Problem(Path(one["path"]), one["sentence"]) for one in said)


def look(
    folder: Path, teacher: Teacher, dataset: Dataset, grids: Grids, views: int, seed: int, reporter: Reporter
) -> None:
    """The teacher looks at every view once; a linear probe learns to speak for it."""
    write_features(folder, teacher, dataset, grids, views, seed, reporter)
    features = read_features(folder)
    names = [c.name for c in dataset.classes]
    val_y = np.array([names.index(s.class_name) for s in dataset.of("val")], np.int64)
    train_ND, train_y = np.asarray(features.pooled_MD), np.asarray(features.label_M)
    save_probe(fit_probe(train_ND, train_y, features.val_pooled_ND, val_y, len(names)), folder / "probe.npz")


def read_look(folder: Path) -> Look:
    return Look(read_features(folder), load_probe(folder / "probe.npz"))


def distil_new(folder: Path, config: StudentConfig, look: Look, steps: int, seed: int, reporter: Reporter) -> None:
    """A new student, taught."""
    student = Student(config)
    distil(student, look.lesson, Schedule(steps), seed, "student learns", reporter)
    save_student(student, folder)


def prune_it(folder: Path, student: Student, look: Look, ratio: float, seed: int) -> None:
    """The student with channels taken out, not yet recovered."""
    save_student(prune(student, look.lesson, ratio, seed), folder)


def recover(folder: Path, cut: Student, look: Look, steps: int, seed: int, reporter: Reporter) -> None:
    """The pruned student, taught again at half the learning rate."""
    student = copy.deepcopy(cut)
    distil(student, look.lesson, Schedule(steps, learning_rate=2.5e-3), seed + 1, "pruned student recovers", reporter)
    save_student(student, folder)


def export_both(folder: Path, student: Student, pruned: Student, dataset: Dataset) -> None:
    """Float graphs of both students, each at the temperature that fits validation."""
    val = read_pictures(dataset, "val", student.config.input)
    temperatures = {}
    for name, model in (("student", student), ("pruned", pruned)):
        prob_NK = answer_torch(model, 1.0, val.image_NHWC).prob_NK
        temperatures[name] = fit_temperature(np.log(prob_NK + 1e-12), val.label_N)
        export(model, temperatures[name], folder / f"{name}.onnx")
    (folder / "temperatures.json").write_bytes(msgspec.json.encode(temperatures))


def read_graphs(folder: Path) -> Graphs:
    said = msgspec.json.decode((folder / "temperatures.json").read_bytes(), type=dict[str, float])
    return Graphs(folder / "student.onnx", folder / "pruned.onnx", said["student"], said["pruned"])


def quantise_it(folder: Path, graphs: Graphs, dataset: Dataset, spec: InputSpec, seed: int) -> None:
    """The pruned student's graph in int8."""
    train, val = read_pictures(dataset, "train", spec), read_pictures(dataset, "val", spec)
    chosen = balanced_choice(train.label_N, _CALIBRATION_PICTURES, seed)
    done = quantise(graphs.pruned, folder / "int8.onnx", train.image_NHWC[chosen], val.image_NHWC)
    (folder / "quantised.json").write_bytes(msgspec.json.encode(done))


def read_int8(folder: Path) -> Int8:
    quantised = msgspec.json.decode((folder / "quantised.json").read_bytes(), type=Quantised)
    return Int8(folder / "int8.onnx", quantised)


def evaluate_all(
    folder: Path, name: str, chain: Chain, origin: Origin, seconds: dict[str, float], reporter: Reporter
) -> None:
    """Fit every model's rule on validation, then score all on the test split, in one reading."""
    dataset, spec = origin.dataset, chain.pruned.config.input
    val, test = read_pictures(dataset, "val", spec), read_pictures(dataset, "test", spec)
    judged = _Judged.of(chain, dataset, val, test, folder, reporter)
    reporter.say("measuring: every model in turn, one frame at a time, one thread")
    ms = _latencies(chain, test)
    shipped, rule = _choose(chain, origin, judged, ms)
    variant = "int8" if shipped.variant == "int8" else "pruned"
    report = RunReport(
        name=name,
        trained=_trained(chain, origin),
        classes=tuple((c.name, c.kind) for c in dataset.classes),
        rows=tuple(_row(key, chain, ms, judged) for key in judged.test),
        parity=evaluate.parity(
            dataset,
            rule,
            answer_torch(chain.pruned, chain.graphs.pruned_temperature, test.image_NHWC),
            judged.test["pruned"],
            judged.test["int8"],
        ),
        localisation=evaluate.localise(test, judged.test[variant]),
        shipped=shipped,
        mistakes=evaluate.mistakes(dataset, test, judged.test[variant], rule),
        seconds=seconds,
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )
    write_report(report, folder / "report.json")


def read_evaluation(folder: Path) -> RunReport:
    return read_report(folder / "report.json")


@dataclass(frozen=True, slots=True)
class _Judged:
    """Each model's answers on both splits, and the rule fitted on validation."""

    dataset: Dataset
    val_pictures: Pictures
    test_pictures: Pictures
    val: dict[str, Answers]
    test: dict[str, Answers]
    rules: dict[str, Decision]

    @classmethod
    def of(
        cls, chain: Chain, dataset: Dataset, val: Pictures, test: Pictures, folder: Path, reporter: Reporter
    ) -> _Judged:
        files = {"student": chain.graphs.student, "pruned": chain.graphs.pruned, "int8": chain.int8.file}
        probe = chain.look.probe
        test_ND = teacher_embeddings(chain.teacher, test.samples, folder, reporter)
        on_val = {"teacher": Answers(probe.prob(chain.look.features.val_pooled_ND))}
        on_test = {"teacher": Answers(probe.prob(test_ND))}
        on_val |= {key: answer_graph(file, val.image_NHWC) for key, file in files.items()}
        on_test |= {key: answer_graph(file, test.image_NHWC) for key, file in files.items()}
        rules = {key: fit_rule(dataset, val, answers) for key, answers in on_val.items()}
        return cls(dataset, val, test, on_val, on_test, rules)


def _latencies(chain: Chain, test: Pictures) -> dict[str, float]:
    one: NDArray[np.uint8] = test.image_NHWC[:1]
    return latencies_ms(
        {
            "teacher": teacher_run(chain.teacher),
            "student": graph_run(chain.graphs.student, one),
            "pruned": graph_run(chain.graphs.pruned, one),
            "int8": graph_run(chain.int8.file, one),
        }
    )


def _row(key: str, chain: Chain, ms: dict[str, float], judged: _Judged) -> StageRow:
    found, ok_ng = score(judged.dataset, judged.test_pictures, judged.test[key], judged.rules[key])
    files = {"student": chain.graphs.student, "pruned": chain.graphs.pruned, "int8": chain.int8.file}
    models = {"student": chain.student, "pruned": chain.pruned, "int8": chain.pruned}
    if key == "teacher":
        parameters = sum(p.numel() for p in chain.teacher.vision.parameters())
        return StageRow(key, parameters, None, parameters * 4 / 1e6, ms[key], found, ok_ng)
    model = models[key]
    size = files[key].stat().st_size / 1e6
    return StageRow(key, model.parameters_count(), model.multiply_adds(), size, ms[key], found, ok_ng)


def _choose(chain: Chain, origin: Origin, judged: _Judged, ms: dict[str, float]) -> tuple[Shipped, Decision]:
    """int8 where it is faster here and loses no more than allowed on validation; float otherwise, saying why."""
    f1 = {key: _macro_f1(judged, key) for key in ("pruned", "int8")}
    drop, gain = f1["pruned"] - f1["int8"], ms["pruned"] / ms["int8"]
    if drop > origin.max_drop:
        key, why = "pruned", f"int8 loses {drop:.3f} macro-F1 on validation, more than {origin.max_drop:g}"
    elif gain <= 1.0:
        key, why = "pruned", f"int8 is not faster here ({ms['int8']:.2f} ms against {ms['pruned']:.2f} ms)"
    else:
        key, why = "int8", f"int8 is {gain:.2f} times as fast here and loses {max(drop, 0):.3f} macro-F1 on validation"
    rule = judged.rules[key]
    shipped = Shipped(
        variant="int8" if key == "int8" else "float32",
        why=why,
        defect_threshold=rule.defect_threshold,
        min_confidence=rule.min_confidence,
        map_threshold=rule.map_threshold,
        temperature=chain.graphs.pruned_temperature,
        calibration=chain.int8.quantised.method,
    )
    return shipped, rule


def _macro_f1(judged: _Judged, key: str) -> float:
    found, _ = score(judged.dataset, judged.val_pictures, judged.val[key], judged.rules[key])
    return found.macro_f1


def _below(path: Path, root: Path) -> str:
    """A path as the report may name it: below the data folder, never where this machine keeps it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _trained(chain: Chain, origin: Origin) -> Trained:
    dataset, spec = origin.dataset, chain.pruned.config.input
    counts: dict[str, dict[str, int]] = {c.name: {"train": 0, "val": 0, "test": 0} for c in dataset.classes}
    for sample in dataset.samples:
        counts[sample.class_name][sample.split] += 1
    return Trained(
        command=origin.command,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        edgevl_version=version("edgevl"),
        data=dataset.summary(),
        data_root=dataset.root.name,
        data_digest=digest_of(origin.data_key),
        data_notes=dataset.notes,
        problems=tuple((_below(p.path, dataset.root), p.sentence) for p in dataset.problems),
        counts=counts,
        teacher=chain.teacher.name,
        teacher_architecture=chain.teacher.architecture,
        teacher_digest=digest_files(list(chain.teacher.files)),
        input_height=spec.height,
        input_width=spec.width,
        input_why=origin.input_why,
        seed=origin.seed,
    )
