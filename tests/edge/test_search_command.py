"""`edgevl search`, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edge.bundle.load import load_bundle
from edge.engines.ort import OrtEngine
from edge.inspection.inspector import Inspector
from edge.messages import SCHEMA_VERSION, Timings, Verdict, time_text, topic_for
from edge.store.database import PICTURES
from edge.store.kept_pictures import KeptPicture
from edge.store.opening import open_store
from edge.store.rows import NewVerdict
from edge.store.store import StoreLimits
from edgevl import app
from tests.bundles import WITHOUT_GOOD, flat, make_bundle
from tests.edge.test_store import silent

EPOCH = "20260131T120000Z-0a1b2c"


def search(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["search", *arguments], env={"COLUMNS": "200", "TZ": "Asia/Taipei"})


@pytest.fixture
def inspected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A bundle's folder, and a data folder with what it says of pictures from black to white; NG pictures kept."""
    folder = tmp_path_factory.mktemp("inspected")
    bundle, data_dir = make_bundle(folder / "bundle"), folder / "data"
    inspector = Inspector(bundle, OrtEngine(bundle, "float32", threads=1))
    with open_store(data_dir, StoreLimits(), silent) as store:
        for number, level in enumerate(range(0, 256, 15)):
            image_HWC = flat(level)
            found = inspector.inspect(image_HWC)
            verdict = Verdict(
                schema=SCHEMA_VERSION, id=f"{EPOCH}-belt-{number}", topic=topic_for("verdict", "steel", "belt"),
                epoch=EPOCH, number=number, line="steel", camera="belt", captured=time_text(number * 10**9),
                published=time_text(number * 10**9), frame_seq=number, status=found.decided.status,
                reason=found.decided.reason, class_name=found.decided.class_name,
                probability=min(1.0, found.decided.probability), defect_score=min(1.0, found.decided.defect_score),
                frame_width=32, frame_height=32, region=found.region, boxes=(), bundle=bundle.manifest.bundle_id,
                engine="", timings=Timings(wait_ms=0, preprocess_ms=0, engine_ms=0, decide_ms=0, total_ms=0),
            )  # fmt: skip
            store.append([NewVerdict(verdict, number * 10**9, found.embedding_D)])
            if verdict.status == "NG":
                file = data_dir / PICTURES / "belt" / f"{number}.bmp"
                file.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(file), image_HWC)
                store.keep([KeptPicture(verdict.id, f"belt/{number}.bmp", file.stat().st_size)])
    return bundle.path, data_dir


def test_a_picture_finds_parts_that_look_like_it(inspected: tuple[Path, Path], tmp_path: Path) -> None:
    """Through the bundle's own engine; as JSON with the path of the kept picture, and as a page with the pictures."""
    bundle, data_dir = inspected
    cv2.imwrite(str(tmp_path / "like.png"), flat(240))
    page = tmp_path / "found.html"
    wish = ("--db", str(data_dir), "--bundle", str(bundle), "--limit", "3", "--json", "--html", str(page))
    result = search(str(tmp_path / "like.png"), *wish)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found[0]["verdict"]["number"] == 16
    assert found[0]["score"] == pytest.approx(1.0, abs=1e-3)
    picture = cv2.imread(found[0]["picture"])
    assert picture is not None
    assert np.array_equal(picture, flat(240))
    assert page.read_text(encoding="utf-8").count("data:image/jpeg;base64,") == 3


def test_an_id_finds_what_looks_like_that_part_and_a_word_what_is_called_so(inspected: tuple[Path, Path]) -> None:
    """Without a bundle at hand; with one, also by what a class is called in Chinese, whatever was searched before."""
    bundle, data_dir = inspected
    db = ("--db", str(data_dir))
    alike = [one["verdict"]["number"] for one in json.loads(search(f"{EPOCH}-belt-0", *db, "--json").stdout)]
    assert alike[0] == 1
    assert 0 not in alike
    assert "white" in search("white", *db, "--limit", "1").stdout
    assert json.loads(search("灰", *db, "--json").stdout) == []
    with_titles = json.loads(search("灰", *db, "--bundle", str(bundle), "--json").stdout)
    assert {one["verdict"]["class_name"] for one in with_titles} == {"grey"}


def test_it_is_said_where_nothing_found_is_of_the_class_that_was_named(inspected: tuple[Path, Path]) -> None:
    """Beside the table, not in it; where one part is of that class nothing is said."""
    bundle, data_dir = inspected
    db = ("--db", str(data_dir), "--bundle", str(bundle))
    assert "none of these was judged white; " in search("white defect", *db, "--class", "grey").stderr
    assert "none of these" not in search("white", *db).stderr


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "nothing to search for"),
        ("刮" * 10_000, "too long"),
        ("царапина", "Traditional Chinese and English only"),
        ("!?", "has no words"),
        ("missing.jpg", "there is no picture"),
        (f"{EPOCH}-belt-999", "no verdict"),
        ("tests/edge/test_search_command.png", "there is no picture"),
    ],
)
def test_a_bad_question_is_one_sentence(inspected: tuple[Path, Path], question: str, words: str) -> None:
    """What is wrong and what to write instead; no traceback."""
    result = search(question, "--db", str(inspected[1]))
    assert result.exit_code in (1, 2)
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_an_id_is_whole_in_a_narrow_terminal_too(inspected: tuple[Path, Path]) -> None:
    """It is there to be copied."""
    result = CliRunner().invoke(app, ["search", "white", "--db", str(inspected[1])], env={"COLUMNS": "80"})
    assert f" {EPOCH}-belt-16 " in result.stdout


def test_a_part_is_explained_and_asked_about_by_the_product_that_judged_it(
    inspected: tuple[Path, Path], tmp_path: Path
) -> None:
    """By the bundle of a line's product where it was that one; another bundle is refused, and never looks instead."""
    bundle, data_dir = inspected
    another = make_bundle(tmp_path / "another", WITHOUT_GOOD).path
    main = f"""
        [line]
        name = "steel"
        bundle = "{another}"
        data_dir = "{data_dir}"
        [[camera]]
        name = "belt"
        uri = "pattern:"
    """
    alone, both = tmp_path / "alone.toml", tmp_path / "both.toml"
    alone.write_text(main)
    both.write_text(f'{main}\n[[product]]\nname = "plate"\nbundle = "{bundle}"')
    part, out = f"{EPOCH}-belt-16", tmp_path / "why.png"
    for line, code in ((both, 0), (alone, 3)):
        asked = CliRunner().invoke(app, ["ask", part, "What is it?", "--line", str(line)])
        shown = CliRunner().invoke(app, ["why", part, str(line), "--out", str(out)])
        assert (asked.exit_code, shown.exit_code) == (code, code), asked.output + shown.output
        assert [
            f"judged by the bundle {load_bundle(bundle).manifest.bundle_id}" in one.stderr for one in (asked, shown)
        ] == [code == 3] * 2


def test_a_picture_that_is_none_and_one_without_a_bundle(inspected: tuple[Path, Path], tmp_path: Path) -> None:
    """Each is one sentence."""
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(b"no picture")
    db = ("--db", str(inspected[1]))
    assert "is not an image" in search(str(damaged), *db, "--bundle", str(inspected[0])).stderr
    assert "needs the bundle" in search(str(damaged), *db).stderr
