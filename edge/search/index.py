"""The search index of a data folder: made from the database, caught up before a question, made anew where it is wrong.

    DATA_DIR/search/state.json    how much of the files counts; replaced at once, after they are on disk
    DATA_DIR/search/GENERATION/   vectors (edge.search.spaces) and words (edge.search.wordlist)

The database is the truth and the line its only writer: the index is written by whoever asks, one at a time. Killed at
any moment it is what it was, or what it was to be. A state that does not fit the database (another one was begun) or
the files gives a new generation.
"""

from __future__ import annotations

import fcntl
import secrets
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgevlError
from edge.messages import Verdict
from edge.search import source, wordlist
from edge.search.meaning import Meaning
from edge.search.source import SourceRow
from edge.search.spaces import SLOT, SpaceFiles
from edge.search.vectors import DIM, as_bytes, fitted
from edge.search.written import written
from edge.store.database import DATABASE
from edge.store.history import reading
from edge.verdict import Status

FOLDER = "search"
_STATE = "state.json"
_VERSION = 1
STATUSES: tuple[Status, ...] = ("OK", "NG", "UNDECIDED")
# A basis fitted to so many embeddings is not made anew when there are more.
_ENOUGH = 500
# Slots of forgotten verdicts that are not worth a new generation.
_FEW = 10_000


class SpaceState(msgspec.Struct, frozen=True):
    """How many slots of a bundle count, how many have a meaning, and how many embeddings the basis was fitted to."""

    count: int = 0
    meanings: int = 0
    fitted_on: int = 0


class State(msgspec.Struct, frozen=True):
    """newest_row, newest_id: the last verdict taken in. report: the last of reports. cameras, classes: by number.

    strangers: bundles whose parts were taken in without knowing what their classes are called.
    """

    generation: str
    version: int = _VERSION
    newest_row: int = 0
    newest_id: str = ""
    report: int = 0
    cameras: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    strangers: frozenset[str] = frozenset()
    spaces: dict[str, SpaceState] = {}


@dataclass(frozen=True, slots=True)
class Space:
    """A bundle's parts as they are searched. live_from: slots before it are of verdicts that are forgotten."""

    files: SpaceFiles
    state: SpaceState
    live_from: int

    def slots(self) -> NDArray[Any]:
        return self.files.slots(self.state.count)[self.live_from :]

    def codes(self, kind: str) -> NDArray[np.uint8]:
        count = self.state.count if kind == "look" else self.state.meanings
        return self.files.codes(kind, count)[self.live_from :]


@dataclass(frozen=True, slots=True)
class Known:
    """What a bundle adds to the index. titles: per class and language. meaning: for those searched by sentence."""

    titles: Mapping[str, Mapping[str, str]]
    meaning: Meaning | None = None


class Index:
    """Use `open_index`. Not shared between threads; several processes may each have one."""

    def __init__(self, data_dir: Path, folder: Path, known: Mapping[str, Known]) -> None:
        """known: the bundles at hand, by their id."""
        self._database = data_dir / DATABASE
        self._folder = folder
        self._known = known
        self._titles = {name: titles for one in known.values() for name, titles in one.titles.items()}
        self.state = State("")
        self._oldest = 0

    @property
    def generation(self) -> Path:
        return self._folder / self.state.generation

    def spaces(self) -> dict[str, Space]:
        """Per bundle id; of what the last `catch_up` has seen."""
        found = {}
        for bundle, state in self.state.spaces.items():
            files = SpaceFiles(self.generation, bundle)
            live_from = int(np.searchsorted(files.slots(state.count)["row_id"], self._oldest))
            found[bundle] = Space(files, state, live_from)
        return found

    def catch_up(self, tell: Callable[[int, int], None] = lambda _done, _all: None) -> None:
        """Take in what was stored since; tell(row, newest row) after every thousand verdicts.

        Raises EdgevlError where the disk takes no index.
        """
        try:
            with self._alone(), reading(self._database) as connection:
                try:
                    self._take_in_all(connection, tell)
                except wordlist.DamagedWordsError:
                    self.give_up()
                    self._take_in_all(connection, tell)
        except OSError as error:
            raise EdgevlError(
                f"the search index in {self._folder} cannot be written ({error.strerror}); free some space, or "
                "search on a copy of the data folder"
            ) from error

    def give_up(self) -> None:
        """The index was found damaged: the next `catch_up` makes it anew."""
        (self._folder / _STATE).unlink(missing_ok=True)

    def _take_in_all(self, connection: sqlite3.Connection, tell: Callable[[int, int], None]) -> None:
        self._oldest, newest = source.row_bounds(connection)
        self._choose_state(connection)
        for page in source.pages(connection, self.state.newest_row):
            self._take_in(page)
            tell(page[-1].row_id, newest)
        self._take_in_reports(connection)
        self._add_meanings(connection, tell)

    def _choose_state(self, connection: sqlite3.Connection) -> None:
        """The state on disk, or a new generation."""
        state = _read(self._folder / _STATE)
        if state is None or not self._fits(state, connection):
            state = State(secrets.token_hex(4))
            for old in self._folder.iterdir():
                if old.is_dir():
                    shutil.rmtree(old, ignore_errors=True)
            (self._folder / state.generation).mkdir()
            wordlist.begin(self._folder / state.generation)
        self.state = state

    def _fits(self, state: State, connection: sqlite3.Connection) -> bool:
        """Whether it is of this database and these files, and neither stale nor full of the forgotten."""
        if state.version != _VERSION or source.id_of(connection, state.newest_row) != (state.newest_id or None):
            return False
        if state.strangers & self._known.keys():
            return False
        try:
            for bundle, space in state.spaces.items():
                files = SpaceFiles(self._folder / state.generation, bundle)
                slot_N = files.slots(space.count)
                files.codes("look", space.count), files.codes("meaning", space.meanings), files.basis()
                gone = int(np.searchsorted(slot_N["row_id"], self._oldest))
                outgrown = space.fitted_on < _ENOUGH and space.count >= 2 * space.fitted_on
                if outgrown or gone > max(_FEW, space.count // 2):
                    return False
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
            return False
        return (self._folder / state.generation).is_dir()

    def _take_in(self, page: Sequence[SourceRow]) -> None:
        cameras, classes = dict.fromkeys(self.state.cameras), dict.fromkeys(self.state.classes)
        cameras |= dict.fromkeys(row.verdict.camera for row in page)
        classes |= dict.fromkeys(row.verdict.class_name for row in page if row.verdict.class_name is not None)
        camera_no, class_no = ({name: n for n, name in enumerate(names)} for names in (cameras, classes))
        spaces = dict(self.state.spaces)
        by_bundle: dict[str, list[SourceRow]] = {}
        for row in page:
            if row.embedding_D is not None:
                by_bundle.setdefault(row.verdict.bundle, []).append(row)
        for bundle, rows in by_bundle.items():
            slot_N = np.array([_slot(row, camera_no, class_no) for row in rows], SLOT)
            spaces[bundle] = self._append(bundle, rows, slot_N)
        texts = [(row.row_id, self._written(row.verdict)) for row in page if row.verdict.status != "OK"]
        wordlist.write(self.generation, texts, self._oldest)
        last = page[-1]
        strangers = self.state.strangers | {row.verdict.bundle for row in page} - self._known.keys()
        self._commit(
            strangers=strangers,
            newest_row=last.row_id, newest_id=last.verdict.id, spaces=spaces, cameras=tuple(cameras),
            classes=tuple(classes),
        )  # fmt: skip

    def _append(self, bundle: str, rows: Sequence[SourceRow], slot_N: NDArray[Any]) -> SpaceState:
        files, state = SpaceFiles(self.generation, bundle), self.state.spaces.get(bundle, SpaceState())
        embedding_ND = np.stack([row.embedding_D for row in rows if row.embedding_D is not None])
        if state.fitted_on == 0:
            files.save_basis(fitted(embedding_ND[:_ENOUGH]))
            state = msgspec.structs.replace(state, fitted_on=len(embedding_ND))
        files.append("slots", state.count, slot_N)
        files.append("look", state.count, files.basis().codes(embedding_ND))
        return msgspec.structs.replace(state, count=state.count + len(rows))

    def _take_in_reports(self, connection: sqlite3.Connection) -> None:
        """A report takes the place of what was written without it."""
        newest, reports = source.reports_since(connection, self.state.report)
        if newest == self.state.report:
            return
        texts = []
        for start in range(0, len(reports), source.PAGE):
            some = reports[start : start + source.PAGE]
            verdicts = source.verdicts(connection, [row_id for row_id, _ in some])
            texts += [
                (row_id, " ".join([self._written(verdicts[row_id]), *report.text.values(), *report.words.values()]))
                for row_id, report in some
                if row_id in verdicts
            ]
        wordlist.write(self.generation, texts, self._oldest)
        self._commit(report=newest)

    def _add_meanings(self, connection: sqlite3.Connection, tell: Callable[[int, int], None]) -> None:
        """For slots that have none yet, where the bundle's way of searching by sentence is at hand."""
        for bundle, known in self._known.items():
            if known.meaning is None:
                continue
            state = self.state.spaces.get(bundle, SpaceState())
            files = SpaceFiles(self.generation, bundle)
            while state.meanings < state.count:
                row_N = files.slots(state.count)["row_id"][state.meanings :][: source.PAGE]
                code_ND = _meant(connection, known.meaning, row_N)
                files.append("meaning", state.meanings, code_ND)
                state = msgspec.structs.replace(state, meanings=state.meanings + len(row_N))
                self._commit(spaces=self.state.spaces | {bundle: state})
                tell(int(row_N[-1]), self.state.newest_row)

    def _written(self, verdict: Verdict) -> str:
        return written(verdict, self._titles)

    def _commit(self, **changed: Any) -> None:
        self.state = msgspec.structs.replace(self.state, **changed)
        partial = self._folder / "state.partial"
        partial.write_bytes(msgspec.json.encode(self.state))
        partial.replace(self._folder / _STATE)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time writes; the lock ends with the process."""
        self._folder.mkdir(exist_ok=True)
        with (self._folder / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _read(file: Path) -> State | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _slot(row: SourceRow, cameras: Mapping[str, int], classes: Mapping[str, int]) -> tuple[int, int, int, int, int]:
    v = row.verdict
    class_no = -1 if v.class_name is None else classes[v.class_name]
    return (row.row_id, row.captured_ns, cameras[v.camera], class_no, STATUSES.index(v.status))


def _meant(connection: sqlite3.Connection, meaning: Meaning, row_N: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The meanings of rows; of a row that has gone meanwhile zeros, which nobody will look at."""
    rows = [int(row) for row in row_N]
    verdicts, embeddings = source.verdicts(connection, rows), source.embeddings(connection, rows)
    there = [n for n, row in enumerate(rows) if row in verdicts and row in embeddings]
    code_ND = np.zeros((len(rows), DIM), np.uint8)
    if there:
        vector_ND = np.stack([embeddings[rows[n]] for n in there])
        code_ND[there] = as_bytes(meaning.of_parts([verdicts[rows[n]] for n in there], vector_ND))
    return code_ND
