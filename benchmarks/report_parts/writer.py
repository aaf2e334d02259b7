"""A small generative teacher, trained from scratch on captions of simulated parts: a VisionEncoderDecoder.

Saved as such models are, so that `edgevl language --describer` meets it through the same door as any other. It writes
one sentence in English and one in Chinese about each part.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from compress.progress import Reporter
from edge.language.vocabulary import split

_SIDE = 96
_BATCH = 16
_RATE = 1e-3
_MEAN, _STD = 0.5, 0.25


def train_writer(
    folder: Path, image_HWC: Sequence[NDArray[np.uint8]], captions: Sequence[str], steps: int, reporter: Reporter
) -> None:
    """Train on uint8 BGR pictures with a caption each, and save the model, its tokenizer and its image processor."""
    torch.manual_seed(0)
    tokenizer = _tokenizer(captions)
    model = _model(len(tokenizer))
    ids_MS = [[*tokenizer.encode(caption), tokenizer.eos_token_id] for caption in captions]
    pixels = np.stack([_pixels(each) for each in image_HWC])
    optimiser = torch.optim.AdamW(model.parameters(), _RATE)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    with reporter.bar("the writer learns", steps) as advance:
        for _ in range(steps):
            chosen = torch.randint(len(captions), (_BATCH,)).tolist()
            longest = max(len(ids_MS[n]) for n in chosen)
            labels = torch.tensor([[*ids_MS[n], *[-100] * (longest - len(ids_MS[n]))] for n in chosen])
            loss = model(pixel_values=torch.from_numpy(pixels[chosen]), labels=labels).loss
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
            advance(1, f"loss {loss.item():.2f}")
    transformers.utils.logging.disable_progress_bar()
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    size = {"height": _SIDE, "width": _SIDE}
    processor = transformers.ViTImageProcessor(size=size, image_mean=[_MEAN] * 3, image_std=[_STD] * 3)
    processor.save_pretrained(folder)


def _model(vocabulary: int) -> transformers.VisionEncoderDecoderModel:
    encoder = transformers.ViTConfig(
        hidden_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=192,
        image_size=_SIDE,
        patch_size=12,
    )
    decoder = transformers.BertConfig(
        vocab_size=vocabulary, hidden_size=96, num_hidden_layers=2, num_attention_heads=4, intermediate_size=192,
        is_decoder=True, add_cross_attention=True, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    config = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 1, 0, 2
    model = transformers.VisionEncoderDecoderModel(config)
    for name in ("decoder_start_token_id", "pad_token_id", "eos_token_id", "bos_token_id"):
        setattr(model.generation_config, name, getattr(decoder if name == "bos_token_id" else config, name))
    return model.train()


def _tokenizer(captions: Sequence[str]) -> transformers.PreTrainedTokenizerFast:
    """The pieces of reports, each one token."""
    pieces = sorted({piece for caption in captions for piece in split(caption)})
    vocabulary = {piece: number for number, piece in enumerate(["<pad>", "<s>", "</s>", "<unk>", *pieces])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?(?:[A-Za-z]+|\S)"), "isolated")
    inner.decoder = decoders.Fuse()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>",
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


def _pixels(image_HWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = cv2.resize(image_HWC, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)[..., ::-1]
    scaled: NDArray[np.float32] = ((small / 255 - _MEAN) / _STD).astype(np.float32).transpose(2, 0, 1)
    return scaled
