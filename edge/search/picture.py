"""How a picture looks to a bundle: its embedding, by the engine that would inspect it."""

from __future__ import annotations

from pathlib import Path

from camera.image_file import ImageFileError, read_image
from edge.bundle.load import Bundle
from edge.engines.choose import open_engine
from edge.errors import EngineError
from edge.inspection.inspector import Inspector
from edge.search.question import QuestionError
from edge.search.results import Look


def look_of_picture(path: Path, bundle: Bundle) -> Look:
    """Raises QuestionError where the picture cannot be read, EngineError where no engine runs the bundle."""
    try:
        image_HWC = read_image(path)
    except ImageFileError as error:
        raise QuestionError(f"{path} {error}") from error
    engine = open_engine(bundle).engine
    try:
        inspection = Inspector(bundle, engine).inspect(image_HWC, check_quality=False)
    finally:
        engine.close()
    if inspection.embedding_D is None:
        raise EngineError(f"the engine gave no answer for {path}: {inspection.error}")
    return Look(bundle.manifest.bundle_id, inspection.embedding_D)
