"""How long a search takes over a million parts, against the same by other means, side by side in one run.

    python -m benchmarks.search_speed --count 1000000 --dim 1280

The embeddings are drawn: clusters of parts in a few dozen directions, with noise in all. What is timed is what
`edgevl search` does once its index is up to date: the short vectors, the filters, and whole embeddings in order; the
database of a million verdicts that those come from is not written, the whole embeddings lie in a file instead.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from edge.geometry import Box, Region
from edge.messages import SCHEMA_VERSION, Timings, Verdict, time_text, topic_for
from edge.search.search import open_search
from edge.search.spaces import SLOT, SpaceFiles
from edge.search.vectors import DIM, Basis, fitted, nearest
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import StoreLimits

_CHUNK = 20_000
_CLUSTERS = 200
_CHOSEN = 200
_RUNS = 7
_BATCH = 50  # verdicts that share a commit
_ASKED = 5


@dataclass(frozen=True, slots=True)
class Drawn:
    """files: slots and short vectors; whole_ND: float16 on disk."""

    files: SpaceFiles
    basis: Basis
    whole_ND: NDArray[np.float16]
    count: int


def draw(folder: Path, count: int, dim: int, seed: int) -> Drawn:
    """Write an index of so many parts, and their whole embeddings."""
    rng = np.random.default_rng(seed)
    direction_RD = rng.normal(size=(48, dim)).astype(np.float32)
    centre_CR = rng.normal(size=(_CLUSTERS, 48)).astype(np.float32)
    files, basis = SpaceFiles(folder, "drawn"), None
    whole_ND = np.memmap(folder / "whole.f2", np.float16, "w+", shape=(count, dim))
    for start in range(0, count, _CHUNK):
        size = min(_CHUNK, count - start)
        place_NR = centre_CR[rng.integers(_CLUSTERS, size=size)] + 0.3 * rng.normal(size=(size, 48)).astype(np.float32)
        vector_ND = place_NR @ direction_RD + rng.standard_normal((size, dim), dtype=np.float32)
        vector_ND /= np.linalg.norm(vector_ND, axis=1, keepdims=True)
        basis = basis or fitted(vector_ND[:500])
        slot_N = np.zeros(size, SLOT)
        slot_N["row_id"], slot_N["captured_ns"] = np.arange(start, start + size), np.arange(start, start + size)
        slot_N["camera"], slot_N["status"] = rng.integers(4, size=size), rng.integers(10, size=size) == 0
        files.append("slots", start, slot_N)
        files.append("look", start, basis.codes(vector_ND))
        whole_ND[start : start + size] = vector_ND
    assert basis is not None
    return Drawn(files, basis, whole_ND, count)


def found(drawn: Drawn, query_D: NDArray[np.float32], filtered: bool) -> NDArray[np.int64]:
    """The ten nearest, as `edge.search.search.Search.by_look` finds them."""
    slot_N: NDArray[Any] = drawn.files.slots(drawn.count)
    mask = (slot_N["camera"] == 1) & (slot_N["captured_ns"] >= drawn.count // 2) if filtered else None
    code_NK = drawn.files.codes("look", drawn.count)
    places = nearest(code_NK, drawn.basis.codes(query_D[None])[0], _CHOSEN, mask)
    cosine = drawn.whole_ND[places].astype(np.float32) @ query_D
    return np.asarray(places[np.argsort(-cosine)][:10])


def exact(drawn: Drawn, query_D: NDArray[np.float32]) -> NDArray[np.int64]:
    """The ten nearest by whole embeddings, all of them."""
    cosines = [
        drawn.whole_ND[start : start + _CHUNK].astype(np.float32) @ query_D for start in range(0, drawn.count, _CHUNK)
    ]
    return np.argsort(-np.concatenate(cosines))[:10]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds on the wall and of processor time, the median run; the first is not counted."""
    walls, cpus = [], []
    for _ in range(_RUNS + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append((time.perf_counter() - wall) * 1e3)
        cpus.append((time.process_time() - cpu) * 1e3)
    return float(np.median(walls[1:])), float(np.median(cpus[1:]))


def stored_and_taken_in(count: int, dim: int) -> Table:
    """What storing embeddings costs the writer, and what bringing the index up to date costs whoever asks."""
    rng = np.random.default_rng(0)
    vector_ND = rng.standard_normal((count, dim), dtype=np.float32)
    verdicts = [_verdict(number) for number in range(count)]
    shown = Table("what", "µs of processor a part", title=f"{count:,} verdicts, batches of {_BATCH}")
    for name, has_embedding in (("stored without its embedding", False), ("stored with it", True)):
        rows = [NewVerdict(v, v.number, vector_ND[v.number] if has_embedding else None) for v in verdicts]
        with tempfile.TemporaryDirectory() as folder:
            with open_store(Path(folder), StoreLimits(), print) as store:
                began = time.process_time()
                for start in range(0, count, _BATCH):
                    store.append(rows[start : start + _BATCH])
                shown.add_row(name, f"{(time.process_time() - began) / count * 1e6:.1f}")
            if has_embedding:
                with open_search(Path(folder), [], print) as search:
                    began = time.process_time()
                    search.catch_up()
                    shown.add_row("taken into the index", f"{(time.process_time() - began) / count * 1e6:.1f}")
    return shown


def _verdict(number: int) -> Verdict:
    topic, at = topic_for("verdict", "steel", "belt"), time_text(number * 10**9)
    return Verdict(
        schema=SCHEMA_VERSION, id=f"e-belt-{number}", topic=topic, epoch="e", number=number, line="steel",
        camera="belt", captured=at, published=at, frame_seq=number, status="NG" if number % 10 == 0 else "OK",
        reason=None, class_name="scratch" if number % 10 == 0 else "good", probability=0.9, defect_score=0.9,
        frame_width=640, frame_height=480, region=Region(0, 0, 640, 480), boxes=(Box(20, 20, 60, 50, 0.9),),
        bundle="b", engine="",
        timings=Timings(wait_ms=0, preprocess_ms=0, engine_ms=0, decide_ms=0, total_ms=0),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=1280)
    parser.add_argument("--stored", type=int, default=20_000, help="how many verdicts are stored and taken in")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the drawn vectors go for the time of the run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        drawn = draw(Path(folder), arguments.count, arguments.dim, arguments.seed)
        Console().print(table(drawn, arguments.seed))
    Console().print(stored_and_taken_in(arguments.stored, arguments.dim))


def table(drawn: Drawn, seed: int) -> Table:
    """One row a way, and how much of the true ten it finds."""
    rng = np.random.default_rng(seed + 1)
    rows = rng.integers(drawn.count, size=_ASKED)
    noise_QD = 0.005 * rng.standard_normal((_ASKED, drawn.whole_ND.shape[1]), dtype=np.float32)
    query_QD = drawn.whole_ND[rows].astype(np.float32) + noise_QD
    shared = [len(set(found(drawn, query_D, False)) & set(exact(drawn, query_D))) / 10 for query_D in query_QD]
    short_NK = drawn.files.codes("look", drawn.count)
    code_NK, float_NK = np.array(short_NK), short_NK.astype(np.float32)
    query_D, query_K = query_QD[0], float_NK[7]
    ways: dict[str, Callable[[], object]] = {}
    for threads in (1, 2):
        ways[f"this index, {threads} thread(s)"] = lambda: found(drawn, query_D, False)
        ways[f"this index, camera and time, {threads} thread(s)"] = lambda: found(drawn, query_D, True)
    ways["short vectors alone, 1 thread"] = lambda: nearest(code_NK, code_NK[7], _CHOSEN)
    ways[f"float32 of {DIM}, numpy"] = lambda: np.argpartition(-(float_NK @ query_K), 10)[:10]
    ways |= _sqlite_vec(code_NK)
    title = f"{drawn.count:,} parts of {drawn.whole_ND.shape[1]} numbers, top 10"
    shown = Table("way", "ms", "ms of processor", title=title)
    for name, work in ways.items():
        cv2.setNumThreads(2 if "2 thread" in name else 1)
        wall, cpu = timed(work)
        shown.add_row(name, f"{wall:.1f}", f"{cpu:.1f}")
    shown.caption = f"of the true ten among all whole embeddings, {np.mean(shared):.3f} are found; target 100 ms"
    return shown


def _sqlite_vec(code_NK: NDArray[np.uint8]) -> dict[str, Callable[[], object]]:
    """sqlite-vec over the same bytes, where `pip install apsw sqlite-vec` was done."""
    try:
        import apsw
        import sqlite_vec
    except ImportError:
        return {}
    connection = apsw.Connection(":memory:")
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    connection.execute(f"CREATE VIRTUAL TABLE short USING vec0(vector int8[{DIM}])")
    signed_NK = (code_NK.astype(np.int16) - 128).astype(np.int8)
    with connection:
        connection.executemany(
            "INSERT INTO short (rowid, vector) VALUES (?, vec_int8(?))",
            ((n, row.tobytes()) for n, row in enumerate(signed_NK)),
        )
    asked = "SELECT rowid FROM short WHERE vector MATCH vec_int8(?) AND k = 10"
    return {"sqlite-vec, int8, in memory": lambda: list(connection.execute(asked, (signed_NK[7].tobytes(),)))}


if __name__ == "__main__":
    main()
