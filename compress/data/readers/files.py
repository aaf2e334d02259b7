"""What lies below a data folder, listed once, and how people write the names of its images."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from camera.image_file import SUFFIXES
from compress.data.readers.embedded import has_embedded_pictures
from compress.data.readers.found import Problem
from compress.errors import DataError

# Pictures and films that people keep among others, in forms that the device cannot decode.
_OTHER_PICTURES = frozenset(
    {".gif", ".heic", ".heif", ".avif", ".jfif", ".jpe", ".jxl", ".dng", ".raw", ".dcm", ".npy", ".npz", ".tga", ".exr"}
)
_FILMS = frozenset({".avi", ".mp4", ".mov", ".mkv", ".webm", ".wmv", ".m4v", ".mpg", ".mpeg", ".mjpeg"})


@dataclass(frozen=True, slots=True)
class Files:
    """All regular files below `root`, sorted; hidden ones and `__MACOSX` left out.

    problems: what cannot be opened or is no file, links to folders (not followed: they may go in a circle), pictures
    and films of kinds that are not read.
    """

    root: Path
    paths: tuple[Path, ...]
    problems: tuple[Problem, ...]

    @property
    def images(self) -> tuple[Path, ...]:
        return tuple(p for p in self.paths if p.suffix.lower() in SUFFIXES)

    def without(self, paths: Set[Path]) -> Files:
        """The same less some files."""
        return replace(self, paths=tuple(path for path in self.paths if path not in paths))

    def with_suffix(self, suffix: str) -> tuple[Path, ...]:
        """The files that end on `suffix` (".xml"), in any case."""
        return tuple(p for p in self.paths if p.suffix.lower() == suffix)

    def folders_of(self, path: Path) -> tuple[str, ...]:
        """The names of the folders from the root down to the file."""
        return path.relative_to(self.root).parts[:-1]

    def relative(self, path: Path) -> str:
        """The file's path below the root, with forward slashes."""
        return path.relative_to(self.root).as_posix()


def list_files(root: Path) -> Files:
    """List the data folder. Raises DataError where it is absent, unreadable or without any image."""
    if not root.is_dir():
        raise DataError(f"there is no data folder at {root}; give the folder that holds the images")
    problems: list[Problem] = []
    paths: list[Path] = []

    def unreadable(error: OSError) -> None:
        problems.append(Problem(Path(str(error.filename)), f"cannot be opened: {error.strerror}"))

    for folder, below, names in os.walk(root, onerror=unreadable):
        below[:] = sorted(name for name in below if not _is_hidden(name))
        linked = [Path(folder) / name for name in below if _is_text(name) and (Path(folder) / name).is_symlink()]
        problems += [Problem(link, "is a link to a folder, which is not followed; copy the folder") for link in linked]
        for name in sorted(names):
            path = Path(folder) / name
            if not _is_text(name):
                problems.append(Problem(Path(folder), f"holds {name!a}, whose name is not UTF-8; rename it"))
            elif _is_hidden(name):
                continue
            elif path.exists() and not path.is_file():  # to read a pipe would wait for ever
                problems.append(Problem(path, "is a pipe, socket or device and no file; remove it"))
            else:
                paths.append(path)
    files = Files(root, tuple(paths), (*problems, *_of_other_kinds(root, paths)))
    if not files.images:
        if has_embedded_pictures(paths):
            raise DataError(
                f"{root} holds labelme files with their pictures inside (imageData) and no picture beside them; "
                "save each picture beside its file, under the same name, as docs/data.md shows"
            )
        reason = f" ({files.problems[0].path} {files.problems[0].sentence})" if files.problems else ""
        suffixes = " ".join(sorted(SUFFIXES))
        raise DataError(f"{root} holds no images{reason}; expected files that end on {suffixes}")
    return files


def _of_other_kinds(root: Path, paths: Iterable[Path]) -> list[Problem]:
    """One sentence for pictures and one for films, not one for each of a thousand."""
    counts = Counter(path.suffix.lower() for path in paths)
    problems = []
    for kinds, advice in ((_OTHER_PICTURES, "save them as .png"), (_FILMS, "save frames of them as .png")):
        held = ", ".join(f"{counts[kind]:,} {kind}" for kind in sorted(kinds & counts.keys()))
        problems += [Problem(root, f"holds files that are not read: {held}; {advice}")] if held else []
    return problems


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _is_text(name: str) -> bool:
    """Whether a name can be printed: bytes that are not UTF-8 come out of the file system as surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


class Names:
    """Finds images by the names that lists and label files call them.

    A list may say `a`, `a.jpg`, `images/a`, `./images/a.jpg` or `images\\a.jpg`; letter case and the two
    Unicode spellings of accents do not matter.
    """

    def __init__(self, root: Path, images: Iterable[Path]) -> None:
        by_name: defaultdict[str, list[Path]] = defaultdict(list)
        for path in images:
            parts = path.relative_to(root).parts
            for start in range(len(parts)):
                tail = PurePosixPath(*parts[start:])
                for key in {_key(tail), _key(tail.with_suffix(""))}:
                    by_name[key].append(path)
        self._by_name: Mapping[str, list[Path]] = by_name

    def find(self, written: str) -> tuple[Path, ...]:
        """The images that `written` may mean: none, one, or several of the same name."""
        path = PurePosixPath(written.strip().replace("\\", "/"))
        found = self._by_name.get(_key(path))
        if found is None and path.is_absolute():  # a list made elsewhere: find the part below this root
            tails = (PurePosixPath(*path.parts[start:]) for start in range(1, len(path.parts)))
            found = next((self._by_name[_key(t)] for t in tails if _key(t) in self._by_name), None)
        return tuple(found or ())

    def near(self, written: str, label: Path) -> Path:
        """The one image that the file `label` means by `written`: its path, or else its name, the nearest first.

        Raises DataError where there is none, or several equally near.
        """
        name = PurePosixPath(written.strip().replace("\\", "/")).name
        candidates = self.find(written) or (self.find(name) if name else ())
        candidates = tuple(c for c in candidates if c.name == name) or candidates
        if not candidates:
            raise DataError(f"names {written!r}, which is not here")
        nearest = [c for c in candidates if nearness(label, c) == max(nearness(label, other) for other in candidates)]
        if len(nearest) > 1:
            raise DataError(f"names {written!r}, which could be {nearest[0]} or {nearest[1]}; write the folder too")
        return nearest[0]


def nearness(label: Path, image: Path) -> int:
    """How many folders two paths share, counted from the root and from the file."""
    ours, theirs = label.parent.parts, image.parent.parts
    return _shared(ours, theirs) + _shared(ours[::-1], theirs[::-1])


def _shared(ours: tuple[str, ...], theirs: tuple[str, ...]) -> int:
    equal = [a == b for a, b in zip(ours, theirs, strict=False)]
    return equal.index(False) if False in equal else len(equal)


def _key(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold()
