"""The products of a line file: their bundles verified at the start, their engines opened when they are wanted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from edge.bundle.load import Bundle, load_bundle
from edge.config.sections import MAIN, EngineSection, LineFile
from edge.engines.choose import OpenedEngine, open_engine
from edge.engines.fallback import FallbackEngine
from edge.inspection.inspector import Inspector
from edge.line.recipes import CHOSEN, Product, Recipes


class Engines:
    """Opens the engine of a bundle as the line file wishes, and closes all of them at the end. Safe from any thread."""

    def __init__(self, wish: EngineSection, say: Callable[[str], None]) -> None:
        self._wish = wish
        self._say = say
        self._open: list[FallbackEngine] = []

    def opened(self, bundle: Bundle) -> OpenedEngine:
        """The best engine for a bundle, warm. Raises EngineError."""
        opened = self._best(bundle)
        manifest = bundle.manifest
        self._say(f"bundle {manifest.name} ({manifest.bundle_id}) on {opened.engine.description}: {opened.why}")
        return opened

    def inspector(self, bundle: Bundle, opened: OpenedEngine | None = None) -> Inspector:
        """What judges by a bundle, with an engine that gives way to the next one. Raises EngineError."""
        first = opened or self.opened(bundle)
        engine = FallbackEngine(first, lambda bad: self._best(bundle, bad), self._say)
        self._open.append(engine)
        return Inspector(bundle, engine, lambda: engine.batch)

    def close(self) -> None:
        for engine in self._open:
            engine.close()

    def _best(self, bundle: Bundle, without: frozenset[str] = frozenset()) -> OpenedEngine:
        wish = self._wish
        return open_engine(bundle, wish.variant, wish.threads, without=without, batch=wish.batch)


def load_shelf(line_file: LineFile) -> dict[str, Bundle]:
    """Every product's bundle, verified; the line's own first. Raises BundleError."""
    named = {product.name: product.bundle for product in line_file.product}
    return {name: load_bundle(path) for name, path in {MAIN: line_file.line.bundle, **named}.items()}


def open_recipes(
    line_file: LineFile, shelf: dict[str, Bundle], main: OpenedEngine, engines: Engines, say: Callable[[str], None]
) -> Recipes:
    """What judges each camera's parts now, and may do so later. main: the engine of the line's own bundle.

    Raises EngineError, ConfigError.
    """
    products = [
        Product(name, bundle.manifest, partial(engines.inspector, bundle, main if name == MAIN else None))
        for name, bundle in shelf.items()
    ]
    cameras = {camera.name: (camera.product, camera.tile_wish) for camera in line_file.camera}
    return Recipes(products, cameras, say, line_file.line.data_dir / CHOSEN)
