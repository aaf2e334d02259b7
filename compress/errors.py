"""The workshop's errors, each a sentence for a person and an exit code of its own.

EdgevlError (1)
├── DataError (6)        the images or their labels cannot be used
├── TeacherError (7)     the teacher cannot be loaded or does not fit the task
├── BudgetError (8)      no model or threshold found here keeps the limits that were asked for
├── WorseError (9)       a bundle does worse on some pictures than its report leaves open
└── ParityError (1)      the exported graph does not decide as the model that was taught
"""

from __future__ import annotations

from edge.errors import EdgevlError


class DataError(EdgevlError):
    """An image, a label file or a whole data folder cannot be used."""

    exit_code = 6


class TeacherError(EdgevlError):
    """The teacher's folder is incomplete, damaged, or holds a model of a kind that cannot teach this."""

    exit_code = 7


class BudgetError(EdgevlError):
    """The limits asked for (size, time, escapes, overkill) cannot all be kept."""

    exit_code = 8


class WorseError(EdgevlError):
    """Verification found figures outside the recorded intervals, on the bad side."""

    exit_code = 9


class ParityError(EdgevlError):
    """Torch and the exported graph disagree; nobody foresaw how, so it has no exit code of its own."""
