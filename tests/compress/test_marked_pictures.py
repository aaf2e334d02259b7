"""Pictures of marked parts, as `edgevl history --marked --copy` leaves them, are data to learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compress.data.dataset import read_dataset
from compress.new_class.asked import NewClass, pictures_of
from edge.line.pictures import encode_jpeg
from edge.store.history import History
from edge.store.marked_pictures import copy_marked
from edge.store.opening import open_store
from edge.store.store import StoreLimits
from edge.store.wanted import Wanted
from tests.edge.feed_double import SCRATCHED, mark_of
from tests.edge.test_store import append, keep, silent


def test_copied_pictures_are_read_as_a_folder_per_class(tmp_path: Path) -> None:
    """By `edgevl compress --data`, with what nobody could name left without a class; and as `--examples` of a class."""
    truths = [("good", None)] * 4 + [("defect", "chip")] * 4 + [("defect", None), ("unknown", None)]
    rng = np.random.default_rng(0)
    with open_store(tmp_path / "data", StoreLimits(), silent) as store:
        ids = append(store, *[SCRATCHED] * len(truths))
        for number, (verdict_id, (truth, class_name)) in enumerate(zip(ids, truths, strict=True)):
            keep(store, tmp_path / "data", verdict_id, f"{number}.jpg").write_bytes(
                encode_jpeg(rng.integers(0, 255, (600, 800, 3), np.uint8), 90)
            )
            stored = History(tmp_path / "data").verdict(verdict_id)
            assert stored is not None
            store.append_marks([mark_of(stored.verdict, truth, class_name, number)])  # type: ignore[arg-type]
    history = History(tmp_path / "data")
    copy_marked(history, history.select(Wanted(marked=True)), tmp_path / "learn")
    dataset = read_dataset(tmp_path / "learn", to_train=False)
    assert dataset.format == "folders"
    assert {label.name: label.kind for label in dataset.classes} == {"good": "good", "chip": "defect"}
    assert len(dataset.samples) == 8
    assert len(dataset.unlabelled) == 2
    assert dataset.problems == ()
    assert len(pictures_of(NewClass("chip", examples=tmp_path / "learn/chip"))) == 4
