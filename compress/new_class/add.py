"""Add a class to a bundle, take one away: a new bundle with everything of the old one, under a number of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compress.data.reading import Reading
from compress.derived import derive
from compress.errors import DataError, TeacherError
from compress.new_class.asked import NewClass, pictures_of, require_sound
from compress.new_class.fit import discriminants, mean_of, recognised, threshold_for
from compress.new_class.fitted import Checked, Fitted
from compress.new_class.known import FILE, Known, load_known, save_known
from compress.new_class.look import default_engine, embeddings, known_from, named_among, named_among_golden
from compress.new_class.sentence import place_of, reader_of
from compress.new_class.version import free_name, out_for
from compress.progress import Reporter
from compress.teachers.dual import DualEncoder
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import AddedClass
from edge.engines.engine import Engine
from edge.errors import BundleError
from edge.inspection.added import scores


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where the known classes come from, where it is not the bundle's own memory."""

    data: Path
    reading: Reading


def add_class(base: Path, out: Path | None, pictures: Pictures | None, new: NewClass, reporter: Reporter) -> Fitted:
    """Write the bundle `base` that also knows a new class of defect, to `out` or the next free version beside it.

    pictures: the folder `base` was made from; training pictures give the known classes, those for validation the
    threshold, and the test pictures are not looked at. None: what the bundle remembers of them.
    Raises BundleError, DataError, TeacherError, EngineError; nothing is written then.
    """
    bundle = load_bundle(base)
    require_sound(new, bundle.manifest)
    out, examples = out_for(base, out), pictures_of(new)
    reader = _reader(bundle, new, reporter)  # before pictures are looked at: nobody may be there to read
    with default_engine(bundle) as engine:
        known = _known(bundle, engine, pictures, reporter)
        examples_ND = embeddings(bundle, engine, examples, reporter)
    place = place_of(new.prompts, reader, bundle.manifest.classes, known) if reader else None
    rows_RD = discriminants(known, mean_of(place.mean_D if place else None, examples_ND))
    threshold = threshold_for(rows_RD, known.held_out_ND, new.budget)
    file = free_name(bundle.manifest)
    spec = AddedClass(new.name, new.titles, new.prompts, len(examples), file, threshold)
    made, checked = derive(
        bundle,
        out,
        {file: partial(_save_rows, rows_RD), FILE: partial(save_known, known)},
        {"added": (*bundle.manifest.added, spec), "known": FILE},
        partial(_check, examples=examples, name=new.name),
    )
    return Fitted(
        bundle=made,
        taken=int((scores(rows_RD, known.held_out_ND) >= threshold).sum()),
        held_out=len(known.held_out_N),
        remembered=pictures is None,
        recognised=recognised(known, examples_ND, new.budget) if len(examples) > 1 else None,
        examples=len(examples),
        by_words=place is not None,
        told=place.told if place else None,
        checked=checked,
    )


def remove_class(base: Path, out: Path | None, name: str) -> Bundle:
    """Write the bundle without an added class. Raises BundleError where none of that name was added."""
    bundle = load_bundle(base)
    out = out_for(base, out)
    left = tuple(each for each in bundle.manifest.added if each.name != name)
    if len(left) == len(bundle.manifest.added):
        added = ", ".join(each.name for each in bundle.manifest.added) or "none"
        raise BundleError(f"no class {name!r} was added to {base}; added: {added}")
    gone = {each.file for each in bundle.manifest.added} - {each.file for each in left}
    made, _ = derive(bundle, out, {}, {"added": left}, partial(_check, examples=(), name=name), gone)
    return made


def _check(made: Bundle, examples: Sequence[Path], name: str) -> Checked:
    """Raises EngineError where the written files do not give the golden answers."""
    with default_engine(made) as engine:
        taken, golden = named_among_golden(made, engine, name)
        return Checked(taken, golden, named_among(made, engine, examples, name))


def _known(bundle: Bundle, engine: Engine, pictures: Pictures | None, reporter: Reporter) -> Known:
    if pictures is not None:
        return known_from(bundle, engine, pictures.data, pictures.reading, reporter)
    if bundle.manifest.known is None:
        raise DataError(
            f"{bundle.path} was made by an edgevl whose bundles do not remember their classes; give --data, the "
            "pictures it was made from"
        )
    return load_known(bundle.file(bundle.manifest.known))


def _reader(bundle: Bundle, new: NewClass, reporter: Reporter) -> DualEncoder | None:
    """Who reads the sentences; None where there is none, or where the examples have to do without."""
    if not new.prompts:
        return None
    try:
        return reader_of(bundle, new.teacher)
    except TeacherError as error:
        if new.examples is None or new.teacher is not None:
            raise
        reporter.say(f"the sentences are kept for people, and not learnt from: {error}")
        return None


def _save_rows(rows_RD: NDArray[np.float32], file: Path) -> None:
    np.save(file, rows_RD)
