"""A dual encoder: a teacher whose sentences lie in the same space as its images (CLIP, SigLIP, Chinese-CLIP, ...)."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from compress.errors import TeacherError
from compress.teachers.image_side import is_dual, one_vector
from compress.teachers.pretrained import called, find_folder, open_tokenizer, refuse_untrained
from compress.teachers.teacher import Teacher, open_any, teacher_of

_POSITIONS = ("position_embedding", "position_embeddings")
_LONGEST = 512  # tokens; a tokenizer that knows no limit says 1e30


@dataclass(frozen=True, slots=True)
class DualEncoder:
    """Both sides of one model; `teacher.vision` runs the image side of the same weights.

    max_tokens: longer sentences are cut. pads_in_full: every sentence is padded to max_tokens, as SigLIP was trained.
    folder: where the files lie, the tokenizer's among them.
    """

    teacher: Teacher
    tokenizer: Any
    max_tokens: int
    pads_in_full: bool
    folder: Path

    @property
    def model(self) -> nn.Module:
        return self.teacher.vision.model

    @property
    def name(self) -> str:
        return self.teacher.name

    @property
    def dim(self) -> int:
        """The length of an embedding, of images and sentences alike."""
        return self.teacher.dim

    @property
    def scale(self) -> float:
        """What the model multiplies a cosine by to get a logit (learned; Radford et al. 2021, section 2.3)."""
        return logit_scale(self.model)


def load_dual(name: str) -> DualEncoder:
    """Load a dual encoder from a folder, or by its Hugging Face name; frozen, in evaluation mode, float32.

    Raises TeacherError where the model has no text side in the space of its images, or no tokenizer beside it.
    """
    folder = find_folder(name)
    return dual_of(called(name, folder), folder, *open_any(folder))


def demand_both_sides(model: nn.Module, folder: Path) -> None:
    """Raises TeacherError where a model has no text side in the space of its images."""
    if not is_dual(model):
        raise TeacherError(
            f"{folder} ({type(model).__name__}) has no text side that shares a space with its images; "
            "sentences need a dual encoder such as CLIP, SigLIP or Chinese-CLIP"
        )


def dual_of(name: str, folder: Path, model: nn.Module, missing: Collection[str]) -> DualEncoder:
    """A loaded model as a dual encoder; missing: weights its file lacks. Raises as `load_dual` does."""
    demand_both_sides(model, folder)
    refuse_untrained(folder, missing)
    tokenizer = open_tokenizer(folder)
    dual = DualEncoder(
        teacher=teacher_of(name, folder, model),
        tokenizer=tokenizer,
        max_tokens=_max_tokens(model, tokenizer),
        pads_in_full=hasattr(model, "logit_bias") or "attention_mask" not in tokenizer.model_input_names,
        folder=folder,
    )
    length = embed_text(dual, ["."]).shape[1]
    if length != dual.dim:
        raise TeacherError(f"{folder} embeds sentences in {length} numbers and images in {dual.dim}: no common space")
    return dual


def embed_text(dual: DualEncoder, sentences: Sequence[str]) -> Tensor:
    """S x D float32, each row of length 1, in the space of the image embedding.

    Gradients flow where the model's parameters ask for them; a loaded one asks for none.
    """
    model: Any = dual.model
    features = model.get_text_features(**tokenise(dual, sentences))
    return F.normalize(one_vector(features.pooler_output).float(), dim=1)


def tokenise(dual: DualEncoder, sentences: Sequence[str]) -> dict[str, Tensor]:
    """The model's text inputs: token ids and, where its tokenizer gives one, the mask; on the model's device."""
    said = dual.tokenizer(
        list(sentences),
        padding="max_length" if dual.pads_in_full else True,
        truncation=True,
        max_length=dual.max_tokens,
        return_tensors="pt",
    )
    model: Any = dual.model
    known = getattr(model.config.text_config, "vocab_size", None)
    if known is not None and int(said["input_ids"].max()) >= known:
        raise TeacherError(
            f"the tokenizer in {dual.folder} is of another model: it gives token {int(said['input_ids'].max())}, "
            f"and the model knows {known}; copy tokenizer.json and tokenizer_config.json from the same model"
        )
    device = next(model.parameters()).device
    takes = inspect.signature(model.get_text_features).parameters
    unused = {"attention_mask"} if dual.pads_in_full else set()  # SigLIP was trained to read its padding
    return {key: value.to(device) for key, value in said.items() if key in takes and key not in unused}


def logit_scale(model: Any) -> float:
    """exp(logit_scale), or 1 / temperature as ALIGN keeps it."""
    learned = getattr(model, "logit_scale", None)
    return float(learned.exp() if learned is not None else 1 / model.temperature)


def _max_tokens(model: nn.Module, tokenizer: Any) -> int:
    """What both the tokenizer and the model's table of positions allow."""
    positions = [
        module.num_embeddings
        - (0 if module.padding_idx is None else module.padding_idx + 1)  # RoBERTa starts behind it
        for name, module in model.named_modules()
        if "text" in name and name.endswith(_POSITIONS) and isinstance(module, nn.Embedding)
    ]
    return int(min(tokenizer.model_max_length, _LONGEST, *positions))
