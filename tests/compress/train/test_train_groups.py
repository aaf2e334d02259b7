"""Layer-wise rates and what decays, read off each architecture's own lists of blocks."""

from __future__ import annotations

import re

import pytest
from torch import nn

from compress.train.groups import freeze_base, layer_depths, parameter_groups
from tests.compress.teachers import DUAL, FAMILIES, SEEING


@pytest.mark.parametrize("family", [*DUAL, *SEEING])
def test_deeper_layers_learn_faster(family: str) -> None:
    """Embedding or stem is furthest from the top, and there is a step for every block between."""
    model = FAMILIES[family][0]()
    distances = layer_depths(model)
    assert set(distances) == {name for name, _ in model.named_parameters()}
    furthest = max(distances.values())
    assert furthest >= 5
    assert all(re.search(r"embed|stem|pre_lay", name) for name, d in distances.items() if d == furthest)
    assert set(range(1, furthest + 1)) <= set(distances.values())


def test_the_towers_of_a_dual_encoder_are_measured_each_by_itself() -> None:
    """CLIP: four image blocks and one text block; projections and scale are the top of both."""
    distances = layer_depths(FAMILIES["CLIP"][0]())
    assert distances["visual_projection.weight"] == distances["text_projection.weight"] == distances["logit_scale"] == 0
    image = {d for name, d in distances.items() if name.startswith("vision_model.")}
    text = {d for name, d in distances.items() if name.startswith("text_model.")}
    assert (image, text) == (set(range(6)), set(range(3)))


def test_rates_fall_with_depth_and_norms_and_biases_do_not_decay() -> None:
    """Every weight that trains is in one group; the peak is rate x decay^distance."""
    model, head = FAMILIES["ViT"][0](), nn.Linear(32, 2)
    groups = parameter_groups(model, head, rate=1e-3, weight_decay=0.1, layer_decay=0.5)
    assert sum(len(g["params"]) for g in groups) == len(list(model.parameters())) + 2
    assert max(g["peak"] for g in groups) == 1e-3
    assert min(g["peak"] for g in groups) == pytest.approx(1e-3 * 0.5**5)
    for group in groups:
        for parameter in group["params"]:
            assert group["weight_decay"] == (0.1 if parameter.dim() > 1 else 0.0)


def test_a_frozen_base_trains_only_what_lies_above_the_last_block() -> None:
    """CLIP keeps projections, last norms and scale; a ResNet, which ends with its last block, keeps nothing."""
    model = FAMILIES["CLIP"][0]()
    assert freeze_base(model) > 0
    training = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {"visual_projection.weight", "text_projection.weight", "logit_scale"} <= training
    assert not any(".layers." in name or "embeddings" in name for name in training)
    assert freeze_base(FAMILIES["ResNet"][0]()) == 0
