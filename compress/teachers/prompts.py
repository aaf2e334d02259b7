"""The prompts file: what each class is called in sentences, for a teacher that is asked instead of people.

[classes.scratch]
prompts = ["a scratch on steel", "表面刮痕"]
kind = "defect"
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from compress.data.readers.good import is_good
from compress.errors import DataError
from edge.bundle.manifest import ClassKind
from edge.toml import convert, read_tables

Sentence = Annotated[str, msgspec.Meta(min_length=1)]


class ClassPrompts(msgspec.Struct, frozen=True):
    """One class. prompts: sentences in any language the teacher speaks; its name where there are none.

    kind: whether its parts are good; told by the name where it is left out.
    """

    prompts: tuple[Sentence, ...] = ()
    kind: ClassKind | None = None


class Prompts(msgspec.Struct, frozen=True):
    """All classes by name, in the order of their names."""

    classes: dict[str, ClassPrompts]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.classes)

    def sentences(self, name: str) -> tuple[str, ...]:
        return self.classes[name].prompts or (name,)

    def kind(self, name: str) -> ClassKind:
        return self.classes[name].kind or ("good" if is_good(name) else "defect")


def read_prompts(file: Path) -> Prompts:
    """Read a prompts file. Raises ConfigError for its form, DataError where it does not tell two classes apart."""
    tables = read_tables(file, Prompts)
    said = convert(file, {key: {} if key == "classes" else value for key, value in tables.items()}, Prompts)
    classes = tables.get("classes", {})
    if not isinstance(classes, dict) or not all(isinstance(table, dict) for table in classes.values()):
        raise DataError(f"{file}: every class is a table of its own, such as [classes.scratch]")
    for name in sorted(classes):
        where = Path(f"{file} in [classes.{name}]")  # the file as errors call it
        said.classes[name] = convert(where, classes[name], ClassPrompts)
    if len(said.classes) < 2:
        raise DataError(f"{file} names {len(said.classes)} class; a teacher can only choose between two or more")
    _require_distinct(file, said)
    return said


def _require_distinct(file: Path, prompts: Prompts) -> None:
    owner: dict[str, str] = {}
    for name in prompts.names:
        for sentence in prompts.sentences(name):
            if not sentence.strip():
                raise DataError(f"{file}: a prompt of {name} is blank; write a sentence or leave it out")
            other = owner.setdefault(sentence.strip().casefold(), name)
            if other != name:
                raise DataError(f"{file}: {sentence!r} stands for {other} and for {name}; give it to one of them")
