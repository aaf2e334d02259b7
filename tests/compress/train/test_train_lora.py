"""LoRA goes into any architecture, trains nothing else, and leaves an ordinary model behind."""

from __future__ import annotations

from pathlib import Path

import peft
import pytest
import torch
from torch import nn

from compress.errors import TeacherError
from compress.teachers.teacher import load_teacher
from compress.train.lora import add_lora, merge_lora
from tests.compress.teachers import FAMILIES, SIDE, save_teacher


@pytest.mark.parametrize("family", FAMILIES)
def test_merged_weights_answer_as_the_adapters_did(family: str, tmp_path: Path) -> None:
    """The merged model has the names of the one it came from, and the answers of the adapted one."""
    teacher = load_teacher(str(save_teacher(tmp_path / family, family)))
    names = set(teacher.vision.model.state_dict())
    image_NHWC = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    adapted = add_lora(teacher.vision.model, rank=2, dropout=0.0)
    trainable = [(n, p) for n, p in teacher.vision.model.named_parameters() if p.requires_grad]
    assert trainable
    assert all("lora_" in name for name, _ in trainable)
    with torch.no_grad():
        before = teacher.vision(image_NHWC)[0]
        for _, parameter in trainable:
            parameter.normal_(0, 0.05, generator=torch.Generator().manual_seed(1))
        moved = teacher.vision(image_NHWC)[0]
        merge_lora(adapted)
        merged = teacher.vision(image_NHWC)[0]
    size = moved.abs().max()  # a random network without batch statistics may answer with very small numbers
    assert (moved - before).abs().max() > 0.01 * size
    torch.testing.assert_close(merged / size, moved / size, atol=1e-4, rtol=1e-3)
    assert set(teacher.vision.model.state_dict()) == names
    assert not any(isinstance(m, peft.tuners.lora.LoraLayer) for m in teacher.vision.modules())


def test_a_model_without_a_layer_to_adapt_is_named() -> None:
    """Depthwise convolutions and norms alone give LoRA nothing to stand beside."""
    with pytest.raises(TeacherError, match=r"Sequential has no layer that LoRA can adapt; use --layer-decay"):
        add_lora(nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.BatchNorm2d(4)), rank=2, dropout=0.0)
