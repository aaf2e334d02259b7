"""What a run of the workshop found: the data behind the table, `report.json` and `report.html`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from compress.int8.layer_loss import LayerLoss, Relaxed
from compress.judge.boxes import BoxAgreement
from compress.judge.by_group import GroupScore
from compress.judge.curves import Curve
from compress.judge.metrics import Classification, Inspection
from compress.judge.point import Budget, Point
from compress.teachers.opinion import Opinion
from edge.bundle.manifest import Decision


@dataclass(frozen=True, slots=True)
class StageRow:
    """One model of the chain on the test split. ms: per frame on one thread, all rows measured in one run.

    inspection: None where the data has no good class. parameters: None for a quantised copy of the row before.
    """

    name: str
    parameters: int | None
    multiply_adds: int | None
    megabytes: float
    ms: float
    classification: Classification
    inspection: Inspection | None


@dataclass(frozen=True, slots=True)
class Flip:
    """A test picture that float and int8 decide differently. `path` is relative to the data folder."""

    path: str
    true_class: str
    float_class: str
    int8_class: str


@dataclass(frozen=True, slots=True)
class Parity:
    """Agreement over the whole test split: torch float with ONNX float, ONNX float with ONNX int8.

    flips: pictures whose decided class differs; those between float and int8 are listed in `flipped`.
    max_difference: the largest |difference| of any probability.
    """

    images: int
    torch_onnx_flips: int
    torch_onnx_max_difference: float
    int8_flips: int
    int8_max_difference: float
    flipped: tuple[Flip, ...] = ()


@dataclass(frozen=True, slots=True)
class Localisation:
    """The defect map against marked defects of the test split; None where nobody marked any.

    boxes: of the verdicts that the shipped rule draws from it.
    """

    images: int
    pixel_auroc: float | None
    aupro: float | None
    boxes: BoxAgreement | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A test picture the shipped model got wrong, surest first. `path` is relative to the data folder.

    map_png: the defect map as a grey PNG in the model's own cells, 0 to 255; empty where it was not kept.
    """

    path: str
    true_class: str
    decided_class: str
    probability: float
    map_png: bytes = b""


@dataclass(frozen=True, slots=True)
class Shipped:
    """Which variant is the default and why. Its rule is `RunReport.shipped_rule`.

    temperature: fitted on validation. calibration: how the ranges of the int8 model were set.
    """

    variant: str
    why: str
    temperature: float
    calibration: str


@dataclass(frozen=True, slots=True)
class Trained:
    """What the run was made from. teacher_given: folder or name as the command was told it, but no absolute path."""

    command: str
    created: str
    edgevl_version: str
    data: str
    data_root: str
    data_digest: str
    data_notes: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]
    counts: dict[str, dict[str, int]]
    teacher: str
    teacher_architecture: str
    teacher_digest: str
    input_height: int
    input_width: int
    input_why: str
    seed: int
    teacher_given: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything a person may ask of a finished run.

    rows: teacher, student, pruned, int8, on the test split. points: the same on validation, where the choice was made;
    explored: other points that were tried for the Pareto front. opinion: the teacher's, where it is the label.
    curves: precision against recall of the shipped model; groups: how each group fared, the worst first.
    layers: what each layer costs in int8 alone; tries: with ever more layers back in float, the last one kept;
    trained_in_int8: whether the int8 model was trained with the rounding.
    """

    name: str
    trained: Trained
    classes: tuple[tuple[str, str], ...]
    rows: tuple[StageRow, ...]
    parity: Parity
    localisation: Localisation
    shipped: Shipped
    mistakes: tuple[Mistake, ...]
    seconds: dict[str, float]
    peak_memory_mb: float
    budget: Budget = field(default_factory=Budget)
    points: tuple[Point, ...] = ()
    explored: tuple[Point, ...] = ()
    opinion: Opinion | None = None
    curves: tuple[Curve, ...] = ()
    groups: tuple[GroupScore, ...] = ()
    layers: tuple[LayerLoss, ...] = ()
    tries: tuple[Relaxed, ...] = ()
    trained_in_int8: bool = False

    @property
    def has_good(self) -> bool:
        return any(kind == "good" for _, kind in self.classes)

    @property
    def shipped_row(self) -> StageRow:
        """The row of the variant that ships by default."""
        return next(row for row in self.rows if row.name == self.shipped_name)

    @property
    def shipped_rule(self) -> Decision:
        """How the variant that ships by default decides, as fitted on validation."""
        return next(point.rule for point in self.points if point.name == self.shipped_name)

    @property
    def shipped_name(self) -> str:
        """What the rows and points call the model that ships by default."""
        return "int8" if self.shipped.variant == "int8" else "pruned"


def write_report(report: RunReport, file: Path) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))


def read_report(file: Path) -> RunReport:
    return msgspec.json.decode(file.read_bytes(), type=RunReport)
