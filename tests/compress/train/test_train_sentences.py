"""What is said of pictures, and of which pictures it is true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from compress.data.dataset import ClassLabel, read_dataset
from compress.teachers.dual import load_dual
from compress.train.sentences import class_sentences, collect_sentences, speaks

_DEFECT, _GOOD = ClassLabel("deep_scratch", "defect"), ClassLabel("good", "good")


def test_class_names_become_sentences_in_every_language_that_has_a_title() -> None:
    """English from the class's name, Chinese from titles.json; a good part is described, not named."""
    said = class_sentences(_DEFECT, {"zh-TW": "深刮痕"}, lambda _: True)
    assert "a photo of a part with deep scratch" in said
    assert "有深刮痕的零件照片" in said
    assert not any(word == "good" for text in class_sentences(_GOOD, {}, lambda _: True)[1:] for word in text.split())
    assert class_sentences(_DEFECT, {"en": "score mark"}, lambda _: True)[0] == "a photo of a part with score mark"


def test_a_language_the_tokenizer_does_not_know_is_left_out() -> None:
    """Unknown words would all look alike; where nothing at all is known, something must be said still."""
    assert not any("刮" in s for s in class_sentences(_DEFECT, {"zh-TW": "深刮痕"}, lambda text: text.isascii()))
    assert class_sentences(_DEFECT, {}, lambda _: False)


def test_a_byte_tokenizer_speaks_every_language(clip: Path) -> None:
    """Asked of the teacher's own tokenizer."""
    assert speaks(load_dual(str(clip)))("有深刮痕的零件照片")


def test_a_caption_is_true_of_its_picture_and_a_class_sentence_of_its_class(parts: Path) -> None:
    """Rows are pictures, columns the sentences drawn for them."""
    dataset = read_dataset(parts)
    samples = [replace(s, captions=(f"caption {i}",)) for i, s in enumerate(dataset.of("train"))]
    texts = {"good": ("fine",), "spot": ("a spot",)}
    sentences = collect_sentences(dataset.classes, samples, texts)
    place = {text: i for i, text in enumerate(sentences.texts)}
    assert sentences.of_sample[samples[0].name] == (place["caption 0"], place[texts[samples[0].class_name][0]])
    label_N = torch.tensor([0, 0, 1, 1])
    drawn_N = torch.tensor([place["fine"], place["caption 0"], place["a spot"], place["caption 1"]])
    assert sentences.same(label_N, drawn_N).int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]
