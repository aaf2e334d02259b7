"""`edgevl language` on one screen: look -> told -> learn -> graphs -> measure -> search -> pack.

Every stage leaves its result in the working folder (`compress.workspace`). The decoder, and what parts are searched for
with, learn from what the bundle's own graph sees, so that what ships is what was learnt from. The test split is looked
at in `5-measure` and `6-search`, nowhere before.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from compress.data.dataset import Dataset
from compress.data.reading import Reading
from compress.data.titles import titled
from compress.errors import DataError
from compress.language import graphs, learn, look, testing, told
from compress.language.pack import LanguageFiles, with_language
from compress.language.page import write_language_page
from compress.language.record import LanguageReport, write_language_report
from compress.pack import check_out
from compress.prepare import data_key, readable_of
from compress.progress import Reporter
from compress.search import stage as search_stage
from compress.teachers.beforehand import demand_describer
from compress.teachers.pretrained import find_folder, model_files
from compress.workspace import Made, Workspace, digest_files, open_workspace
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import ClassSpec, ReportsSpec
from edge.facts import Titles
from edge.language.grammar.languages import LANGUAGES
from edge.language.sight import Sight


@dataclass(frozen=True, slots=True)
class LanguageRecipe:
    """What a person may choose. describer: the folder or name of a generative teacher.

    steps, search_steps: of training the decoder, and what parts are searched for with.
    """

    reading: Reading = field(default_factory=Reading)
    describer: str | None = None
    steps: int = 600
    search_steps: int = search_stage.STEPS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Course:
    """What every stage of a run needs."""

    work: Workspace
    bundle: Bundle
    dataset: Dataset
    classes: tuple[ClassSpec, ...]
    recipe: LanguageRecipe
    reporter: Reporter

    @property
    def titles(self) -> Titles:
        return Titles(self.classes)


def add_language(
    base: Path, data: Path, out: Path, recipe: LanguageRecipe, reporter: Reporter, command: str = ""
) -> tuple[Bundle, LanguageReport]:
    """Make the bundle `out`: `base` with a language half learnt from the pictures in `data`.

    Raises BundleError, DataError, TeacherError. Work is kept in `OUT.work`.
    """
    check_out(out, data)
    if out.resolve() == base.resolve():
        raise DataError(f"--out {out} is the bundle itself, and a bundle is not changed; choose another --out")
    bundle = load_bundle(base)
    if recipe.describer is not None:
        demand_describer(recipe.describer)
    with open_workspace(out.with_name(out.name + ".work"), reporter) as work:
        listed = recipe.reading.read(data, recipe.seed, reporter=reporter)
        demand_known(bundle, listed)
        dataset = readable_of(work, listed, reporter)
        course = Course(work, bundle, dataset, titled(bundle.manifest.classes, dataset.root), recipe, reporter)
        seen = _look(course)
        telling = _told(course, seen)
        learnt = _learn(course, seen, telling)
        made = _graphs(course, learnt, seen, telling)
        tested = _test(course, learnt, made)
        found = _search(course)
        report = _report(course, learnt.value, telling.value, made.value, tested.value, found, out, command)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_language_report(report, folder / "report.json")
            write_language_page(report, folder / "report.html")
            files = _files(work.root / "3-learn" / learn.VOCABULARY, made.value, folder, found)
            packed = with_language(bundle, out, course.classes, files)
        reporter.say(f"bundle {packed.manifest.bundle_id} is in {out}; look at {out / 'language' / 'report.html'}")
        return packed, report


def demand_known(bundle: Bundle, dataset: Dataset) -> None:
    """Raises DataError where the pictures have a class that the bundle does not tell."""
    known = {spec.name for spec in bundle.manifest.classes}
    strange = [c.name for c in dataset.classes if c.name not in known]
    if strange:
        raise DataError(
            f"{dataset.root} has the class {strange[0]!r}, which {bundle.path} does not tell "
            f"({', '.join(sorted(known))}); take the pictures the bundle was made from, or ones labelled as they are"
        )


def _look(course: Course) -> Made[look.Look]:
    samples = [*course.dataset.of("train"), *course.dataset.of("val")]
    return course.work.stage(
        "1-look",
        (data_key(course.dataset), course.bundle.manifest.bundle_id, look.FORMAT),
        lambda folder: look.look(folder, course.bundle, samples, course.reporter),
        look.read_look,
    )


def _told(course: Course, seen: Made[look.Look]) -> Made[told.TellingResult]:
    samples = [*course.dataset.of("train"), *course.dataset.of("val")]
    made = course.work.stage(
        "2-told",
        (seen.key, describer_key(course.recipe.describer), course.classes),
        lambda folder: told.tell(folder, samples, seen.value, course.titles, course.recipe.describer, course.reporter),
        told.read_told,
    )
    course.reporter.say(f"told of the pictures: {made.value.said}")
    return made


def _learn(course: Course, seen: Made[look.Look], telling: Made[told.TellingResult]) -> Made[learn.Learnt]:
    recipe = course.recipe
    return course.work.stage(
        "3-learn",
        (telling.key, recipe.steps, recipe.seed),
        lambda folder: learn.learn(
            folder, course.dataset, seen.value, telling.value, course.titles, recipe.steps, recipe.seed, course.reporter
        ),
        learn.read_learnt,
    )


def _graphs(
    course: Course, learnt: Made[learn.Learnt], seen: Made[look.Look], telling: Made[told.TellingResult]
) -> Made[graphs.Graphs]:
    val = seen.value.of({sample.name for sample in course.dataset.of("val")})
    made = course.work.stage(
        "4-graphs",
        (learnt.key, graphs.LAYOUT),
        lambda folder: graphs.make_graphs(folder, learnt.value, val, telling.value, course.titles, course.reporter),
        graphs.read_graphs,
    )
    course.reporter.say(f"{made.value.choice.precision} ships: {made.value.choice.why}")
    return made


def _test(course: Course, learnt: Made[learn.Learnt], made: Made[graphs.Graphs]) -> Made[testing.Tested]:
    return course.work.stage(
        "5-measure",
        (made.key, describer_key(course.recipe.describer), course.classes, "asked"),
        lambda folder: testing.test(
            folder, course.bundle, course.dataset.of("test"), learnt.value, made.value, course.titles,
            course.recipe.describer, course.classes, course.reporter,
        ),
        testing.read_tested,
    )  # fmt: skip


def _search(course: Course) -> search_stage.SearchMade:
    recipe = course.recipe
    made = course.work.stage(
        "6-search",
        (
            data_key(course.dataset), course.bundle.manifest.bundle_id, course.classes, recipe.search_steps,
            recipe.seed,
        ),
        lambda folder: search_stage.make_search(
            folder, course.bundle, course.dataset, course.classes, recipe.search_steps, recipe.seed, course.reporter
        ),
        search_stage.read_search,
    )  # fmt: skip
    course.reporter.say(f"found by held-out sentences, among the first five: {made.value.said}")
    return made.value


def describer_key(name: str | None) -> str:
    """What makes two describers the same: their files."""
    return "" if name is None else digest_files(model_files(find_folder(name)))


def _report(
    course: Course, learnt: learn.Learnt, telling: told.TellingResult, made: graphs.Graphs, tested: testing.Tested,
    found: search_stage.SearchMade, out: Path, command: str,
) -> LanguageReport:  # fmt: skip
    shipped = made.choice.precision
    size = sum(file.stat().st_size for file in made.files(shipped))
    return LanguageReport(
        bundle=out.name,
        base=course.bundle.manifest.bundle_id,
        data=course.dataset.summary(),
        command=command,
        parameters=learnt.decoder.parameters_count(),
        vocabulary=len(learnt.vocabulary),
        steps=course.recipe.steps,
        seed=course.recipe.seed,
        sees_places=Sight(course.bundle).sees_places,
        told=telling.counts,
        dropped=telling.dropped,
        unwritten=learnt.unwritten,
        shipped=shipped,
        why=made.choice.why,
        kb=round(size / 1000, 1),
        figures=tested.figures,
        teacher=tested.teacher,
        examples=tested.examples,
        search=found.figures,
        asked=tested.asked,
        seconds=course.work.seconds(),
    )


def _files(vocabulary: Path, made: graphs.Graphs, reports: Path, found: search_stage.SearchMade) -> LanguageFiles:
    shipped = made.choice.precision
    return LanguageFiles(
        {
            **{f"{name}.onnx": file for name, file in made.files(shipped)._asdict().items()},
            "vocabulary.json": vocabulary,
            "report.json": reports / "report.json",
            "report.html": reports / "report.html",
            **found.files,
        },
        ReportsSpec(
            "language/see.onnx",
            "language/read.onnx",
            "language/step.onnx",
            "language/vocabulary.json",
            shipped,
            tuple(LANGUAGES),
        ),
        found.spec,
    )
