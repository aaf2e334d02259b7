"""A training that leaves the weights of every process, for a test to compare.

`accelerate launch ... -m tests.compress.train.ranks TEACHER DATA FOLDER BATCH` writes FOLDER/RANK.safetensors.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file

from compress.data.dataset import read_dataset
from compress.progress import SilentReporter
from compress.train.fit import Study, fit
from compress.train.processes import open_accelerator
from compress.train.sentences import sentences_of_classes
from tests.compress.train.conftest import SHORT


def leave_weights(teacher: str, data: Path, folder: Path, batch: int) -> None:
    """Over 24 pictures, so that batches come out even."""
    options = replace(SHORT, schedule=replace(SHORT.schedule, epochs=4, batch=batch))
    dataset = read_dataset(data, seed=options.seed)
    accelerator = open_accelerator(options.precision, options.schedule.accumulate)
    study = Study(
        teacher=teacher,
        classes=dataset.classes,
        train=dataset.of("train")[:24],
        val=dataset.of("val"),
        class_texts=sentences_of_classes(dataset),
        options=options,
    )
    fitted = fit(study, accelerator, folder / "work", "key", SilentReporter())
    weights = {name: tensor.contiguous() for name, tensor in fitted.teacher.vision.model.state_dict().items()}
    save_file(weights, folder / f"{accelerator.process_index}.safetensors")
    accelerator.end_training()


if __name__ == "__main__":
    leave_weights(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
