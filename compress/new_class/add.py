"""Add a class to a bundle, take one away: a new bundle with everything of the old one, under a number of its own."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from compress.data.images import read_image
from compress.data.reading import Reading
from compress.data.samples import Sample
from compress.errors import DataError
from compress.in_place import put_in_place
from compress.new_class.fit import Known, discriminants, mean_of, recognised, threshold_for
from compress.new_class.sentence import place_of
from compress.pack import check_out
from compress.progress import Reporter
from edge.bundle import AddedClass, Bundle, Manifest, entry_for, load_bundle, write_manifest
from edge.engines.choose import OpenedEngine, open_engine
from edge.engines.golden import check_golden
from edge.errors import BundleError
from edge.inspection.added import scores
from edge.inspection.preprocess import model_input
from edge.verdict import UNKNOWN_DEFECT

_FOLDER = "added"
_NAME_LONGEST = 60
_PROMPT_LONGEST = 300
_PICTURES = frozenset({".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, slots=True)
class NewClass:
    """What a person says of it. teacher: needed for prompts to count. budget: share of known parts it may take."""

    name: str
    prompts: tuple[str, ...] = ()
    examples: Path | None = None
    teacher: str | None = None
    titles: dict[str, str] = field(default_factory=dict)
    budget: float = 0.01


@dataclass(frozen=True, slots=True)
class Fitted:
    """taken: of `held_out` pictures of known classes.

    recognised: of the examples, each by the others; None for fewer than two.
    """

    bundle: Bundle
    taken: int
    held_out: int
    recognised: int | None
    examples: int


def add_class(base: Path, out: Path, data: Path, reading: Reading, new: NewClass, reporter: Reporter) -> Fitted:
    """Write `out`: the bundle `base` that also knows a new class of defect.

    data: the pictures `base` was made from; training pictures give the known classes, those for validation the
    threshold, and the test pictures are not looked at. Raises BundleError, DataError, TeacherError, EngineError.
    """
    bundle = load_bundle(base)
    _require_sound(new, bundle.manifest)
    _require_out(base, out)
    pictures = _examples(new)
    samples = reading.read(data, 0, reporter=reporter)
    opened = open_engine(bundle, bundle.manifest.default_variant, threads=1, place="cpu")
    try:
        golden = check_golden(bundle, opened.engine, bundle.manifest.default_variant)
        if not golden.ok:
            raise BundleError(f"the bundle {base} {golden.sentence()}; nothing was added")
        known = _known(bundle, opened, samples.of("train"), reporter)
        held_out = _known(bundle, opened, samples.of("val"), reporter)
        examples_ND = _embeddings(bundle, opened, pictures, reporter)
    finally:
        opened.engine.close()
    sentence_D = _sentence(bundle, new, known, reporter)
    rows_RD = discriminants(known, mean_of(sentence_D, examples_ND))
    threshold = threshold_for(rows_RD, held_out.embedding_ND, new.budget)
    taken = int((scores(rows_RD, held_out.embedding_ND) >= threshold).sum())
    alone = recognised(known, examples_ND, held_out.embedding_ND, new.budget) if len(examples_ND) > 1 else None
    file = _free_name(bundle.manifest)
    spec = AddedClass(new.name, new.titles, new.prompts, len(examples_ND), file, threshold)
    made = _write(bundle, out, (*bundle.manifest.added, spec), {file: rows_RD})
    return Fitted(made, taken, len(held_out.label_N), alone, len(examples_ND))


def remove_class(base: Path, out: Path, name: str) -> Bundle:
    """Write `out`: the bundle without an added class. Raises BundleError where none of that name was added."""
    bundle = load_bundle(base)
    _require_out(base, out)
    left = tuple(each for each in bundle.manifest.added if each.name != name)
    if len(left) == len(bundle.manifest.added):
        added = ", ".join(each.name for each in bundle.manifest.added) or "none"
        raise BundleError(f"no class {name!r} was added to {base}; added: {added}")
    return _write(bundle, out, left, {})


def _require_sound(new: NewClass, manifest: Manifest) -> None:
    name = new.name
    if not name.strip() or name != name.strip() or len(name) > _NAME_LONGEST or not _plain(name):
        raise DataError(f"a class name is one line of 1 to {_NAME_LONGEST} characters without spaces around it")
    taken = {spec.name.casefold() for spec in (*manifest.all_classes, UNKNOWN_DEFECT)}
    if name.casefold() in taken:
        raise DataError(f"the bundle knows a class {name!r} already; choose another name, or remove that one first")
    for prompt in new.prompts:
        if not prompt.strip() or len(prompt) > _PROMPT_LONGEST or not _plain(prompt):
            raise DataError(
                f"a --prompt is one sentence of 1 to {_PROMPT_LONGEST} characters; this has {len(prompt):,}"
            )
    if new.examples is None and not new.prompts:
        raise DataError("nothing says what the new class looks like; give --prompt with --teacher, or --examples")
    if new.examples is None and new.teacher is None:
        raise DataError(
            "a sentence needs --teacher, the dual encoder that the bundle was made from; without one, give --examples"
        )
    if not 0 <= new.budget < 1:
        raise DataError(f"--budget is a share from 0 to below 1, not {new.budget:g}")


def _plain(text: str) -> bool:
    """No line breaks, no control or direction marks: they would change how lists of classes look."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs") for character in text)


def _require_out(base: Path, out: Path) -> None:
    check_out(out)
    if out.resolve() == base.resolve():
        raise DataError(f"--out {out} is the bundle itself, and a bundle is not changed; choose another --out")


def _examples(new: NewClass) -> list[Path]:
    if new.examples is None:
        return []
    if not new.examples.is_dir():
        raise DataError(f"there is no folder of examples at {new.examples}")
    found = sorted(path for path in new.examples.iterdir() if path.suffix.lower() in _PICTURES and path.is_file())
    if not found:
        raise DataError(f"{new.examples} holds no picture; put pictures of {new.name!r} there")
    return found


def _known(bundle: Bundle, opened: OpenedEngine, samples: Sequence[Sample], reporter: Reporter) -> Known:
    names = [spec.name for spec in bundle.manifest.classes]
    ours = [sample for sample in samples if sample.class_name in names]
    if not ours:
        raise DataError("the data holds too few pictures of the bundle's classes; give --data it was made from")
    embedding_ND = _embeddings(bundle, opened, [sample.path for sample in ours], reporter)
    return Known(embedding_ND, np.array([names.index(sample.class_name) for sample in ours], np.int64))


def _embeddings(bundle: Bundle, opened: OpenedEngine, paths: Sequence[Path], reporter: Reporter) -> NDArray[np.float32]:
    found = np.empty((len(paths), bundle.manifest.embedding_dim), np.float32)
    if not paths:
        return found
    with reporter.bar("looking at pictures", len(paths)) as advance:
        for row, path in enumerate(paths):
            image_HWC = model_input(read_image(path), bundle.manifest.input)
            found[row] = opened.engine.run(image_HWC[None]).embedding_ND[0]
            advance()
    return found


def _sentence(bundle: Bundle, new: NewClass, known: Known, reporter: Reporter) -> NDArray[np.float64] | None:
    if new.teacher is None or not new.prompts:
        if new.prompts:
            reporter.say("the sentences are kept but not learnt from: that needs --teacher, a dual encoder")
        return None
    present = [bundle.manifest.classes[number] for number in np.unique(known.label_N)]
    return place_of(new.prompts, new.teacher, present, known.mean_per_class())


def _free_name(manifest: Manifest) -> str:
    """A number, never the class's name: that is for people, and may be no file name."""
    number = next(n for n in range(len(manifest.files) + 1) if f"{_FOLDER}/{n}.npy" not in manifest.files)
    return f"{_FOLDER}/{number}.npy"


def _write(base: Bundle, out: Path, added: tuple[AddedClass, ...], new_files: dict[str, NDArray[np.float32]]) -> Bundle:
    """Beside `out`, verified, and put in place at once."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    gone = {each.file for each in base.manifest.added} - {each.file for each in added}
    for relative in set(base.manifest.files) - gone:
        (partial / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(base.path / relative, partial / relative)
    for relative, array in new_files.items():
        (partial / relative).parent.mkdir(parents=True, exist_ok=True)
        np.save(partial / relative, array)
    files = {p.relative_to(partial).as_posix(): entry_for(p) for p in sorted(partial.rglob("*")) if p.is_file()}
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    manifest = msgspec.structs.replace(base.manifest, name=out.name, created=created, files=files, added=added)
    write_manifest(partial, manifest)
    load_bundle(partial)
    put_in_place(partial, out)
    return load_bundle(out)
