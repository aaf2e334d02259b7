"""What each class of NEU looks like, in the words of someone who sees it: two sentences a class."""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, tuple[str, str]] = {
    "crazing": (
        "a network of fine shallow cracks all over a dull grey steel surface",
        "crazing: many thin short lines that run across each other",
    ),
    "inclusion": (
        "dark elongated streaks of foreign matter pressed into a steel surface",
        "inclusions: narrow dark lines and spots of slag in smooth steel",
    ),
    "patches": (
        "large irregular dark patches on a bright steel surface",
        "patches: blotches with uneven edges, darker than the metal around them",
    ),
    "pitted_surface": (
        "a rough steel surface with many small pits and dents",
        "a pitted surface: dense dark grains and holes of corrosion",
    ),
    "rolled-in_scale": (
        "flakes of oxide scale rolled into a steel surface",
        "rolled-in scale: many small scattered rough spots in rows",
    ),
    "scratches": (
        "long thin straight bright scratches on a dark steel surface",
        "scratches: a few white lines across smooth steel",
    ),
}
UNRELATED: tuple[str, str] = ("a cat sleeps on a sofa", "a bowl of noodles on a wooden table")
