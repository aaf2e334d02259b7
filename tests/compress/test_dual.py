"""The text side of a dual encoder, through the real door."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from compress.dual import embed_text, load_dual, tokenise
from compress.errors import TeacherError
from tests.compress.teachers import DUAL, FAMILIES, SIDE, byte_tokenizer, save_teacher

SENTENCES = ["a scratch on steel", "表面刮痕", "a scratch on steel"]


@pytest.mark.parametrize("family", DUAL)
def test_sentences_of_any_language_lie_in_the_space_of_the_images(family: str, tmp_path: Path) -> None:
    """The cosine of both sides is what the model itself computes from picture and sentence together."""
    dual = load_dual(str(save_teacher(tmp_path / family, family)))
    bgr_NHWC = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    pixels_NCHW = (bgr_NHWC.flip(3).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25
    with torch.inference_mode():
        text_SD = embed_text(dual, SENTENCES)
        image_ND = F.normalize(dual.teacher.vision(bgr_NHWC)[0], dim=1)
        said = dual.model(**tokenise(dual, SENTENCES), pixel_values=pixels_NCHW).logits_per_image
    assert text_SD.shape == (3, dual.dim) == (3, FAMILIES[family][1])
    torch.testing.assert_close(image_ND @ text_SD.T * dual.scale + getattr(dual.model, "logit_bias", 0), said)
    torch.testing.assert_close(text_SD[0], text_SD[2])
    assert (text_SD[0] - text_SD[1]).abs().max() > 1e-3


def test_a_model_that_only_sees_has_no_text_side(tmp_path: Path) -> None:
    """The sentence names the model and what would do."""
    with pytest.raises(TeacherError, match=r"\(ViTModel\) has no text side .* CLIP"):
        load_dual(str(save_teacher(tmp_path / "vit", "ViT")))


def test_without_a_tokenizer(tmp_path: Path) -> None:
    """The text side cannot read without it; the sentence names the files."""
    folder = save_teacher(tmp_path / "clip")
    for file in folder.glob("tokenizer*.json"):
        file.unlink()
    with pytest.raises(TeacherError, match=r"has no tokenizer; copy tokenizer\.json"):
        load_dual(str(folder))


def test_the_tokenizer_of_another_model(tmp_path: Path) -> None:
    """Its tokens would fall outside the model's table."""
    folder = save_teacher(tmp_path / "clip")
    larger = byte_tokenizer()
    larger.add_tokens(["scratch"])
    larger.save_pretrained(folder)
    with pytest.raises(TeacherError, match="has 261 tokens and the model knows 260"):
        load_dual(str(folder))
