"""The contrastive losses are those of the families they follow, and know sentences that are true of many pictures."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from transformers.models.clip.modeling_clip import image_text_contrastive_loss

from compress.train.losses import class_loss, info_nce, sigmoid_loss
from compress.train.objective import class_weights
from tests.compress.teachers import FAMILIES, SIDE


def _unit(seed: int, count: int = 6) -> torch.Tensor:
    return F.normalize(torch.randn(count, 8, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_info_nce_is_clips_own_loss_where_every_sentence_is_of_one_picture() -> None:
    """Held against the loss that transformers trains CLIP with."""
    image_ND, text_ND, scale = _unit(0), _unit(1), torch.tensor(14.0)
    ours = info_nce(image_ND, text_ND, scale, torch.eye(6, dtype=torch.bool))
    assert ours == pytest.approx(float(image_text_contrastive_loss(scale * text_ND @ image_ND.T)), abs=1e-5)


def test_sigmoid_loss_is_siglips_own() -> None:
    """Held against what a SigLIP model itself returns for the same pictures and tokens."""
    torch.manual_seed(0)
    model = FAMILIES["SigLIP"][0]().eval()
    pixels, tokens = torch.randn(4, 3, SIDE, SIDE), torch.randint(0, 250, (4, 16))
    with torch.no_grad():
        out = model(pixel_values=pixels, input_ids=tokens, return_loss=True)
        image_ND, text_ND = F.normalize(out.image_embeds, dim=1), F.normalize(out.text_embeds, dim=1)
        same_NN = torch.eye(4, dtype=torch.bool)
        ours = sigmoid_loss(image_ND, text_ND, model.logit_scale.exp(), model.logit_bias, same_NN)
    assert float(ours) == pytest.approx(float(out.loss), abs=1e-4)


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_a_sentence_shared_by_a_class_is_not_held_against_its_pictures(family: str) -> None:
    """Where two pictures share a sentence, calling it wrong for one of them costs more than calling it right."""
    text_ND = _unit(1, 2)[[0, 0, 1, 1]]
    image_ND, scale = text_ND.clone(), torch.tensor(10.0)
    shared = torch.kron(torch.eye(2), torch.ones(2, 2)).bool()
    alone = torch.eye(4, dtype=torch.bool)
    if family == "clip":
        right, wrong = info_nce(image_ND, text_ND, scale, shared), info_nce(image_ND, text_ND, scale, alone)
        # the least that is reachable: two right answers share the probability
        assert float(right) == pytest.approx(torch.log(torch.tensor(2.0)).item(), abs=0.02)
        assert float(right) <= float(wrong) + 1e-6
    else:
        bias = torch.tensor(-5.0)
        assert sigmoid_loss(image_ND, text_ND, scale, bias, shared) < sigmoid_loss(
            image_ND, text_ND, scale, bias, alone
        )


def test_every_class_weighs_the_same() -> None:
    """Nine pictures of one class and one of another: both move the loss alike."""
    labels = (0,) * 9 + (1,)
    weight_K = class_weights(labels, 3)
    assert weight_K.tolist() == pytest.approx([10 / 18, 5.0, 0.0])
    label_N = torch.tensor(labels)
    logits_NK = torch.zeros(10, 3, requires_grad=True)
    class_loss(logits_NK, label_N, weight_K).backward()  # type: ignore[no-untyped-call]  # torch's stub
    assert logits_NK.grad is not None
    assert logits_NK.grad[:9, 0].sum() == pytest.approx(float(logits_NK.grad[9, 1]))
