"""`edgevl why`: the place that made a part NG, drawn over its picture."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from edge.commands.history import data_folder, readable
from edge.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.bundle.load import Bundle
    from edge.store.history import StoredVerdict


class By(str, Enum):
    """What is drawn: the defect map that the verdict's boxes come from, or what spoke for the class."""

    defect = "defect"
    class_name = "class"


def why_command(
    part: Annotated[str, typer.Argument(help="A picture, or the id of a verdict.")],
    line_file: Annotated[
        Path | None, typer.Argument(envvar="EDGEVL_LINE", help="The line file of the bundle, and of the verdict.")
    ] = None,
    db: Annotated[Path | None, typer.Option(help="Or the data folder of the verdict, such as a copy of one.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Or the bundle itself.")] = None,
    by: Annotated[
        By, typer.Option(help="The defect map, or the class activation map: what spoke for the class.")
    ] = By.defect,
    out: Annotated[
        Path | None, typer.Option(help="Where to draw it; WHAT.why.png in this folder unless given.")
    ] = None,
) -> None:
    """Show why: draw what the model saw as defect over the picture of a part, with the verdict's boxes.

    With --by class the places are shown that spoke for the class, also where nobody marked places in the training data.
    A verdict's own map is drawn where it was kept; otherwise the bundle that judged it, the line's or a product's,
    looks at the kept picture again.

    Example:  edgevl why part.jpg configs/line-demo.toml --by class
    """
    from edge.bundle.load import load_bundle
    from edge.commands.bundles import bundle_folders
    from edge.search.question import is_verdict_id, picture_named

    bundles = bundle_folders(line_file, bundle)
    picture = picture_named(part)
    if picture is not None:
        _draw_picture(picture, load_bundle(_needed(bundles)[0]), by, out or Path(f"{picture.stem}.why.png"))
    elif is_verdict_id(part):
        folder = data_folder("why VERDICT-ID", None if db else line_file, db)
        with readable(folder):
            _draw_verdict(part, folder, bundles, by, out or Path(f"{part}.why.png"))
    else:
        raise ConfigError(f"{part!r} is neither a picture nor the id of a verdict; `edgevl history` lists ids")


def _draw_picture(picture: Path, bundle: Bundle, by: By, out: Path) -> None:
    from camera.image_file import ImageFileError, read_image
    from edge.inspection.why import look_again

    try:
        image_HWC = read_image(picture)
    except ImageFileError as error:
        raise ConfigError(f"{picture} {error}") from error
    seen = look_again(image_HWC, None, bundle, by.value)
    _write(out, seen.drawn_HWC)
    _say(f"{seen.sentence}; drawn in {out}")


def _draw_verdict(verdict_id: str, folder: Path, bundles: Sequence[Path], by: By, out: Path) -> None:
    from camera.image_file import ImageFileError, read_image
    from edge.commands.bundles import bundle_that_judged
    from edge.inspection.why import draw_kept, look_again
    from edge.store.history import History

    history = History(folder)
    stored, picture = history.verdict(verdict_id), history.picture_path(verdict_id)
    if stored is None:
        raise ConfigError(f"{folder} holds no verdict {verdict_id}; `edgevl history` lists those it holds")
    if picture is None:
        raise ConfigError(
            f"no picture of {verdict_id} was kept: only NG and UNDECIDED parts have one, the newest of them"
        )
    try:
        image_HWC = read_image(picture)
        map_file = history.map_path(verdict_id)
        if by is By.defect and map_file is not None:
            _write(out, draw_kept(image_HWC, read_image(map_file), stored.verdict))
            _say(f"{_sentence(stored)}; its kept map is drawn in {out}")
            return
    except ImageFileError as error:
        raise ConfigError(f"the kept picture of {verdict_id} {error}") from error
    judge = bundle_that_judged(stored.verdict.bundle, _needed(bundles))
    seen = look_again(image_HWC, stored.verdict.region, judge, by.value)
    _write(out, seen.drawn_HWC)
    _say(f"{_sentence(stored)}; looked at again in {out}: {seen.sentence}")


def _sentence(stored: StoredVerdict) -> str:
    verdict = stored.verdict
    return f"{verdict.id}: {verdict.status}, {verdict.class_name or verdict.reason or 'no class'}"


def _needed(bundles: Sequence[Path]) -> Sequence[Path]:
    if not bundles:
        raise ConfigError("a picture needs the bundle that looks at it: give the line file, or --bundle FOLDER")
    return bundles


def _write(out: Path, image_HWC: NDArray) -> None:  # type: ignore[type-arg]  # numpy is imported when it is needed
    import cv2

    try:
        out.write_bytes(cv2.imencode(".png", image_HWC)[1].tobytes())
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}; choose another --out") from error


def _say(sentence: str) -> None:
    Console().print(sentence, soft_wrap=True, highlight=False)
