"""`trtexec` in place of the bindings: engines are built and proved by a program of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.bundle.load import Bundle, load_bundle
from edge.engines.choose import open_engine
from edge.engines.tensorrt.files import engine_folder
from edge.engines.tensorrt.make import EngineOptions, batches_up_to, make_engine
from edge.engines.tensorrt.trtexec import read_outputs
from edge.errors import EngineError
from tests.edge import trtexec_double


class Watcher:
    """Keeps the log lines."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def started(self, phase: str, parent: str | None, steps: int) -> None:
        raise AssertionError((phase, parent, steps))

    def stepped(self, phase: str, step: int) -> None:
        raise AssertionError((phase, step))

    def finished(self, phase: str) -> None:
        raise AssertionError(phase)

    def said(self, words: str) -> None:
        self.words.append(words)


@pytest.fixture
def bundle(small_bundle: Path, tmp_path: Path) -> Bundle:
    shutil.copytree(small_bundle, tmp_path / "line 3, left: 瑕疵")
    return load_bundle(tmp_path / "line 3, left: 瑕疵")


@pytest.fixture(autouse=True)
def only_trtexec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with the program in its search path and without the bindings."""
    program = tmp_path / "bin/trtexec"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{Path(trtexec_double.__file__).read_text(encoding='utf-8')}")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setitem(sys.modules, "tensorrt", None)


def test_it_builds_and_proves_and_says_that_running_needs_the_bindings(bundle: Bundle) -> None:
    """With its own options only; its log lines are the progress; names with commas and colons do no harm."""
    watcher = Watcher()
    done = make_engine(bundle, "int8", EngineOptions(batches_up_to(4), workspace_mb=512), watcher)
    record = done.accepted.record
    assert (record.built_by, record.gpu, record.tensorrt) == ("trtexec", "Double GPU 8GB", "10.3.0")
    assert record.prob_diff < 1e-4
    assert watcher.words[1] == "Selected Device: Double GPU 8GB"
    opened = open_engine(bundle, "int8", 1)
    assert opened.engine.description.startswith("ONNX Runtime")
    assert "int8 on TensorRT is out: the TensorRT Python bindings do not load" in opened.why


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("refuse", r"failed \(1\): ModelImporter.cpp:948"),
        ("wrong", r"differs from the golden frames: probability by 0\.400"),
        ("nothing", "does not say its gpu"),
    ],
)
def test_what_fails_is_told_in_its_words_and_leaves_no_engine(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, fault: str, says: str
) -> None:
    """The last line it marked as an error, without its time stamp."""
    monkeypatch.setenv("TRTEXEC_DOUBLE", fault)
    with pytest.raises(EngineError, match=says):
        make_engine(bundle, "int8", EngineOptions(), Watcher())
    assert {f.suffix for f in engine_folder(bundle).iterdir()} <= {".timing"}


def test_ctrl_c_ends_the_program_too(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process and no file stays behind."""
    monkeypatch.setenv("TRTEXEC_DOUBLE", "hang")
    mark = engine_folder(bundle) / "hangs"

    def interrupt() -> None:
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        make_engine(bundle, "int8", EngineOptions(tool="trtexec"), Watcher())
    thread.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    assert [f.name for f in engine_folder(bundle).iterdir()] == ["hangs"]


def test_asking_for_it_where_it_is_not_says_so(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match=r"no trtexec here.*apt-get install libnvinfer-bin"):
        make_engine(bundle, "int8", EngineOptions(tool="trtexec"), Watcher())


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.sampled_from([b"[]", b'[{"name":"prob","dimensions":"2x","values":[1]}]']))
def test_any_output_file_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """Torn, empty or of another shape: one sentence."""
    (tmp_path / "outputs.json").write_bytes(content)
    with pytest.raises(EngineError, match="no outputs that can be read"):
        read_outputs(tmp_path / "outputs.json", ("prob", "embedding", "map"))
