"""Which classes a sentence names, so that it can be said where none of what was found is of them."""

from __future__ import annotations

from collections.abc import Iterable

from edge.bundle.manifest import ClassSpec
from edge.defect_names import names_in, other_names
from edge.search.terms import folded


def classes_named(sentence: str, classes: Iterable[ClassSpec]) -> frozenset[str]:
    """Classes of defects by name, by title, or by another name that people give such a defect."""
    text = folded(sentence)
    said = f"{text} {' '.join(other_names(text))}"
    return frozenset(
        spec.name
        for spec in classes
        if spec.kind == "defect"
        and names_in(said, (spec.name.replace("_", " ").lower(), *map(str.lower, spec.titles.values())))
    )
