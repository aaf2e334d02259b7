"""No labels at all: sentences and a dual encoder take their place, and the run says so."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from compress.data.images import read_image
from compress.data.reading import Reading
from compress.errors import DataError
from compress.pipeline import compress
from compress.progress import SilentReporter
from compress.report.record import read_report
from compress.teachers.dual import DualEncoder, embed_text, load_dual
from compress.teachers.opinion import require_opinion, tell
from compress.teachers.prompts import ClassPrompts, Prompts
from compress.teachers.teacher_labels import label_by_opinion
from compress.teachers.zero_shot import chance_of_blindness, embed_classes
from tests.compress.small_run import SMALL, write_parts
from tests.compress.teachers import save_teacher

_WORDS = ("spot", "clean", "steel", "刮痕", "良品", "dark", "grey", "hole", "part", "line", "plate", "污點")


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_teacher(tmp_path_factory.mktemp("zero_shot") / "clip")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good and spotted parts with nothing but their pictures."""
    root = write_parts(tmp_path_factory.mktemp("unlabelled"))
    shutil.rmtree(root / "annotations")
    for file in sorted((root / "images").iterdir()):
        shutil.move(file, root / f"{int(file.stem[-2:]):03}.png")
    (root / "images").rmdir()
    return root


@pytest.fixture(scope="module")
def prompts(teacher: Path, pictures: Path) -> Prompts:
    return meant(load_dual(str(teacher)), pictures)


def meant(dual: DualEncoder, pictures: Path) -> Prompts:
    """Sentences that tell a spot from none to this teacher.

    Its weights are random, so it speaks no language of ours: of many pairs of sentences the one is taken by which
    its own embeddings separate the pictures best.
    """
    files = sorted(pictures.glob("*.png"))
    has_spot = torch.tensor([int(file.stem) % 2 == 1 for file in files])
    image_NHWC = torch.from_numpy(np.stack([read_image(file) for file in files]))
    sentences = [" ".join(words) for words in itertools.permutations(_WORDS, 2)]
    with torch.inference_mode():
        image_ND = F.normalize(dual.teacher.vision(image_NHWC)[0], dim=1)
        score_NS = image_ND @ embed_text(dual, sentences).T
    apart_SS = torch.stack(
        [((score_NS > score_NS[:, [s]]) == has_spot[:, None]).float().mean(0) for s in range(len(sentences))]
    )
    good, spot = divmod(int(apart_SS.argmax()), len(sentences))
    return Prompts({"good": ClassPrompts((sentences[good],)), "spot": ClassPrompts((sentences[spot],))})


def test_a_class_is_the_mean_of_its_sentences_and_probabilities_are_the_models_own(teacher: Path) -> None:
    """With one sentence a class, the model's own softmax over sentences; with two, their mean at length 1."""
    dual = load_dual(str(teacher))
    one = Prompts({"a": ClassPrompts(("a scratch",)), "b": ClassPrompts(("刮痕",))})
    image = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    with torch.inference_mode():
        pooled = dual.teacher.vision(image)[0]
        text = embed_text(dual, ["a scratch", "刮痕", "a hole"])
        expected = (F.normalize(pooled, dim=1) @ text[:2].T * dual.scale).softmax(1)
    np.testing.assert_allclose(embed_classes(dual, one).prob(pooled.numpy()), expected, atol=1e-5)
    two = Prompts({"a": ClassPrompts(("a scratch", "a hole")), "b": ClassPrompts(("刮痕",))})
    np.testing.assert_allclose(
        embed_classes(dual, two).class_KD[0], F.normalize((text[0] + text[2]) / 2, dim=0), atol=1e-5
    )


def test_a_whole_run_without_a_single_label(teacher: Path, pictures: Path, prompts: Prompts, tmp_path: Path) -> None:
    """The bundle has the prompts' classes; terminal, table and report say whose opinion the labels are.

    The teacher's weights are random, so the run goes on only because it is told to.
    """
    (pictures / "torn.png").write_bytes((pictures / "000.png").read_bytes()[:200])
    reporter, recipe = SilentReporter(), replace(SMALL, prompts=prompts, even_at_chance=True)
    bundle, report = compress(str(teacher), pictures, tmp_path / "out", recipe, reporter)
    assert [c.name for c in bundle.manifest.classes] == ["good", "spot"]
    opinion = report.opinion
    assert opinion is not None
    assert opinion.images == sum(opinion.counts.values()) == 48
    assert not opinion.tested_on_labels
    said = [line for line in reporter.lines if "labels are the teacher's opinion" in line]
    assert "without labels accuracy cannot be known" in said[0]
    assert any("torn.png" in path for path, _ in report.trained.problems)
    assert read_report(tmp_path / "out" / "report.json") == report
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "without labels accuracy cannot be known" in page
    assert prompts.sentences("spot")[0] in page
    again = SilentReporter()
    shutil.rmtree(tmp_path / "out")
    compress(str(teacher), pictures, tmp_path / "out", recipe, again)
    assert any(line.startswith("0-opinion: kept") for line in again.lines)


def test_a_labelled_test_split_stays_peoples(tmp_path: Path, prompts: Prompts) -> None:
    """Train and validation follow the teacher, against their labels; test keeps class, boxes and split."""
    dataset = Reading().read(write_parts(tmp_path), 0)
    flipped = {s.path: "good" if s.class_name == "spot" else "spot" for s in dataset.samples if s.split != "test"}
    labelled = label_by_opinion(dataset, prompts, flipped, (), 0)
    before = {s.name: s for s in dataset.samples}
    for sample in labelled.samples:
        if sample.split == "test":
            assert sample == before[sample.name]
        else:
            assert sample.class_name != before[sample.name].class_name
            assert not sample.boxes
    assert {s.split for s in labelled.samples} == {"train", "val", "test"}


def test_test_pictures_of_a_class_without_prompts(tmp_path: Path) -> None:
    """They could only ever be wrong; the sentence names the class."""
    dataset = Reading().read(write_parts(tmp_path), 0)
    other = Prompts({"good": ClassPrompts(), "scratch": ClassPrompts()})
    with pytest.raises(DataError, match=r"classes without prompts: spot; add a \[classes.NAME\] table"):
        label_by_opinion(dataset, other, {}, (), 0)


def test_an_opinion_at_chance_stops_the_run_unless_told_otherwise() -> None:
    """Where the surest answer is hardly above chance, the teacher recognised nothing."""
    at_chance = np.array([[0.52, 0.48], [0.46, 0.54]], np.float32)
    with pytest.raises(DataError, match=r"cannot tell good, spot apart.* 0\.54, and chance is 0\.50"):
        require_opinion(at_chance, ["good", "spot"], blindness=0.0, even_at_chance=False)
    require_opinion(at_chance, ["good", "spot"], blindness=1.0, even_at_chance=True)


def test_sentences_that_point_anywhere_stop_the_run_however_sure_the_answers() -> None:
    """Untrained projections give sure answers too; random directions then do as well as the sentences."""
    rng = np.random.default_rng(0)
    kinds_KD = rng.normal(size=(4, 64)).astype(np.float32)
    pictures_ND = np.repeat(kinds_KD, 50, axis=0) + 0.5 * rng.normal(size=(200, 64)).astype(np.float32)
    assert chance_of_blindness(pictures_ND, kinds_KD) < 0.01
    untrained = [chance_of_blindness(pictures_ND, rng.normal(size=(4, 64)).astype(np.float32)) for _ in range(20)]
    assert np.mean([chance > 0.01 for chance in untrained]) >= 0.9
    sure = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    with pytest.raises(DataError, match=r"random directions tell these pictures apart as well .*edgevl train"):
        require_opinion(sure, ["good", "spot"], blindness=0.4, even_at_chance=False)
    require_opinion(sure, ["good", "spot"], blindness=0.4, even_at_chance=True)


def test_a_teacher_that_finds_one_class_only() -> None:
    """There is nothing to tell apart then, however sure it is."""
    with pytest.raises(DataError, match="calls every picture 'good'"):
        require_opinion(np.array([[0.9, 0.1], [0.8, 0.2]], np.float32), ["good", "spot"], 0.0, even_at_chance=True)


def test_confidence_is_a_histogram_over_all_pictures(prompts: Prompts) -> None:
    """Ten equal bins of the likeliest class's probability; certainty falls into the last."""
    opinion = tell(prompts, np.array([[0.55, 0.45], [0.05, 0.95], [0.0, 1.0]], np.float32), tested_on_labels=True)
    assert opinion.confidence == (0, 0, 0, 0, 0, 1, 0, 0, 0, 2)
    assert opinion.counts == {"good": 1, "spot": 2}
    assert "figures are accuracy" in opinion.said
