"""TensorRT engines: built, proved with the golden frames, chosen, refused when stale; on a double of both versions."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import edgevl
from edge.bundle.files import write_manifest
from edge.bundle.load import Bundle, load_bundle
from edge.doctor.examine import examine
from edge.engines.choose import open_engine
from edge.engines.ort import OrtEngine
from edge.engines.tensorrt.files import accepted_engine, engine_folder, read_record
from edge.engines.tensorrt.library import this_machine
from edge.engines.tensorrt.make import EngineOptions, MadeEngine, batches_up_to, make_engine
from edge.engines.tensorrt.run import TensorRTEngine
from edge.errors import BundleError, EngineError
from tests.bundles import WITH_GOOD, brightness_graph, manifest_for
from tests.edge.tensorrt_double import VERSIONS, Behaviour, modules


class Watcher:
    """Keeps what a build tells."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.expected: dict[str, int] = {}
        self.steps = 0
        self.words: list[str] = []

    def started(self, phase: str, parent: str | None, steps: int) -> None:
        self.phases.append(phase if parent is None else f"{parent} > {phase}")
        self.expected[phase] = steps

    def stepped(self, phase: str, step: int) -> None:
        self.steps += 1
        assert 0 <= step < self.expected[phase]

    def finished(self, phase: str) -> None:
        self.phases.append(f"end of {phase}")

    def said(self, words: str) -> None:
        self.words.append(words)


@pytest.fixture
def bundle(small_bundle: Path, tmp_path: Path) -> Bundle:
    """A copy in a folder of its own: engines lie beside it."""
    shutil.copytree(small_bundle, tmp_path / "line 3")
    return load_bundle(tmp_path / "line 3")


def install(version: str, monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour | None = None) -> Behaviour:
    behaviour = behaviour or Behaviour()
    for name, module in modules(version, behaviour).items():
        monkeypatch.setitem(sys.modules, name, module)
    return behaviour


@pytest.fixture(params=sorted(VERSIONS))
def double(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Behaviour:
    """TensorRT 10.3 and 11.4 in turn."""
    return install(request.param, monkeypatch)


def made(bundle: Bundle, **options: object) -> MadeEngine:
    return make_engine(bundle, "int8", EngineOptions(**options), Watcher())  # type: ignore[arg-type]


def pictures(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), np.uint8)


def test_an_engine_is_strongly_typed_proved_named_and_preferred(bundle: Bundle, double: Behaviour) -> None:
    """Its name binds bundle, GPU and TensorRT; its record holds the proof; `open_engine` takes it and says so."""
    done = made(bundle)
    name = done.accepted.file.name
    assert name.startswith(f"{bundle.manifest.bundle_id}-int8-double-gpu-8gb-sm8.7-trt1")
    assert done.accepted.record.prob_diff <= done.accepted.record.tolerance
    assert "agrees with the golden frames" in done.sentence()
    assert double.builds[0]["strongly_typed"]
    assert double.builds[0]["cleared"] == [6], "TF32 is on by default"
    opened = open_engine(bundle, "int8")
    assert opened.why.startswith("int8 on TensorRT takes") or "int8 on TensorRT takes" in opened.why
    load_bundle(bundle.path)  # nothing was added to the sealed folder
    opened.engine.close()


@pytest.mark.parametrize("count", [1, 2, 5, 8, 20])
def test_batches_go_through_the_profile_made_for_them(bundle: Bundle, double: Behaviour, count: int) -> None:
    """One picture has a profile of its own; more than the largest go in several runs; numbers are those of ORT."""
    accepted = made(bundle, batch_sizes=batches_up_to(8)).accepted
    sizes = [[shape[0] for shape in profile] for profile in double.builds[0]["profiles"]]
    assert sizes == [[1, 1, 1], [2, 8, 8]]
    engine = TensorRTEngine(bundle, "int8", accepted.file)
    got, wanted = engine.run(pictures(count)), OrtEngine(bundle, "int8", threads=1).run(pictures(count))
    for one, other in zip(got.arrays(), wanted.arrays(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    engine.close()
    engine.close()
    assert (double.memory, double.streams) == ({}, set()), "all device and pinned memory was given back"
    with pytest.raises(EngineError, match="closed"):
        engine.run(pictures(1))


def test_the_answers_of_one_run_survive_the_next(bundle: Bundle, double: Behaviour) -> None:
    """Pinned memory is used again; outputs are not."""
    engine = TensorRTEngine(bundle, "int8", made(bundle).accepted.file)
    first = engine.run(np.zeros((1, 32, 32, 3), np.uint8))
    kept = first.prob_NK.copy()
    engine.run(np.full((1, 32, 32, 3), 255, np.uint8))
    np.testing.assert_array_equal(first.prob_NK, kept)
    with pytest.raises(EngineError, match=r"takes uint8 \(N, 32, 32, 3\), not float32"):
        engine.run(np.zeros((1, 32, 32, 3), np.float32))
    engine.close()


def test_an_engine_that_disagrees_is_not_kept(bundle: Bundle, double: Behaviour) -> None:
    """The sentence has the difference; no file stays; the line goes on with ONNX Runtime."""
    double.answers_differ_by = 0.4
    with pytest.raises(EngineError, match=r"differs from the golden frames: probability by 0\.400.*not kept"):
        made(bundle)
    assert [f.suffix for f in engine_folder(bundle).iterdir()] == [".timing"]
    assert open_engine(bundle, "int8", 1).engine.description.startswith("ONNX Runtime")


def test_a_proved_engine_that_computes_something_else_today_is_out(bundle: Bundle, double: Behaviour) -> None:
    """Another driver, say: the golden frames are held against it at each start."""
    made(bundle)
    double.answers_differ_by = 0.4
    opened = open_engine(bundle, "int8", 1)
    assert opened.engine.description.startswith("ONNX Runtime")
    assert "int8 on TensorRT is out: it differs from the golden frames" in opened.why


def test_a_stale_engine_is_refused_and_says_what_changed(
    bundle: Bundle, double: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another GPU, another TensorRT, another bundle: ONNX Runtime runs, and the reason names the command."""
    made(bundle)
    double.gpu = "Other GPU"
    why = open_engine(bundle, "int8", 1).why
    assert "was built on Double GPU 8GB (compute capability 8.7)" in why
    assert f"this is Other GPU (compute capability 8.7) with TensorRT {this_machine().tensorrt}" in why
    assert f"run `edgevl engine {bundle.path}`" in why
    other = next(v for v in VERSIONS if not VERSIONS[v].startswith(this_machine().tensorrt))
    install(other, monkeypatch)
    assert f"with TensorRT {this_machine().tensorrt}" in open_engine(bundle, "int8", 1).why
    write_manifest(bundle.path, manifest_for(bundle.path, WITH_GOOD[::-1], ("float32", "int8")))
    with pytest.raises(EngineError, match=r"earlier bundle|was built on"):
        accepted_engine(load_bundle(bundle.path), "int8", this_machine())


@pytest.mark.parametrize("damage", ["bytes", "link", "no record", "torn record", "foreign record"])
def test_a_damaged_engine_never_reaches_tensorrt(
    bundle: Bundle, double: Behaviour, tmp_path: Path, damage: str
) -> None:
    """The record has its digest; without a record that fits there is no engine."""
    file = made(bundle).accepted.file
    record = file.with_suffix(".json")
    if damage == "bytes":
        file.write_bytes(file.read_bytes()[:-1])
    elif damage == "link":
        shutil.move(file, tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    elif damage == "no record":
        record.unlink()
    elif damage == "torn record":
        record.write_bytes(record.read_bytes()[:40])
    else:
        record.write_text(record.read_text().replace('"8.7"', '"9.0"'))
    with pytest.raises(EngineError, match="edgevl engine"):
        accepted_engine(bundle, "int8", this_machine())
    assert open_engine(bundle, "int8", 1).engine.description.startswith("ONNX Runtime")


def test_an_engine_that_fits_is_not_built_twice(bundle: Bundle, double: Behaviour) -> None:
    """Unless another batch is asked for, or `again`; the next build uses what was timed."""
    assert made(bundle).fresh
    assert not made(bundle).fresh
    assert made(bundle, batch_sizes=(1, 4)).fresh
    assert made(bundle, batch_sizes=(1, 4), again=True).fresh
    assert [build["reused"] for build in double.builds] == [False, True, True]


def test_a_timing_cache_that_cannot_be_used_is_begun_anew(bundle: Bundle, double: Behaviour) -> None:
    """A damaged one, and one of another device."""
    made(bundle)
    (cache,) = engine_folder(bundle).glob("*.timing")
    for content in (b"torn", b"another device"):
        cache.write_bytes(content)
        made(bundle, again=True)
        assert not double.builds[-1]["reused"]
        assert cache.read_bytes() == double.gpu.encode()


def test_progress_is_told_phase_by_phase(bundle: Bundle, double: Behaviour) -> None:
    """With its nesting, as TensorRT's progress monitor gives it."""
    watcher = Watcher()
    make_engine(bundle, "int8", EngineOptions(), watcher)
    assert watcher.phases[:2] == ["Building Engine", "Building Engine > Tactic selection [1]"]
    assert (watcher.phases[-1], watcher.steps) == ("end of Building Engine", 8)


def test_ctrl_c_ends_a_build_and_keeps_what_was_timed(bundle: Bundle, double: Behaviour) -> None:
    """A real signal while TensorRT works: the build is cancelled, no engine stays, the next build is quicker."""

    def interrupt() -> None:
        double.on_step = lambda: None
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)

    double.on_step = interrupt
    with pytest.raises(KeyboardInterrupt):
        made(bundle)
    assert [f.suffix for f in engine_folder(bundle).iterdir()] == [".timing"]
    assert made(bundle).fresh
    assert double.builds[-1]["reused"]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("builder_fails", "could not build .*model.int8.onnx: Error Code 10"),
        ("driver_fails", "CUDA driver version is insufficient"),
        ("context_fails", "no memory for another context"),
    ],
)
def test_every_failure_is_one_sentence(bundle: Bundle, double: Behaviour, fault: str, says: str) -> None:
    """In TensorRT's or CUDA's own words; nothing leaks and nothing is accepted."""
    setattr(double, fault, True)
    with pytest.raises(EngineError, match=says) as caught:
        made(bundle)
    assert "\n" not in str(caught.value)
    assert double.memory == {}
    assert list(engine_folder(bundle).glob("*.engine*")) == []


def test_a_graph_that_tensorrt_cannot_read_is_told(bundle: Bundle, double: Behaviour) -> None:
    """Such as one that turns uint8 pictures before it casts them."""
    model = brightness_graph(len(WITH_GOOD), quantised=True)
    cast = next(node for node in model.graph.node if node.op_type == "Cast")
    cast.op_type, cast.name = "Identity", "first"
    del cast.attribute[:]
    (bundle.path / "model.int8.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(EngineError, match=r"cannot read .*UINT8 inputs must feed directly into a cast"):
        made(bundle)


def test_an_unknown_variant_is_refused(bundle: Bundle, double: Behaviour) -> None:
    """With those that exist."""
    with pytest.raises(BundleError, match="no variant 'fp16'; it has: float32, int8"):
        make_engine(bundle, "fp16", EngineOptions(), Watcher())


def test_the_command_builds_every_variant(bundle: Bundle, double: Behaviour) -> None:
    """One engine each, one sentence each; a second call finds them there."""
    run = CliRunner().invoke(edgevl.app, ["engine", str(bundle.path), "--batch", "4"])
    assert run.exit_code == 0, run.output
    assert run.output.count("agrees with the golden frames") == 2
    assert {f.suffix for f in engine_folder(bundle).iterdir()} == {".engine", ".json", ".timing"}
    assert CliRunner().invoke(edgevl.app, ["engine", str(bundle.path), "--batch", "4"]).output.count("already") == 2


def test_a_variant_that_tensorrt_refuses_is_left_out(bundle: Bundle, double: Behaviour) -> None:
    """The others are built, the reason is told, and nothing has failed; alone it is an error."""
    double.refused_graph = "model.int8.onnx"
    run = CliRunner().invoke(edgevl.app, ["engine", str(bundle.path)])
    assert run.exit_code == 0, run.output
    assert "float32 for Double GPU" in run.output
    assert "left out: TensorRT cannot read" in run.output
    assert CliRunner().invoke(edgevl.app, ["engine", str(bundle.path), "--variant", "int8"]).exit_code == 5


def test_the_doctor_tells_which_engines_fit(bundle: Bundle, double: Behaviour, tmp_path: Path) -> None:
    """Ok here; a warning with the command elsewhere; nothing about TensorRT engines where there are none."""
    file = tmp_path / "line.toml"
    file.write_text(f'[line]\nname = "a"\nbundle = "{bundle.path}"\n[[camera]]\nname = "c"\nuri = "pattern:?fps=0"\n')
    what = "TensorRT engine of int8"
    assert what not in {finding.what for finding in examine(file)}
    made(bundle)
    (fits,) = (finding for finding in examine(file) if finding.what == what)
    assert (fits.state, fits.fix) == ("ok", "")
    double.gpu = "Other GPU"
    (stale,) = (finding for finding in examine(file) if finding.what == what)
    assert (stale.state, stale.fix) == ("warning", f"edgevl engine {bundle.path}")
    assert "this is Other GPU" in stale.detail


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_record_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """A damaged record is one sentence that names the file."""
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(EngineError, match=r"a\.json cannot be read"):
        read_record(tmp_path / "a.engine")


def test_without_tensorrt_the_command_says_what_to_install(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 5, one sentence; a machine without TensorRT has no word about it in its choice of engine."""
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setenv("PATH", "")
    run = CliRunner().invoke(edgevl.app, ["engine", str(bundle.path)])
    assert run.exit_code == 5
    assert "pip install tensorrt" in run.output
    assert "no trtexec either" in run.output
    assert "TensorRT" not in open_engine(bundle, "int8", 1).why
    with pytest.raises(EngineError, match="tensorrt needs an engine file"):
        open_engine(bundle, "int8", place="tensorrt")
    with pytest.raises(EngineError, match="no engine called gpu; choose one of: tensorrt, cuda, openvino, cpu"):
        open_engine(bundle, place="gpu")
