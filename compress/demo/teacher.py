"""A small CLIP-style teacher for the demo, trained from scratch on the simulated parts and sentences about them.

Radford et al. 2021: pictures and sentences meet in one space. Saved as an ordinary Hugging Face folder, so that
`compress` meets it through the same door as a user's own teacher.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from torch.nn import functional as F
from transformers import (
    BertConfig,
    BertModel,
    ConvNextConfig,
    ConvNextModel,
    PreTrainedTokenizerFast,
    VisionTextDualEncoderModel,
)

from compress.dataset import Dataset
from compress.demo.pictures import TITLES
from compress.features import load_picture
from compress.muon import Muon
from compress.progress import Reporter
from compress.views import make_view
from edge.bundle import InputSpec
from edge.preprocess import model_input

SIDE = 96
_BATCH = 32
_VIEWS = 4
_RATE = 4e-3
_WORDS = 24


def train_teacher(folder: Path, dataset: Dataset, steps: int, seed: int, reporter: Reporter) -> None:
    """Train and save the teacher, unless `folder` has one. The folder appears when it is complete."""
    if (folder / "model.safetensors").is_file():
        return
    torch.manual_seed(seed)
    tokenizer = _tokenizer(dataset)
    model = _new_model(len(tokenizer))
    images_MHWC, label_M = _views(dataset, seed, reporter)
    _fit(model, _sentences(dataset, tokenizer), images_MHWC, label_M, steps, reporter)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    said = {"size": {"height": SIDE, "width": SIDE}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (partial / "preprocessor_config.json").write_bytes(msgspec.json.encode(said))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _new_model(vocabulary: int) -> VisionTextDualEncoderModel:
    vision = ConvNextConfig(hidden_sizes=[32, 64, 128, 192], depths=[1, 1, 1, 1], image_size=SIDE)
    vision.hidden_size = vision.hidden_sizes[-1]  # what the dual encoder projects from
    text = BertConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=_WORDS,
    )
    model = VisionTextDualEncoderModel(vision_model=ConvNextModel(vision), text_model=BertModel(text))
    assert isinstance(model, VisionTextDualEncoderModel)
    return model


def _tokenizer(dataset: Dataset) -> PreTrainedTokenizerFast:
    words = sorted({word for c in dataset.classes for s in _said_of(c.name) for word in s.split()})
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", *words])}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106  # not a password
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="[PAD]", unk_token="[UNK]")  # noqa: S106


def _said_of(class_name: str) -> tuple[str, ...]:
    """Sentences about a class; Chinese characters are words of their own."""
    titles = {str(name): titles for name, titles in TITLES.items()}.get(class_name, {})
    english, chinese = titles.get("en", class_name).lower(), " ".join(titles.get("zh-TW", class_name))
    return (f"a turned metal part , {english}", f"{english} on a steel part", f"金 屬 零 件 ， {chinese}")


def _sentences(dataset: Dataset, tokenizer: PreTrainedTokenizerFast) -> dict[str, Tensor]:
    """Token ids and mask, K classes times 3 sentences, in order."""
    said = [sentence for c in dataset.classes for sentence in _said_of(c.name)]
    tokens = tokenizer(said, padding=True, return_tensors="pt")
    return {"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"]}


def _views(
    dataset: Dataset, seed: int, reporter: Reporter
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.uint8]], Tensor]:
    names, spec, train = [c.name for c in dataset.classes], InputSpec(SIDE, SIDE), dataset.of("train")
    images, labels = [], []
    with reporter.bar("views for the teacher", len(train)) as advance:
        for index, sample in enumerate(train):
            picture = load_picture(sample)
            for number in range(_VIEWS):
                images.append(model_input(make_view(picture, number, (seed, index, 1)).image_HWC, spec))
                labels.append(names.index(sample.class_name))
            advance()
    return np.stack(images), torch.tensor(labels)


def _fit(
    model: VisionTextDualEncoderModel,
    sentences: dict[str, Tensor],
    images_MHWC: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    label_M: Tensor,
    steps: int,
    reporter: Reporter,
) -> None:
    """Pictures against the sentences of all classes, softmax over classes: the contrastive loss with known matches."""
    model.train()
    matrices = [p for p in model.vision_model.parameters() if p.dim() in (2, 4) and p.shape[1] > 1]
    taken = {id(p) for p in matrices}
    optimisers = [
        Muon(matrices, _RATE),
        torch.optim.AdamW([p for p in model.parameters() if id(p) not in taken], _RATE / 2, weight_decay=0.01),
    ]
    schedules = [torch.optim.lr_scheduler.OneCycleLR(o, _RATE, total_steps=steps, pct_start=0.15, cycle_momentum=False) for o in optimisers]  # fmt: skip  # noqa: E501
    with reporter.bar("teacher learns", steps) as advance:
        for _ in range(steps):
            chosen = torch.randint(len(label_M), (_BATCH,))
            pixels_NCHW = torch.from_numpy(images_MHWC[chosen.numpy()]).permute(0, 3, 1, 2).flip(1) / 127.5 - 1
            image_ND = F.normalize(model.visual_projection(model.vision_model(pixels_NCHW).pooler_output), dim=1)
            text_SD = F.normalize(model.text_projection(model.text_model(**sentences).pooler_output), dim=1)
            text_KD = text_SD.unflatten(0, (-1, 3)).mean(1)
            loss = F.cross_entropy(20 * image_ND @ text_KD.T, label_M[chosen], label_smoothing=0.05)
            for optimiser in optimisers:
                optimiser.zero_grad(set_to_none=True)
            loss.backward()
            for optimiser, rate in zip(optimisers, schedules, strict=True):
                optimiser.step()
                rate.step()
            advance(1, f"loss {loss.item():.2f}")
    model.eval()
