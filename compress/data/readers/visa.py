"""VisA as published: Data/Images/{Normal,Anomaly}, Data/Masks/Anomaly, image_anno.csv (Zou et al. 2022).

Its other layout, `1cls`, is MVTec's.
"""

from __future__ import annotations

from pathlib import Path

from compress.data.readers.files import Files, Names
from compress.data.readers.found import Found, FoundImage, Problem, Split
from compress.data.readers.lists import SPLIT_FOLDERS
from compress.data.readers.rows import Row, read_table
from compress.errors import DataError

_IMAGES = ("Data", "Images")
_MASKS = ("Data", "Masks")
_NORMAL = "normal"
_SPLIT_FILE = "split_csv/1cls.csv"


def recognises(files: Files) -> bool:
    """Whether there is a Data/Images/Normal folder."""
    return bool(products(files))


def products(files: Files) -> tuple[Path, ...]:
    """The folders that hold Data/Images/Normal: one for each product."""
    found = set()
    for path in files.images:
        folders = files.folders_of(path)
        if folders[-3:] == (*_IMAGES, "Normal"):
            found.add(files.root.joinpath(*folders[:-3]))
    return tuple(sorted(found))


def read(files: Files) -> Found:
    """The class is `normal`, or the first defect that image_anno.csv names; a mask has its image's name.

    The split file of the whole of VisA may stand in the folder or beside it, where the download has it.
    """
    product = next(iter(products(files)), files.root)
    problems: list[Problem] = []
    rows = _rows(files, product, problems)
    split_of, source = _splits(files, product, problems)
    masks = {p.stem: p for p in files.images if files.folders_of(p)[-3:-1] == _MASKS}
    images: list[FoundImage] = []
    several = 0
    for path in files.images:
        folders = files.folders_of(path)
        if folders[-3:-1] != _IMAGES:
            continue
        names = [
            n.strip() for n in str(rows.get(path, {}).get("class", folders[-1].casefold())).split(",") if n.strip()
        ]
        several += len(names) > 1
        is_normal = folders[-1] == "Normal"
        mask = None if is_normal else masks.get(path.stem)
        if not is_normal and mask is None:
            problems.append(Problem(path, "has no mask in Data/Masks; used without its place"))
        name = _NORMAL if is_normal else next(iter(names), "anomaly")
        images.append(FoundImage(path, class_name=name, mask_path=mask, split=split_of.get(path)))
    note = f"images with several kinds of defect, which count for the one named first: {several:,}"
    return Found(
        tuple(images),
        tuple(problems),
        good=frozenset({_NORMAL}),
        split_source=source,
        notes=(note,) if several else (),
    )


def _rows(files: Files, product: Path, problems: list[Problem]) -> dict[Path, Row]:
    """The rows of image_anno.csv by image."""
    path = product / "image_anno.csv"
    if path not in files.paths:
        problems.append(Problem(product, "has no image_anno.csv; all its anomalies count as one class"))
        return {}
    return _by_image(path, files, problems)


def _splits(files: Files, product: Path, problems: list[Problem]) -> tuple[dict[Path, Split], str]:
    """The splits of this product, from the split file in its folder or beside it."""
    path = next((p for p in (product / _SPLIT_FILE, product.parent / _SPLIT_FILE) if p.is_file()), None)
    if path is None:
        return {}, ""
    rows = _by_image(path, files, problems, product.name)
    splits = {image: SPLIT_FOLDERS.get(str(row.get("split", "")).casefold()) for image, row in rows.items()}
    return {image: split for image, split in splits.items() if split}, _SPLIT_FILE


def _by_image(path: Path, files: Files, problems: list[Problem], product: str = "") -> dict[Path, Row]:
    """The rows of a table by the image they name, `PRODUCT/Data/Images/...`; only those of `product` where given."""
    names = Names(files.root, files.images)
    try:
        table = read_table(path)
    except DataError as error:
        problems.append(Problem(path, f"{str(error).removeprefix(f'{path} ')}; not used"))
        return {}
    problems += table.problems
    found: dict[Path, Row] = {}
    missing: list[str] = []
    for row in table.rows:
        written = str(row.get("image", "")).replace("\\", "/")
        if product and not written.startswith(f"{product}/"):
            continue
        images = names.find(written) or names.find("/".join(written.split("/")[1:]))
        if len(images) == 1:
            found[images[0]] = row
        else:
            missing.append(written)
    if missing:
        problems.append(Problem(path, f"names images that are not here: {len(missing):,}, such as {missing[0]!r}"))
    return found
