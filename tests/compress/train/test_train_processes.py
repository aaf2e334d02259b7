"""Two processes under `accelerate launch` train one model, the same as one process with their batches together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from compress.teachers.dual import load_dual
from compress.train.record import read_record
from tests.compress.train.ranks import leave_weights

pytestmark = pytest.mark.slow


def _launch(*arguments: str) -> subprocess.CompletedProcess[str]:
    """As a user would on two GPUs; ACCELERATE_USE_CPU makes CPU processes of them."""
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    launcher += ["--num_processes", "2", "--main_process_port", "0"]
    settings = ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    return subprocess.run(
        [*launcher, *settings, "-m", *arguments],
        env={**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_both_processes_end_with_the_weights_of_one_process_with_twice_the_batch(
    clip: Path, parts: Path, tmp_path: Path
) -> None:
    """Same weights on both, bit for bit; and what a single process makes of the same pictures, up to rounding."""
    two, one = tmp_path / "two", tmp_path / "one"
    for folder in (two, one):
        folder.mkdir()
    done = _launch("tests.compress.train.ranks", str(clip), str(parts), str(two), "4")
    assert done.returncode == 0, done.stderr
    first, second = load_file(two / "0.safetensors"), load_file(two / "1.safetensors")
    assert all(torch.equal(first[name], second[name]) for name in first)
    leave_weights(str(clip), parts, one, 8)
    alone, before = load_file(one / "0.safetensors"), load_file(clip / "model.safetensors")
    # As a whole, not weight by weight: Adam moves a weight whose gradient is nothing but rounding as far as any other.
    moved = torch.cat([(alone[name] - before[name]).ravel() for name in before]).norm()
    apart = torch.cat([(alone[name] - first[name]).ravel() for name in before]).norm()
    assert moved > 1e-2
    assert apart < 0.02 * moved


def test_the_command_trains_on_two_processes_and_speaks_once(clip: Path, parts: Path, tmp_path: Path) -> None:
    """`accelerate launch -m edgevl train`: the loss falls, one process prints and saves, the result opens."""
    out = tmp_path / "out"
    command = ["edgevl", "train", "--teacher", str(clip), "--data", str(parts), "--out", str(out), "--seed", "3"]
    schedule = ["--epochs", "5", "--batch", "4", "--learning-rate", "5e-3", "--dropout", "0", "--patience", "5"]
    done = _launch(*command, *schedule)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("read as VOC") == 1
    record = read_record(out)
    assert record.processes == 2
    losses = [e.train_loss for e in record.epochs if e.train_loss is not None]
    assert losses[-1] < losses[0]
    assert load_dual(str(out)).dim == record.embedding_dim
