"""The front door as a person meets it: one sentence, an exit code of its own, never a traceback."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from safetensors import SafetensorError

from edgevl import guarded
from tests.compress.small_run import write_parts
from tests.compress.teachers import save_teacher

ROOT = Path(__file__).parents[2]


def _edgevl(*arguments: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "edgevl", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr
    return done


def _one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What was said, which must be a single line."""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize("command", ["compress", "run", "watch", "bench", "demo"])
def test_help_of_a_command_shows_an_example_or_a_default(command: str) -> None:
    """Enough to type the first command without the manual; `edgevl doctor` needs no argument."""
    done = _edgevl(command, "--help")
    assert done.returncode == 0
    assert "Example:" in done.stdout or "default:" in done.stdout


def test_help_lists_every_command() -> None:
    """Grouped by room, and without importing torch."""
    done = _edgevl("--help")
    assert done.returncode == 0
    for command in ("demo", "compress", "run", "watch", "doctor", "bench"):
        assert command in done.stdout


def test_a_wrong_option_is_the_command_lines_own_error() -> None:
    """Exit code 2, naming the option."""
    done = _edgevl("run", "--no-such-option")
    assert done.returncode == 2
    assert "no-such-option" in done.stderr


def test_a_missing_bundle_says_how_to_make_one(tmp_path: Path) -> None:
    """Exit code 4."""
    done = _edgevl("bench", tmp_path / "absent")
    assert done.returncode == 4
    assert "there is no bundle at" in _one_sentence(done)
    assert "edgevl compress" in done.stderr


def test_an_unknown_key_in_the_line_file_names_the_nearest(tmp_path: Path) -> None:
    """Exit code 3."""
    line_file = tmp_path / "line.toml"
    line_file.write_text('[line]\nname = "steel"\nbundel = "bundles/steel"\n')
    done = _edgevl("run", line_file)
    assert done.returncode == 3
    sentence = _one_sentence(done)
    assert "bundel" in sentence
    assert "bundle" in sentence.replace("bundel", "")


def test_an_empty_data_folder(tmp_path: Path) -> None:
    """Exit code 6, with a sentence that names the folder."""
    (tmp_path / "pictures").mkdir()
    done = _edgevl("compress", "--teacher", "x", "--data", tmp_path / "pictures", "--out", tmp_path / "out")
    assert done.returncode == 6
    assert "pictures" in _one_sentence(done)


def test_a_teacher_without_weights(tmp_path: Path) -> None:
    """Exit code 7, naming the file that is missing; a path with brackets is printed as it is."""
    data = write_parts(tmp_path / "data")
    teacher = save_teacher(tmp_path / "clip [old]")
    (teacher / "model.safetensors").unlink()
    done = _edgevl("compress", "--teacher", teacher, "--data", data, "--out", tmp_path / "out")
    assert done.returncode == 7
    assert "clip [old] has no weights (model.safetensors)" in _one_sentence(done)


def test_ctrl_c_ends_a_run_with_one_line_and_keeps_what_is_finished(tmp_path: Path) -> None:
    """Exit code 130; the finished stages are there for the next start, the broken-off one is not."""
    data, teacher, out = write_parts(tmp_path / "data"), save_teacher(tmp_path / "clip"), tmp_path / "out"
    options = ["--teacher", teacher, "--data", data, "--out", out, "--views", "48", "--steps", "100000"]
    with subprocess.Popen(
        [sys.executable, "-m", "edgevl", "compress", *map(str, options)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any("1-teacher: done" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert (process.returncode, said.strip()) == (130, "stopped")
    work = tmp_path / "out.work"
    assert (work / "1-teacher" / "stage.json").is_file()
    assert not (work / "2-distil-medium").exists()
    shutil.rmtree(work)


def _write_text() -> None:
    Path("/dev/full").write_text("a stage's result")


def _as_numpy_says_it() -> None:
    """numpy's error carries no number of the system's."""
    raise OSError("1048576 requested and 262112 written")


def _as_safetensors_says_it() -> None:
    """Its error is no OSError."""
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize("command", [_write_text, _as_numpy_says_it, _as_safetensors_says_it])
def test_a_full_disk_is_one_sentence(capsys: pytest.CaptureFixture[str], command: Callable[[], None]) -> None:
    """It fills in the middle of a stage; what is finished stays, so freeing space and starting again goes on."""
    with pytest.raises(typer.Exit) as ended:
        guarded(command)()
    assert ended.value.exit_code == 1
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith("error: cannot write: No space left on device; free some space")
