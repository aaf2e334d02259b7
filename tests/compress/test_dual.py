"""The text side of a dual encoder, through the real door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from compress.errors import TeacherError
from compress.teachers.dual import embed_text, load_dual, tokenise
from compress.teachers.image_side import as_patches
from tests.compress.teachers import DUAL, SIDE, byte_tokenizer, save_teacher

SENTENCES = ["a scratch on steel", "表面刮痕", "a scratch on steel"]


@pytest.mark.parametrize("family", DUAL)
def test_a_dual_encoder_reads_sentences_of_any_language(family: str, tmp_path: Path) -> None:
    """One row of length 1 a sentence, as long as an image's embedding; equal sentences are equal, others differ."""
    dual = load_dual(str(save_teacher(tmp_path / family, family)))
    text_SD = embed_text(dual, SENTENCES)
    assert text_SD.shape == (3, dual.dim) == (3, DUAL[family][1])
    torch.testing.assert_close(text_SD.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(text_SD[0], text_SD[2])
    assert (text_SD[0] - text_SD[1]).abs().max() > 1e-3


@pytest.mark.parametrize("family", [family for family in DUAL if family != "FLAVA"])  # it has no logits of its own
def test_images_and_sentences_meet_as_the_model_itself_compares_them(family: str, tmp_path: Path) -> None:
    """Cosine, scale and bias give the logits that the whole model computes from pixels and tokens."""
    dual = load_dual(str(save_teacher(tmp_path / family, family)))
    bgr_NHWC = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    rgb_NCHW = (bgr_NHWC.flip(3).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25
    pixels = as_patches(rgb_NCHW, 16) if family == "SigLIP2" else {"pixel_values": rgb_NCHW}
    with torch.inference_mode():
        image_ND = F.normalize(dual.teacher.vision(bgr_NHWC)[0], dim=1)
        ours = image_ND @ embed_text(dual, SENTENCES).T * dual.scale + getattr(dual.model, "logit_bias", 0)
        theirs = dual.model(**tokenise(dual, SENTENCES), **pixels).logits_per_image
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


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
    larger.add_tokens([f"word{number}" for number in range(50)])
    larger.save_pretrained(folder)
    dual = load_dual(str(folder))
    with pytest.raises(TeacherError, match="of another model: it gives token 310, and the model knows 300"):
        embed_text(dual, ["word49"])


def test_patches_are_cut_as_transformers_cuts_them() -> None:
    """SigLIP 2 takes patches in place of pixels; its own PIL processor is the measure."""
    from transformers.models.siglip2 import image_processing_pil_siglip2 as theirs

    pixels_NCHW = torch.rand(2, 3, 32, 48)
    ours = as_patches(pixels_NCHW, 16)
    cut = [theirs.convert_image_to_patches(image.numpy(), 16) for image in pixels_NCHW]
    torch.testing.assert_close(ours["pixel_values"], torch.from_numpy(np.stack(cut)))
    assert ours["spatial_shapes"].tolist() == [[2, 3], [2, 3]]
