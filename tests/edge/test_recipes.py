"""Products and recipes: which bundle judges what, and how that changes while the line runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from camera.pattern import PatternSource, pattern_options
from edge.bundle.load import Bundle, load_bundle
from edge.bundle.manifest import InputSpec
from edge.client import choose_product
from edge.config.sections import MAIN
from edge.engines.ort import OrtEngine
from edge.errors import ConfigError, EngineError
from edge.inspection.inspector import Inspector
from edge.inspection.tiles import TileWish, Tiling
from edge.line.plan import CameraPlan
from edge.line.recipes import Product, RecipeError, Recipes
from edge.messages import Verdict
from edge.requests.desk import Desk
from edge.requests.replay import Replay
from edge.requests.socket import RequestServer
from tests.bundles import WITHOUT_GOOD, make_bundle
from tests.edge.lines import built_line


def inspector_of(bundle: Bundle) -> Inspector:
    return Inspector(bundle, OrtEngine(bundle, "float32", threads=1))


@pytest.fixture
def products(small_bundle: Path, small_bundle_without_good: Path) -> list[Product]:
    bundles = {MAIN: load_bundle(small_bundle), "plate": load_bundle(small_bundle_without_good)}
    return [Product(n, b.manifest, lambda b=b: inspector_of(b)) for n, b in bundles.items()]  # type: ignore[misc]


CAMERAS: dict[str, tuple[str, TileWish | None]] = {"left": (MAIN, None), "right": (MAIN, None)}


def wait_for(met: Callable[[], bool]) -> None:
    for _ in range(2000):
        if met():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it did not happen within ten seconds")


def test_a_camera_is_switched_when_the_new_engine_is_warm(products: list[Product], tmp_path: Path) -> None:
    """Until then it is judged as before; the other camera stays; switching back is at once."""
    said: list[str] = []
    recipes = Recipes(products, CAMERAS, said.append)
    before = recipes.of("left")
    assert recipes.choose("plate", "left") == "opening"
    wait_for(lambda: recipes.of("left").product == "plate")
    assert recipes.choose("plate", "left") == "active"
    assert recipes.of("left").inspector.bundle_id == products[1].manifest.bundle_id
    assert recipes.of("right") == before
    assert recipes.choose(MAIN) == "active"
    assert recipes.of("left") == before
    assert [s for s in said if "judged as product plate" in s]
    recipes.close()


def test_what_was_chosen_outlives_a_restart(products: list[Product], tmp_path: Path) -> None:
    """A camera or a product that the line file no longer has is left out, and a damaged file said."""
    kept, said = tmp_path / "recipes.json", list[str]()
    first = Recipes(products, CAMERAS, said.append, kept)
    first.choose("plate", "right")
    wait_for(kept.exists)
    first.close()
    again = Recipes(products, CAMERAS, said.append, kept)
    assert (again.of("left").product, again.of("right").product) == (MAIN, "plate")
    assert Recipes(products[:1], CAMERAS, said.append, kept).of("right").product == MAIN
    assert "no longer has the product plate" in said[-1]
    kept.write_bytes(b'{"right": 3')
    assert Recipes(products, CAMERAS, said.append, kept).of("right").product == MAIN
    assert "cannot be read" in said[-1]


def test_a_product_whose_engine_does_not_open_changes_nothing(products: list[Product]) -> None:
    """It is said, and may be asked for again."""

    def broken() -> Inspector:
        raise EngineError("the driver is gone")

    said: list[str] = []
    recipes = Recipes([products[0], Product("plate", products[1].manifest, broken)], CAMERAS, said.append)
    assert recipes.choose("plate") == "opening"
    wait_for(lambda: bool(said))
    assert "the line goes on as before: the driver is gone" in said[0]
    assert recipes.of("left").product == MAIN
    assert recipes.choose("plate") == "opening"
    recipes.close()


def test_the_last_wish_wins_while_engines_open(products: list[Product]) -> None:
    """Whoever asks for A and then for B gets B, whichever is ready first."""
    go = threading.Event()

    def slowly() -> Inspector:
        assert go.wait(10)
        return products[1].open()

    recipes = Recipes([products[0], Product("plate", products[1].manifest, slowly)], CAMERAS, lambda _s: None)
    recipes.choose("plate")
    assert recipes.choose(MAIN, "left") == "active"
    go.set()
    wait_for(lambda: recipes.of("right").product == "plate")
    assert recipes.of("left").product == MAIN
    recipes.close()


@pytest.mark.parametrize(("product", "camera", "word"), [("screws", None, "product"), (MAIN, "oven", "camera")])
def test_what_is_not_known_is_refused(products: list[Product], product: str, camera: str | None, word: str) -> None:
    """In a sentence that names what there is."""
    with pytest.raises(RecipeError, match=f"no {word} .*; it has: "):
        Recipes(products, CAMERAS, lambda _s: None).choose(product, camera)


def test_tiles_of_the_training_pictures_need_their_size(products: list[Product], tmp_path: Path) -> None:
    """A bundle that does not say it is refused at the start; a size in the line file needs none."""
    auto = {"left": (MAIN, TileWish(None, 0.25))}
    with pytest.raises(ConfigError, match=r'tiles = "auto".*tiles = \[width, height\]'):
        Recipes(products, auto, lambda _s: None)
    knowing = msgspec.structs.replace(products[0].manifest, trained_on=InputSpec(height=200, width=300))
    known = Product(MAIN, knowing, products[0].open)
    assert Recipes([known], auto, lambda _s: None).of("left").tiling == Tiling(300, 200, 0.25)
    sized = {"left": (MAIN, TileWish((64, 48), 0.1))}
    assert Recipes(products, sized, lambda _s: None).of("left").tiling == Tiling(64, 48, 0.1)


def test_every_verdict_says_as_what_it_was_judged(tmp_path: Path) -> None:
    """A line that is switched over the request socket: verdicts of the old product, then of the new one, each whole."""
    main, other = make_bundle(tmp_path / "main"), make_bundle(tmp_path / "other", WITHOUT_GOOD)
    camera = CameraPlan(PatternSource("belt", pattern_options("?fps=60&size=160x120")))
    product = Product("plate", other.manifest, lambda: inspector_of(other))
    heard: list[Verdict] = []
    with (
        built_line(main.path, tmp_path / "data", [camera], products=[product]) as bench,
        RequestServer("tcp://127.0.0.1:*", bench.publisher) as server,
    ):
        line, choose = bench.line, bench.recipes.choose
        line.start()
        open_replay = partial(Replay, bench.data_dir)
        server.start(Desk("steel", "e1", bench.publisher, open_replay, line.request, line.show_pictures, choose))

        def hear(count: int) -> None:
            end = len(heard) + count
            while len(heard) < end:
                received = bench.reader.receive(20)
                assert received is not None
                if isinstance(received[0], Verdict):
                    heard.append(received[0])

        hear(5)
        choose_product(server.address, "plate", timeout_s=20)
        hear(20)
        line.stop()
    bundles = {MAIN: main.manifest.bundle_id, "plate": other.manifest.bundle_id}
    assert {(v.product, v.bundle) for v in heard} == set(bundles.items())
    said = [v.product for v in heard]
    assert said == sorted(said)
    assert [v.number for v in heard] == list(range(len(heard)))
