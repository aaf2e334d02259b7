"""A bundle learns to write about the parts it judges."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from compress.errors import DataError
from compress.language.pipeline import LanguageRecipe, add_language
from compress.language.record import read_language_report
from compress.progress import SilentReporter
from edge.bundle.load import load_bundle
from edge.bundle.manifest import MANIFEST
from edge.errors import BundleError, ConfigError
from edge.facts import Titles
from edge.geometry import Box, Region
from edge.language.grammar.languages import LANGUAGES
from edge.language.grammar.sentences import says
from edge.language.prose import contradicts, split_sentences
from edge.language.reporter import Reporter
from edge.language.state import facts_of
from edge.search.meaning import meaning_of
from edge.search.vectors import DIM
from tests.bundles import flat
from tests.compress.language.conftest import SEARCH_STEPS, STEPS, Spoken
from tests.compress.stopped import Stopped
from tests.edge.language.verdicts import verdict


def test_the_new_bundle_holds_everything_of_the_old_one(spoken: Spoken) -> None:
    """And a decoder beside it, under a number of its own."""
    base = load_bundle(spoken.base)
    assert spoken.bundle.manifest.bundle_id != base.manifest.bundle_id
    assert {
        name: entry for name, entry in spoken.bundle.manifest.files.items() if not name.startswith("language/")
    } == (base.manifest.files)
    assert spoken.bundle.manifest.reports is not None
    assert base.manifest.reports is None


def test_a_report_says_its_verdict_in_every_language(spoken: Spoken) -> None:
    """Whatever the picture looks like: here a white part with a verdict of grey."""
    reporter = Reporter(spoken.bundle, ("zh-TW", "en"))
    given = verdict("NG", "grey", (Box(2, 2, 9, 3, 0.9),), region=Region(0, 0, 32, 32))
    report = reporter.report(flat(255), given)
    titles = Titles(spoken.bundle.manifest.classes)
    for code in LANGUAGES:
        assert says(report.text[code], facts_of(given), code, titles)
        for sentence in split_sentences(report.words.get(code, "")):
            assert not contradicts(sentence, facts_of(given), code, titles)


def test_what_captions_say_beside_the_facts_is_learnt(spoken: Spoken) -> None:
    """A shining part is said to shine, in both languages."""
    report = Reporter(spoken.bundle, ("zh-TW", "en")).report(flat(254), verdict("NG", "white", ()))
    assert report.words == {"zh-TW": "表面發亮。", "en": "The surface shines."}


def test_an_order_in_a_caption_is_never_learnt(spoken: Spoken) -> None:
    """It is left out and counted; no report of the test pictures has it, and none contradicts its verdict."""
    assert spoken.report.dropped["caption"] > 0
    assert not any("gnore" in text for example in spoken.report.examples for text in example.words.values())
    for figures in spoken.report.figures.values():
        for each in figures.languages.values():
            assert each.contradictions == 0
            assert set(each.said.values()) == {1.0}


def test_a_finished_run_is_not_done_again(spoken: Spoken, tmp_path: Path) -> None:
    """The same command goes on after the last finished stage, and a bundle is made again from it."""
    work = spoken.bundle.path.with_name("spoken.work")
    shutil.copytree(work, tmp_path / "spoken.work")
    reporter = SilentReporter()
    recipe = LanguageRecipe(steps=STEPS, search_steps=SEARCH_STEPS)
    add_language(spoken.base, spoken.data, tmp_path / "spoken", recipe, reporter)
    assert sum("kept, finished earlier" in line for line in reporter.lines) == 7


def test_an_interrupted_run_goes_on_to_the_same_bundle(spoken: Spoken, tmp_path: Path) -> None:
    """Ctrl-C while the decoder learns and again at searching: finished stages are kept, the rest comes out the same."""
    recipe, out = LanguageRecipe(steps=STEPS, search_steps=SEARCH_STEPS), tmp_path / "spoken"
    for title in ("the decoder learns", "learning to search"):
        with pytest.raises(KeyboardInterrupt):
            add_language(spoken.base, spoken.data, out, recipe, Stopped(title))
        assert not out.exists()
    reporter = SilentReporter()
    bundle, _ = add_language(spoken.base, spoken.data, out, recipe, reporter)
    assert sum("kept, finished earlier" in line for line in reporter.lines) == 6
    learnt = [f"language/{name}" for name in ("vocabulary.json", "search-text.onnx", "search-part.onnx")]
    assert [bundle.manifest.files[name] for name in learnt] == [spoken.bundle.manifest.files[name] for name in learnt]
    weights = Path("3-learn/model.safetensors")
    assert (out.with_name("spoken.work") / weights).read_bytes() == (
        spoken.bundle.path.with_name("spoken.work") / weights
    ).read_bytes()


def test_the_bundle_finds_parts_by_sentences(spoken: Spoken) -> None:
    """It carries both graphs, tells how well they find, and they open where it runs."""
    meaning = meaning_of(load_bundle(spoken.bundle.path))
    assert meaning is not None
    assert meaning.of_sentence("白色瑕疵").shape == (DIM,)
    assert spoken.bundle.manifest.text is not None
    assert set(spoken.bundle.manifest.text.recall_at_5) == set(spoken.report.search) == {"zh-TW", "en"}
    assert meaning_of(load_bundle(spoken.base)) is None


def test_questions_of_the_data_are_put_to_the_bundle(spoken: Spoken) -> None:
    """About test pictures; record and page tell how many are answered as the data answers them."""
    asked = spoken.report.asked
    assert set(asked) == {"status"}
    assert asked["status"].agree == asked["status"].pairs > 0
    folder = spoken.bundle.path / "language"
    assert read_language_report(folder / "report.json").asked == asked
    assert "own questions answered" in (folder / "report.html").read_text(encoding="utf-8")


def test_pictures_of_other_parts_are_refused(spoken: Spoken, tmp_path: Path) -> None:
    """A class that the bundle does not tell cannot be written about."""
    shutil.copytree(spoken.data / "white", tmp_path / "data" / "zebra")
    shutil.copytree(spoken.data / "black", tmp_path / "data" / "black")
    with pytest.raises(DataError, match=r"'zebra', which .* does not tell"):
        add_language(spoken.base, tmp_path / "data", tmp_path / "out", LanguageRecipe(steps=1), SilentReporter())


def test_a_bundle_is_not_changed_in_place(spoken: Spoken) -> None:
    """The device may be running it."""
    with pytest.raises(DataError, match="is the bundle itself"):
        add_language(spoken.base, spoken.data, spoken.base, LanguageRecipe(steps=1), SilentReporter())


@pytest.mark.parametrize("damage", ["{}", '{"pieces": ["a", "a"]}', "\x00"])
def test_a_damaged_vocabulary_is_refused_in_a_sentence(spoken: Spoken, tmp_path: Path, damage: str) -> None:
    """Also one whose digest was made to fit."""
    from edge.language.vocabulary import load_vocabulary

    file = tmp_path / "vocabulary.json"
    file.write_text(damage, encoding="utf-8")
    with pytest.raises(BundleError, match="copy the bundle again"):
        load_vocabulary(file)


def test_a_language_nobody_wrote_a_grammar_for_is_refused(spoken: Spoken) -> None:
    """By name, with those there are."""
    with pytest.raises(ConfigError, match="'de'; there are: zh-TW, en"):
        Reporter(spoken.bundle, ("de",))


def test_a_manifest_that_names_a_graph_it_does_not_list_is_refused(spoken: Spoken, tmp_path: Path) -> None:
    """Before anything is opened."""
    shutil.copytree(spoken.bundle.path, tmp_path / "b")
    manifest = tmp_path / "b" / MANIFEST
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace('"step": "language/step.onnx"', '"step": "elsewhere.onnx"'),
        encoding="utf-8",
    )
    with pytest.raises(BundleError, match=r"writing reports names 'elsewhere\.onnx'"):
        load_bundle(tmp_path / "b")


def test_the_pictures_do_not_change_what_is_said(spoken: Spoken) -> None:
    """The text of a verdict says the same slots over any picture."""
    reporter, given = Reporter(spoken.bundle, ("en",)), verdict("NG", "grey", ())
    noise = np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    titles = Titles(spoken.bundle.manifest.classes)
    assert all(
        says(reporter.report(image, given).text["en"], facts_of(given), "en", titles) for image in (flat(0), noise)
    )
