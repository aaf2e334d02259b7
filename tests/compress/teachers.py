"""Tiny teachers with random weights, saved to a folder as Hugging Face saves them: real classes, real files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

SIDE = 64

_TOWER: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": 16,
}
_TEXT: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "vocab_size": 260,
    "max_position_embeddings": 64,
    "bos_token_id": 256,
    "eos_token_id": 257,
    "pad_token_id": 258,
}


def clip() -> Any:
    return transformers.CLIPModel(transformers.CLIPConfig(text_config=_TEXT, vision_config=_TOWER, projection_dim=24))


def siglip() -> Any:
    return transformers.SiglipModel(
        transformers.SiglipConfig(text_config={**_TEXT, "projection_size": 32}, vision_config=_TOWER)
    )


def dual_encoder() -> Any:
    config = transformers.VisionTextDualEncoderConfig.from_vision_text_configs(
        transformers.ViTConfig(**_TOWER), transformers.BertConfig(**_TEXT), projection_dim=24
    )
    return transformers.VisionTextDualEncoderModel(config)


def vit() -> Any:
    return transformers.ViTModel(transformers.ViTConfig(**_TOWER))


def dinov2() -> Any:
    return transformers.Dinov2Model(transformers.Dinov2Config(**{**_TOWER, "mlp_ratio": 2}))


def resnet() -> Any:
    return transformers.ResNetModel(
        transformers.ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16, 24, 40], depths=[1, 1, 1, 1], layer_type="basic"
        )
    )


def convnext() -> Any:
    return transformers.ConvNextModel(
        transformers.ConvNextConfig(hidden_sizes=[8, 16, 24, 40], depths=[1, 1, 1, 1], image_size=SIDE)
    )


def mobilenet_v2() -> Any:
    return transformers.MobileNetV2Model(
        transformers.MobileNetV2Config(depth_multiplier=0.25, finegrained_output=False, image_size=SIDE)
    )


# Each family with the length of the embedding that its configuration declares.
FAMILIES: Mapping[str, tuple[Callable[[], Any], int]] = {
    "CLIP": (clip, 24),
    "SigLIP": (siglip, 32),
    "VisionTextDualEncoder": (dual_encoder, 24),
    "ViT": (vit, 32),
    "DINOv2": (dinov2, 32),
    "ResNet": (resnet, 40),
    "ConvNeXt": (convnext, 40),
    "MobileNetV2": (mobilenet_v2, 320),
}
DUAL = ("CLIP", "SigLIP", "VisionTextDualEncoder")


def save_teacher(folder: Path, family: str = "CLIP", seed: int = 0) -> Path:
    """A teacher folder: config.json, model.safetensors, preprocessor_config.json."""
    torch.manual_seed(seed)
    FAMILIES[family][0]().save_pretrained(folder)
    said = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25], "size": {"height": SIDE, "width": SIDE}}
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    if family in DUAL:
        byte_tokenizer().save_pretrained(folder)
    return folder


def byte_tokenizer() -> Any:
    """A tokenizer with one token a byte, so that it reads every language."""
    letters = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    own = {"<s>": 256, "</s>": 257, "<pad>": 258, "<image>": 259}
    inner = Tokenizer(models.BPE(vocab={**letters, **own}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 256), ("</s>", 257)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="<pad>", model_max_length=64
    )
