"""`edgevl train` from the folders to the folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers
import typer
from accelerate import Accelerator
from safetensors.torch import load_file
from typer.testing import CliRunner

from compress.commands.train import train_command
from compress.data.dataset import Dataset, read_dataset
from compress.data.images import read_image
from compress.data.reading import Reading
from compress.errors import DataError, TeacherError
from compress.progress import SilentReporter
from compress.teachers.dual import embed_text, load_dual
from compress.teachers.prompts import read_prompts
from compress.teachers.teacher import load_teacher
from compress.train.fit import open_teacher
from compress.train.judge import Judge
from compress.train.options import Precision, Schedule, TrainOptions, Tuning
from compress.train.record import TrainingRecord, read_record
from compress.train.run import train
from compress.train.sentences import collect_sentences, sentences_of_classes
from edgevl import guarded
from tests.compress.layouts import mvtec_set, write_pixels
from tests.compress.stopped import Stopped
from tests.compress.teachers import SIDE, save_teacher
from tests.compress.train.conftest import SHORT, Trained


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def _same(one: Path, other: Path) -> bool:
    ours, theirs = _weights(one), _weights(other)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def _options(options: TrainOptions = SHORT, **tuning: object) -> TrainOptions:
    return replace(options, tuning=replace(options.tuning, **tuning))  # type: ignore[arg-type]


def test_the_loss_falls_and_sentences_find_their_pictures(trained: Trained) -> None:
    """A random CLIP tells nothing apart by sentences; trained, it tells all; the best epoch on validation is kept."""
    losses = [e.train_loss for e in trained.record.epochs if e.train_loss is not None]
    assert losses[-1] < losses[0]
    ranks = [e.rank for e in trained.record.epochs]
    assert ranks[trained.record.best_epoch] == max(ranks)
    assert trained.record.test_before.zero_shot is not None
    assert trained.record.test.zero_shot is not None
    assert trained.record.test_before.zero_shot.macro_f1 < 0.5
    assert trained.record.test.zero_shot.macro_f1 > 0.9


def test_the_result_is_an_ordinary_folder_that_opens_as_teacher_and_as_dual(trained: Trained) -> None:
    """Same architecture, preprocessing and dimension as before, other weights, and a text side that speaks."""
    before, after = load_teacher(str(trained.teacher)), load_teacher(str(trained.out))
    assert (after.architecture, after.preprocessing, after.dim) == (
        before.architecture,
        before.preprocessing,
        before.dim,
    )
    assert _weights(trained.teacher).keys() == _weights(trained.out).keys()
    assert not _same(trained.teacher, trained.out)
    dual = load_dual(str(trained.out))
    assert embed_text(dual, ["a photo of a part with spot"]).shape == (1, dual.dim)


def test_the_saved_teacher_gives_the_figures_of_its_record(trained: Trained) -> None:
    """Zero-shot on validation, computed again from the folder alone."""
    dataset = _dataset(trained)
    teacher, dual = open_teacher(str(trained.out))
    assert dual is not None
    texts = sentences_of_classes(dataset)(dual)
    sentences = collect_sentences(dataset.classes, dataset.of("train"), texts)
    names = tuple(c.name for c in dataset.classes)
    judge = Judge(Accelerator(), teacher, dual, sentences, names, 8, SilentReporter())
    val = dataset.of("val")
    logits_NK = judge.sentence_logits(judge.embed(val, ""))
    assert logits_NK is not None
    assert trained.record.val.zero_shot is not None
    accuracy = float((logits_NK.argmax(1) == judge.labels(val)).mean())
    assert accuracy == pytest.approx(trained.record.val.zero_shot.accuracy)


def _dataset(trained: Trained) -> Dataset:
    return read_dataset(trained.data, seed=SHORT.seed)


def test_the_record_and_the_card_say_what_was_done(trained: Trained) -> None:
    """Digests, counts, figures before and after, and the command; the record reads back as it was written."""
    assert read_record(trained.out) == trained.record
    card = (trained.out / "README.md").read_text(encoding="utf-8")
    source = trained.record.source
    for said in (source.teacher_digest, source.data_digest, "edgevl train ...", "| spot |", "sentences (zero-shot)"):
        assert said in card
    assert str(trained.data.parent) not in card  # whoever gets the model need not know the machine's folders
    head = load_file(trained.out / "class_head.safetensors")
    assert head["linear.weight"].shape == (len(trained.record.classes), trained.record.embedding_dim)


def test_work_is_cleared_away(trained: Trained) -> None:
    """A finished run keeps no checkpoints."""
    assert not trained.out.with_name(trained.out.name + ".work").exists()


def test_an_interrupted_run_goes_on_to_the_same_weights(trained: Trained, tmp_path: Path) -> None:
    """Ctrl-C in the third epoch: the next start trains the other three and ends bit for bit where one run ends."""
    out = tmp_path / trained.out.name
    with pytest.raises(KeyboardInterrupt):
        train(str(trained.teacher), trained.data, out, SHORT, Stopped("epoch 3"))
    assert not out.exists()
    reporter = SilentReporter()
    record = train(str(trained.teacher), trained.data, out, SHORT, reporter)
    assert sum("goes on after epoch 2" in line for line in reporter.lines) == 1
    said = [line.split(":")[0] for line in reporter.lines if line.startswith("epoch")]
    assert said == [f"epoch {n} of 5" for n in (3, 4, 5)]
    assert record.epochs == trained.record.epochs
    assert _same(out, trained.out)


def test_fp16_goes_on_with_the_scale_of_its_gradients(clip: Path, parts: Path, tmp_path: Path) -> None:
    """The scaler's state is part of a saved epoch; other options begin anew and say so."""
    options = replace(SHORT, precision="fp16", schedule=replace(SHORT.schedule, epochs=2))
    straight = train(str(clip), parts, tmp_path / "straight", options, SilentReporter())
    with pytest.raises(KeyboardInterrupt):
        train(str(clip), parts, tmp_path / "out", options, Stopped("epoch 2"))
    assert train(str(clip), parts, tmp_path / "out", options, SilentReporter()).epochs == straight.epochs
    with pytest.raises(KeyboardInterrupt):
        train(str(clip), parts, tmp_path / "out", options, Stopped("epoch 2"))
    reporter = SilentReporter()
    train(str(clip), parts, tmp_path / "out", replace(options, seed=4), reporter)
    assert any(line.startswith("begins anew") for line in reporter.lines)


def test_the_test_split_does_not_reach_the_weights(trained: Trained, tmp_path: Path) -> None:
    """With every test picture painted over, the weights are the same."""
    data = Path(shutil.copytree(trained.data, tmp_path / trained.data.name))
    index = {s.name: s.split for s in _dataset(trained).samples}
    (data / "splits").mkdir()
    for split in ("train", "val", "test"):
        names = sorted(name for name, its in index.items() if its == split)
        (data / "splits" / f"{split}.txt").write_text("\n".join(names))
    unpainted, painted = tmp_path / "unpainted", tmp_path / "painted"
    options = replace(SHORT, schedule=replace(SHORT.schedule, epochs=1))
    train(str(trained.teacher), data, unpainted, options, SilentReporter())
    for name in (name for name, its in index.items() if its == "test"):
        file = next((data / "images").glob(f"{name}.*"))
        write_pixels(file, 255 - read_image(file))
    train(str(trained.teacher), data, painted, options, SilentReporter())
    assert _same(unpainted, painted)


@pytest.mark.parametrize(
    ("family", "tuning"),
    [
        ("SigLIP", {"lora": 2}),
        ("CLIP", {"freeze": True, "checkpointing": True}),
        ("VisionTextDualEncoder", {"layer_decay": 0.6}),
        ("MobileNetV2", {"lora": 2}),
        ("DINOv2", {"checkpointing": True, "dropout": 0.2}),
    ],
)
def test_each_way_of_training_changes_the_weights_and_saves_a_teacher(
    family: str, tuning: dict[str, object], parts: Path, tmp_path: Path
) -> None:
    """Dual encoders and encoders that only see; the latter have no figures for sentences."""
    teacher = save_teacher(tmp_path / family, family)
    options = _options(replace(SHORT, schedule=Schedule(epochs=1, batch=8, accumulate=2, learning_rate=1e-2)), **tuning)
    record = _until_changed(teacher, parts, tmp_path / "out", options)
    assert load_teacher(str(tmp_path / "out")).architecture == load_teacher(str(teacher)).architecture
    assert _weights(tmp_path / "out").keys() == _weights(teacher).keys()
    assert (record.val.zero_shot is None) == (family in ("MobileNetV2", "DINOv2"))
    assert record.trained > 0


def _until_changed(teacher: Path, data: Path, out: Path, options: TrainOptions) -> TrainingRecord:
    """The run; what it trained is moved whether or not a random teacher's validation chose the epoch."""
    record = train(str(teacher), data, out, options, SilentReporter())
    assert len(record.epochs) == 2
    assert record.epochs[1].loss != record.epochs[0].loss
    assert _same(teacher, out) == (record.best_epoch == 0)
    return record


def test_a_pooler_drawn_at_random_is_not_saved_as_if_it_were_trained(parts: Path, tmp_path: Path) -> None:
    """A classifier's checkpoint comes without a pooler, and so must what is trained from it."""
    config = transformers.ViTConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE, num_labels=3
    )
    transformers.ViTForImageClassification(config).save_pretrained(tmp_path / "vit")
    options = replace(SHORT, schedule=replace(SHORT.schedule, epochs=1))
    train(str(tmp_path / "vit"), parts, tmp_path / "out", options, SilentReporter())
    assert not any("pooler" in name for name in _weights(tmp_path / "out"))
    assert not load_teacher(str(tmp_path / "out")).vision.has_pooler


def test_prompts_take_the_place_of_class_names(clip: Path, parts: Path, tmp_path: Path) -> None:
    """The user's sentences are what is trained on; a class without any is named."""
    prompts = tmp_path / "prompts.toml"
    prompts.write_text('[classes.spot]\nprompts = ["表面有黑點", "a black mark"]\n[classes.good]\nprompts = ["良品"]\n')
    options = replace(SHORT, schedule=replace(SHORT.schedule, epochs=1))
    record = train(str(clip), parts, tmp_path / "out", options, SilentReporter(), read_prompts(prompts))
    assert set(record.source.sentences) == {"表面有黑點", "a black mark", "良品"}
    prompts.write_text('[classes.spot]\nprompts = ["表面有黑點"]\n[classes.fine]\n')
    with pytest.raises(DataError, match=r"says nothing of good, .* add \[classes\.good\]"):
        train(str(clip), parts, tmp_path / "other", options, SilentReporter(), read_prompts(prompts))


def test_one_class_to_learn_from_is_refused(clip: Path, tmp_path: Path) -> None:
    """Good parts only teach a map of what is usual, not an embedding that tells things apart."""
    mvtec_set(tmp_path / "data")
    options = replace(SHORT, reading=Reading(defects="hold-out"))
    with pytest.raises(DataError, match=r"one class only to learn from .* use --defects teach"):
        train(str(clip), tmp_path / "data", tmp_path / "out", options, SilentReporter())


def test_folds_report_every_held_out_picture_before_and_after(clip: Path, parts: Path, tmp_path: Path) -> None:
    """Three trainings on train and validation together, then the one that is saved."""
    options = replace(SHORT, folds=3, schedule=replace(SHORT.schedule, epochs=1))
    record = train(str(clip), parts, tmp_path / "out", options, SilentReporter())
    counts = record.source.counts
    assert sum(f.images for f in record.folds) == sum(sum(counts[s].values()) for s in ("train", "val"))
    assert all(0 <= f.probe <= 1 and f.zero_shot is not None for f in record.folds)
    assert "3 folds by groups" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_a_folder_that_is_not_a_trainings_result_is_left_alone(clip: Path, parts: Path, tmp_path: Path) -> None:
    """Someone's notes are not written over; the sentence says what to do."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="is not the result of a training; choose another --out"):
        train(str(clip), parts, tmp_path, SHORT, SilentReporter())
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_freezing_a_teacher_that_ends_with_its_last_block_is_refused(parts: Path, tmp_path: Path) -> None:
    """Nothing would train; the sentence offers what would."""
    teacher = save_teacher(tmp_path / "ResNet", "ResNet")
    with pytest.raises(TeacherError, match=r"--freeze would leave nothing to train; use --lora 8"):
        train(str(teacher), parts, tmp_path / "out", _options(freeze=True), SilentReporter())


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_and_saves_float32(precision: Precision, clip: Path, parts: Path, tmp_path: Path) -> None:
    """Autocast is for speed; weights stay exact."""
    options = replace(SHORT, precision=precision, schedule=replace(SHORT.schedule, epochs=1))
    record = train(str(clip), parts, tmp_path / "out", options, SilentReporter())
    assert record.precision == precision
    assert {t.dtype for t in _weights(tmp_path / "out").values() if t.is_floating_point()} == {torch.float32}


def test_the_encoder_inside_a_model_that_writes_is_trained_and_stands_alone(parts: Path, tmp_path: Path) -> None:
    """What is saved is the encoder, which is a teacher by itself; one that could not be is refused before training."""
    options = replace(SHORT, schedule=replace(SHORT.schedule, epochs=1))
    writer = save_teacher(tmp_path / "llava", "LLaVA")
    train(str(writer), parts, tmp_path / "out", options, SilentReporter())
    assert load_teacher(str(tmp_path / "out")).dim == load_teacher(str(writer)).dim
    bound = save_teacher(tmp_path / "blip2", "BLIP-2")
    with pytest.raises(TeacherError, match=r"the encoder inside Blip2.* cannot stand as a model of its own"):
        train(str(bound), parts, tmp_path / "none", options, SilentReporter())


def test_a_rate_that_blows_up_is_one_sentence(clip: Path, parts: Path, tmp_path: Path) -> None:
    """No traceback, no weights of nan, and what to change."""
    options = replace(SHORT, schedule=replace(SHORT.schedule, learning_rate=1e30))
    with pytest.raises(TeacherError, match=r"no longer a number in epoch \d; lower --learning-rate"):
        train(str(clip), parts, tmp_path / "out", options, SilentReporter())
    assert not (tmp_path / "out").exists()


def test_a_picture_that_cannot_be_read_is_named_and_left_out(clip: Path, parts: Path, tmp_path: Path) -> None:
    """One torn file does not end a run."""
    data = Path(shutil.copytree(parts, tmp_path / "data"))
    torn = sorted((data / "images").glob("good_*"))[0]
    torn.write_bytes(torn.read_bytes()[:200])
    options = replace(SHORT, schedule=replace(SHORT.schedule, epochs=1))
    record = train(str(clip), data, tmp_path / "out", options, SilentReporter())
    assert sum(record.source.counts["train"].values()) < 48


@pytest.mark.slow
def test_the_command_line_prints_figures_and_its_mistakes_are_sentences(
    clip: Path, parts: Path, tmp_path: Path
) -> None:
    """Exit code 0 with a table; two ways of training at once are refused with exit code 7."""
    command = [sys.executable, "-m", "edgevl", "train", "--teacher", str(clip), "--data", str(parts)]
    out = tmp_path / "out"
    done = subprocess.run(
        [*command, "--out", str(out), "--epochs", "1", "--lora", "2"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "linear probe" in done.stdout
    assert "edgevl compress --teacher" in done.stdout
    assert json.loads((out / "training.json").read_text())["options"]["tuning"]["lora"] == 2
    both = [*command, "--out", str(tmp_path / "both"), "--lora", "2", "--freeze"]
    refused = subprocess.run(both, capture_output=True, text=True, check=False)
    assert refused.returncode == 7
    assert "give one of them" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_only_a_machines_first_process_says_what_is_wrong(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every process meets the mistake; with as many sentences as GPUs nobody would read it."""
    (tmp_path / "notes.txt").write_text("mine")
    app = typer.Typer()
    app.command()(guarded(train_command))
    command = ["--teacher", str(clip), "--data", str(tmp_path), "--out", str(tmp_path)]
    monkeypatch.setenv("LOCAL_RANK", "1")
    silent = CliRunner().invoke(app, command)
    assert (silent.exit_code, silent.output) == (6, "")
    monkeypatch.delenv("LOCAL_RANK")
    spoken = CliRunner().invoke(app, command)
    assert spoken.exit_code == 6
    assert spoken.output.startswith("error:")


def test_default_rates_differ_by_what_trains() -> None:
    """An adapter bears more than a pretrained weight, and a projection more still."""
    rates = [t.default_rate for t in (Tuning(), Tuning(lora=4), Tuning(freeze=True))]
    assert rates == sorted(rates)
    assert len(set(rates)) == 3
