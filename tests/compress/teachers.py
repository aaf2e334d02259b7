"""Tiny teachers with random weights, saved to a folder as Hugging Face saves them: real classes, real files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

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
    "vocab_size": 300,
    "max_position_embeddings": 64,
    "bos_token_id": 256,
    "eos_token_id": 257,
    "pad_token_id": 258,
}
_STAGES: dict[str, Any] = {"hidden_sizes": [8, 16, 24, 40], "depths": [1, 1, 1, 1]}
_WRITER: dict[str, Any] = {**_TEXT, "num_key_value_heads": 2, "max_position_embeddings": 256}


def _dual(kind: str, **other: Any) -> Callable[[], Any]:
    """A dual encoder of transformers' `kind`Model and `kind`Config, both sides projected to 24 numbers."""

    def make() -> Any:
        settings: dict[str, Any] = {"text_config": _TEXT, "vision_config": _TOWER, "projection_dim": 24, **other}
        return _model(kind, **settings)

    return make


def _model(kind: str, **settings: Any) -> Any:
    return getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**settings))


def _vision(kind: str, **settings: Any) -> Callable[[], Any]:
    return lambda: _model(kind, **settings)


def _vision_text() -> Any:
    config = transformers.VisionTextDualEncoderConfig.from_vision_text_configs(
        transformers.ViTConfig(**_TOWER), transformers.BertConfig(**_TEXT), projection_dim=24
    )
    return transformers.VisionTextDualEncoderModel(config)


def _llava() -> Any:
    config = transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(**_TOWER),
        text_config=transformers.LlamaConfig(**_WRITER),
        image_token_index=259,
        image_seq_length=16,
    )
    return transformers.LlavaForConditionalGeneration(config)


def _blip2() -> Any:
    config = transformers.Blip2Config(
        vision_config={**_TOWER, "initializer_range": 0.02},
        qformer_config={**_TEXT, "num_hidden_layers": 2, "encoder_hidden_size": 32},
        text_config={**_WRITER, "model_type": "opt", "ffn_dim": 32, "word_embed_proj_dim": 16},
        num_query_tokens=4,
        image_token_index=259,
    )
    return transformers.Blip2ForConditionalGeneration(config)


def _blip_captions() -> Any:
    text = {**_TEXT, "max_position_embeddings": 256, "encoder_hidden_size": 32, "sep_token_id": 257}
    config = transformers.BlipConfig(text_config=text, vision_config={**_TOWER, "initializer_range": 0.02})
    return transformers.BlipForConditionalGeneration(config)


def _encoder_decoder() -> Any:
    decoder = transformers.GPT2Config(
        n_embd=16, n_layer=1, n_head=2, n_positions=256, vocab_size=300, bos_token_id=256, eos_token_id=257
    )
    config = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        transformers.ViTConfig(**_TOWER), decoder, decoder_start_token_id=256, pad_token_id=258, eos_token_id=257
    )
    return transformers.VisionEncoderDecoderModel(config)


def _qwen2_vl() -> Any:
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2]}
    config = transformers.Qwen2VLConfig(
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 16, "num_heads": 2, "mlp_ratio": 2},
        text_config={**_WRITER, "rope_parameters": rope},
        image_token_id=261,
        video_token_id=262,
        vision_start_token_id=263,
        vision_end_token_id=264,
    )
    return transformers.Qwen2VLForConditionalGeneration(config)


_OWN_PATCHES = {key: value for key, value in _TOWER.items() if key != "image_size"} | {"num_patches": 16}
_GROUPS = {"depths": [1, 1, 1], "num_group_tokens": [8, 4, 0], "num_output_groups": [8, 4, 0]}
_MBCONV: dict[str, Any] = {"image_size": SIDE, "width_coefficient": 0.1, "depth_coefficient": 0.2, "hidden_dim": 128}
_SWIN: dict[str, Any] = {"image_size": SIDE, "patch_size": 4, "embed_dim": 8, "window_size": 4}

# Each family with the length of the embedding that its configuration declares.
DUAL: Mapping[str, tuple[Callable[[], Any], int]] = {
    "CLIP": (_dual("CLIP"), 24),
    "SigLIP": (_dual("Siglip", text_config={**_TEXT, "projection_size": 32}), 32),
    "SigLIP2": (
        _dual("Siglip2", text_config={**_TEXT, "projection_size": 32}, vision_config=_OWN_PATCHES),
        32,
    ),
    "Chinese-CLIP": (_dual("ChineseCLIP"), 24),
    "MetaCLIP2": (_dual("MetaClip2"), 24),
    "AltCLIP": (_dual("AltCLIP", text_config={**_TEXT, "project_dim": 16, "pad_token_id": 1}), 24),
    "ALIGN": (_dual("Align", vision_config=_MBCONV, projection_dim=32), 32),
    "GroupViT": (_dual("GroupViT", vision_config={**_TOWER, **_GROUPS}, projection_intermediate_dim=24), 24),
    "BLIP": (
        _dual(
            "Blip",
            text_config={**_TEXT, "encoder_hidden_size": 32},
            vision_config={**_TOWER, "initializer_range": 0.02},
        ),
        24,
    ),
    "FLAVA": (_dual("Flava", image_config=_TOWER, multimodal_config=_TEXT), 24),
    "AIMv2": (_dual("Aimv2"), 24),
    "OWL-ViT": (_dual("OwlViT"), 24),
    "VisionTextDualEncoder": (_vision_text, 24),
}
SEEING: Mapping[str, tuple[Callable[[], Any], int]] = {
    "ViT": (_vision("ViT", **_TOWER), 32),
    "DeiT": (_vision("DeiT", **_TOWER), 32),
    "BEiT": (_vision("Beit", **_TOWER), 32),
    "DINOv2": (_vision("Dinov2", **{**_TOWER, "mlp_ratio": 2}), 32),
    "DINOv3": (_vision("DINOv3ViT", **_TOWER), 32),
    "Swin": (_vision("Swin", depths=[1, 1, 1], num_heads=[2, 2, 2], **_SWIN), 32),
    "Hiera": (
        _vision(
            "Hiera",
            image_size=[SIDE, SIDE],
            patch_stride=[4, 4],
            embed_dim=8,
            depths=[1, 1, 1, 1],
            num_heads=[1, 1, 2, 2],
        ),
        64,
    ),
    "ResNet": (_vision("ResNet", embedding_size=8, layer_type="basic", **_STAGES), 40),
    "RegNet": (_vision("RegNet", embedding_size=8, groups_width=8, **_STAGES), 40),
    "ConvNeXt": (_vision("ConvNext", image_size=SIDE, **_STAGES), 40),
    "EfficientNet": (_vision("EfficientNet", **_MBCONV), 128),
    "MobileNetV2": (_vision("MobileNetV2", depth_multiplier=0.25, finegrained_output=False, image_size=SIDE), 320),
}
# Models that write: the embedding is that of the encoder inside.
WRITING: Mapping[str, tuple[Callable[[], Any], int]] = {
    "LLaVA": (_llava, 32),
    "BLIP-2": (_blip2, 32),
    "BLIP captions": (_blip_captions, 32),
    "VisionEncoderDecoder": (_encoder_decoder, 32),
}
# Models that write, and whose encoder takes something else than pictures of one size: no teachers.
ONLY_WRITING: Mapping[str, Callable[[], Any]] = {"Qwen2-VL": _qwen2_vl}
FAMILIES: Mapping[str, tuple[Callable[[], Any], int]] = {**DUAL, **SEEING, **WRITING}


def save_teacher(folder: Path, family: str = "CLIP", seed: int = 0) -> Path:
    """A teacher folder: config.json, model.safetensors, preprocessor_config.json."""
    torch.manual_seed(seed)
    model = (FAMILIES[family][0] if family in FAMILIES else ONLY_WRITING[family])()
    for weight in model.parameters():
        if weight.dim() > 1 and weight.numel():  # as they are drawn, some are so small that all pictures look alike
            torch.nn.init.kaiming_normal_(weight)
    model.save_pretrained(folder)
    said = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25], "size": {"height": SIDE, "width": SIDE}}
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    if family not in SEEING:
        byte_tokenizer().save_pretrained(folder)
    if family in WRITING or family in ONLY_WRITING:
        _save_processor(folder, family)
    return folder


def _save_processor(folder: Path, family: str) -> None:
    """What turns pictures and words into a writer's inputs, as transformers saves it."""
    size = {"height": SIDE, "width": SIDE}
    colours = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}
    tokenizer = byte_tokenizer()
    tokenizer.model_max_length = 256
    if family == "LLaVA":
        tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
        images = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=size, **colours)
        both = transformers.LlavaProcessor(
            images, tokenizer, patch_size=16, vision_feature_select_strategy="default", num_additional_image_tokens=1
        )
    elif family == "BLIP-2":
        both = transformers.Blip2Processor(BlipImageProcessorPil(size=size, **colours), tokenizer, num_query_tokens=4)
    elif family == "BLIP captions":
        both = transformers.BlipProcessor(BlipImageProcessorPil(size=size, **colours), tokenizer)
    elif family == "Qwen2-VL":
        # its whole processor wants torchvision, for videos
        Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=112 * 112).save_pretrained(folder)
        return
    else:
        both = ViTImageProcessorPil(size=size, **colours)
    both.save_pretrained(folder)


def byte_tokenizer() -> Any:
    """A tokenizer with one token a byte, so that it reads every language."""
    letters = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    own = {"<s>": 256, "</s>": 257, "<pad>": 258, "<image>": 259, "<unk>": 260}
    inner = Tokenizer(models.BPE(vocab={**letters, **own}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 256), ("</s>", 257)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="<pad>", model_max_length=64
    )
