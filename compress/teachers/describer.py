"""A describer: a generative image-text-to-text model (LLaVA, BLIP-2, Qwen2-VL, ...) that writes about a picture.

Its sentences are material for reports, never for verdicts. Decoding is greedy, so the same picture gets the same
sentence, and what comes back is one line of plain text.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image

from compress.errors import TeacherError
from compress.quiet import quiet
from compress.teachers.pretrained import (
    called,
    find_folder,
    first_line,
    open_config,
    open_model,
    open_tokenizer,
    refuse_untrained,
)  # fmt: skip

LONGEST = 96  # new tokens; a report wants a sentence or two


@dataclass(frozen=True, slots=True)
class Describer:
    """A loaded model that writes. images: turns pictures into its inputs; both: pictures and words, where it reads.

    both is None for a model that only captions (VisionEncoderDecoder): it takes no prompt.
    """

    name: str
    model: Any
    tokenizer: Any
    images: Any
    both: Any | None


def load_describer(name: str) -> Describer:
    """Load a describer from a folder, or by its Hugging Face name.

    Raises TeacherError where the model does not write, or the files that turn pictures and words into its inputs
    are not beside it.
    """
    folder = find_folder(name)
    demand_writer(folder)
    model, missing = open_model(folder, transformers.AutoModelForImageTextToText, "auto")
    refuse_untrained(folder, missing)
    both = _open(folder, transformers.AutoProcessor)
    if hasattr(both, "image_processor") and hasattr(both, "tokenizer"):
        return Describer(called(name, folder), model, both.tokenizer, both.image_processor, both)
    images = _open(folder, transformers.AutoImageProcessor)
    return Describer(called(name, folder), model, open_tokenizer(folder), images, None)


def demand_writer(folder: Path) -> None:
    """Raises TeacherError where the model's config.json is not that of one that writes about pictures."""
    kind = type(open_config(folder))
    if kind not in transformers.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        raise TeacherError(
            f"{folder} ({kind.model_type}) does not write sentences about pictures; "
            "a describer is a model such as LLaVA, BLIP-2 or Qwen2-VL"
        )


def describe(describer: Describer, image_HWC: Sequence[NDArray[np.uint8]], prompt: str) -> list[str]:
    """One line about each uint8 BGR picture, in answer to the prompt. Raises TeacherError where the model fails."""
    return [_describe_one(describer, image, prompt) for image in image_HWC]


def _describe_one(describer: Describer, image_HWC: NDArray[np.uint8], prompt: str) -> str:
    picture = Image.fromarray(np.ascontiguousarray(image_HWC[..., ::-1]))
    try:
        with quiet(), torch.inference_mode():
            given = _inputs(describer, picture, prompt)
            written = describer.model.generate(
                **given, max_new_tokens=LONGEST, do_sample=False, num_beams=1, temperature=None, top_p=None, top_k=None
            )
            return plain(describer.tokenizer.decode(_answer(written[0], given), skip_special_tokens=True))
    except Exception as error:  # any model class may land here; say which one could not be used
        raise TeacherError(f"{describer.name} cannot describe a picture: {first_line(error)}") from error


def _inputs(describer: Describer, picture: Image.Image, prompt: str) -> dict[str, Any]:
    if describer.both is None:
        given = describer.images(images=picture, return_tensors="pt")
    else:
        given = describer.both(images=picture, text=_asked(describer.both, prompt), return_tensors="pt")
    kept = describer.model.dtype
    return {key: value.to(kept) if value.is_floating_point() else value for key, value in given.items()}


def _asked(both: Any, prompt: str) -> str:
    """The prompt as this model was taught to be asked: by its chat template, else behind its image token."""
    if getattr(both, "chat_template", None):
        turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}
        return str(both.apply_chat_template([turn], add_generation_prompt=True))
    token = getattr(both, "image_token", None)
    return f"{token}\n{prompt}\n" if isinstance(token, str) else prompt  # BLIP-2 puts its own tokens in front


def _answer(written_T: torch.Tensor, given: dict[str, Any]) -> torch.Tensor:
    """What was written after the prompt; most models that only decode repeat the prompt first."""
    asked = given.get("input_ids")
    if asked is None or asked.shape[1] > len(written_T) or not torch.equal(written_T[: asked.shape[1]], asked[0]):
        return written_T
    return written_T[asked.shape[1] :]


def plain(text: str) -> str:
    """One line without control characters: what a model writes goes into reports, terminals and pages."""
    kept = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    visible = "".join(letter for letter in kept if unicodedata.category(letter) not in ("Cf", "Cs", "Co", "Cn"))
    return " ".join(visible.split())


def _open(folder: Path, kind: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers raises almost anything for files it cannot use
        if "torchvision" in str(error).casefold():
            raise TeacherError(
                f"{folder} can only be opened with torchvision, which its video processor asks for and edgevl does not "
                "install; take a describer such as LLaVA or BLIP-2, or install the torchvision that fits this torch"
            ) from error
        raise TeacherError(
            f"{folder} lacks what turns pictures and words into the model's inputs ({first_line(error)}); "
            "copy processor_config.json, preprocessor_config.json and the tokenizer's files from the same model"
        ) from error
