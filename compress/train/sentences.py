"""What is said of each picture: its captions, the user's prompts, or its class name put into a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from compress.data.dataset import ClassLabel, Dataset, Sample
from compress.data.titles import read_titles
from compress.errors import DataError
from compress.teachers.dual import DualEncoder
from compress.teachers.prompts import Prompts

# Plain descriptions after Radford et al. 2021, section 3.1.4. {} is what the class is called in that language.
_DEFECT: Mapping[str, tuple[str, ...]] = {
    "en": ("a photo of a part with {}", "a close-up photo of a surface with {}", "{} on a part"),
    "zh": ("有{}的零件照片", "表面有{}的近照"),
}
_GOOD: Mapping[str, tuple[str, ...]] = {
    "en": ("a photo of a good part", "a close-up photo of a surface without defects", "a part without any defect"),
    "zh": ("良品零件的照片", "沒有缺陷的表面近照"),
}


@dataclass(frozen=True, slots=True)
class Sentences:
    """Every sentence once, and whom it is true of.

    of_class: places of each class's sentences. of_sample: places of what may be said of each sample.
    about_class_S: True for a sentence that is true of its whole class, False for one picture's own caption.
    """

    texts: tuple[str, ...]
    of_class: tuple[tuple[int, ...], ...]
    of_sample: Mapping[str, tuple[int, ...]]
    about_class_S: Tensor

    def class_texts(self) -> tuple[tuple[str, ...], ...]:
        """Each class's sentences, in the order of the classes."""
        return tuple(tuple(self.texts[i] for i in places) for places in self.of_class)

    def same(self, label_N: Tensor, sentence_N: Tensor) -> Tensor:
        """NxN bool: whether the sentence drawn for picture j is true of picture i."""
        is_own = sentence_N[:, None] == sentence_N[None, :]
        is_about = self.about_class_S.to(label_N.device)[sentence_N][None, :]
        return is_own | (is_about & (label_N[:, None] == label_N[None, :]))


def collect_sentences(
    classes: Sequence[ClassLabel], samples: Sequence[Sample], class_texts: Mapping[str, Sequence[str]]
) -> Sentences:
    """Each sample's captions beside the sentences of its class (`class_texts`, by class name)."""
    about = {text for texts in class_texts.values() for text in texts}
    captions = {caption for sample in samples for caption in sample.captions}
    texts = tuple(sorted(about | captions))
    place = {text: i for i, text in enumerate(texts)}
    of_class = {c.name: tuple(place[text] for text in class_texts[c.name]) for c in classes}
    return Sentences(
        texts=texts,
        of_class=tuple(of_class[c.name] for c in classes),
        of_sample={s.name: (*(place[c] for c in s.captions), *of_class[s.class_name]) for s in samples},
        about_class_S=torch.tensor([text in about for text in texts], dtype=torch.bool),
    )


def sentences_of_classes(
    dataset: Dataset, prompts: Prompts | None = None
) -> Callable[[DualEncoder], dict[str, tuple[str, ...]]]:
    """What a teacher can say of each class, once it is known which words it has; the user's prompts go first.

    Raises DataError where the prompts leave out a class of the data.
    """
    titles = read_titles(dataset.root)
    if prompts is not None:
        return _prompted(dataset, prompts)

    def say(dual: DualEncoder) -> dict[str, tuple[str, ...]]:
        can_say = speaks(dual)
        return {c.name: class_sentences(c, titles.get(c.name, {}), can_say) for c in dataset.classes}

    return say


def _prompted(dataset: Dataset, prompts: Prompts) -> Callable[[DualEncoder], dict[str, tuple[str, ...]]]:
    missing = [c.name for c in dataset.classes if c.name not in prompts.classes]
    if missing:
        raise DataError(
            f"the prompts file says nothing of {', '.join(missing)}, which {dataset.root} has; "
            f"add [classes.{missing[0]}] with prompts"
        )
    said = {c.name: prompts.sentences(c.name) for c in dataset.classes}
    return lambda dual: said  # noqa: ARG005  # a user's sentences are taken whatever the teacher reads


def class_sentences(label: ClassLabel, titles: Mapping[str, str], can_say: Callable[[str], bool]) -> tuple[str, ...]:
    """A class in sentences, in English and in every language that it has a title in and the teacher's words cover.

    titles: language -> name, as in titles.json.
    """
    templates = _GOOD if label.kind == "good" else _DEFECT
    called = {"en": label.name.replace("_", " ").replace("-", " "), **{_base(k): v for k, v in titles.items()}}
    said = [t.format(name) for language, name in called.items() for t in templates.get(language, ())]
    sayable = tuple(text for text in said if can_say(text))
    return sayable or tuple(said)


def speaks(dual: DualEncoder) -> Callable[[str], bool]:
    """Whether a sentence has no word or character that the teacher's tokenizer does not know."""
    tokenizer = dual.tokenizer

    def can_say(text: str) -> bool:
        return tokenizer.unk_token_id not in tokenizer(text, add_special_tokens=False)["input_ids"]

    return can_say


def _base(language: str) -> str:
    """zh-TW and zh-CN share their sentences' frames."""
    return language.split("-")[0].casefold()
