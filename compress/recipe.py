"""What a run of the chain is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from compress.data.reading import Reading
from compress.data.sizing import SizeName
from compress.judge.point import Budget
from compress.students.student import StudentSize
from compress.teachers.prompts import Prompts

StudentName = StudentSize | Literal["teacher", "first-layers"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run does; the defaults serve all data tried so far.

    student: None is medium, or the teacher's first layers where only good parts teach.
    input: the area of the model's input (`compress.data.sizing`); None lets the data decide.
    views: the teacher's looks at augmented training pictures, in all; each picture gets between 1 and 12.
    steps, recover_steps: training steps of 32 views for a new student, and after each round of pruning
        (never more than a new student gets).
    duplicates: near-duplicates across splits are said, or (group) kept together where splits are made here.
    prune_share: of the channels, where the budget has no latency to aim at. explore: try all sizes first.
    unknown_defects: whether to tell defects that no class stands for; always so where a class is not learned.
    prompts: sentences for each class; the teacher's opinion is the label then. even_at_chance: also where it has none.
    """

    student: StudentName | None = None
    input: SizeName | None = None
    views: int = 8000
    steps: int = 700
    recover_steps: int = 200
    prune_share: float = 0.2
    budget: Budget = field(default_factory=Budget)
    explore: bool = False
    pack_anyway: bool = False
    seed: int = 0
    unknown_defects: bool = False
    reading: Reading = field(default_factory=Reading)
    duplicates: Literal["warn", "group"] = "warn"
    prompts: Prompts | None = None
    even_at_chance: bool = False
