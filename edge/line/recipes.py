"""Which bundle judges which camera's parts, and how that changes while the line runs.

A product is a bundle under a name of the line file. A recipe message chooses one for a camera: its engine is opened and
held against the golden frames first, in a thread of its own, and then the camera's next trigger is judged by it. Every
verdict says by which bundle. What was chosen last outlives a restart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from edge.bundle.manifest import Manifest
from edge.config.sections import MAIN
from edge.errors import EdgevlError
from edge.inspection.inspector import Inspector
from edge.inspection.tiles import TileWish, Tiling

CHOSEN = "recipes.json"

Progress = Literal["active", "opening"]


class RecipeError(Exception):
    """A recipe cannot be taken; one sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """By what a camera's parts are judged: a product's inspector, in tiles where its pictures are large."""

    product: str
    inspector: Inspector
    tiling: Tiling | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A bundle that may be chosen. open: makes its inspector, with a warm engine; raises EngineError."""

    name: str
    manifest: Manifest
    open: Callable[[], Inspector]


class Recipes:
    """The recipe of every camera. `of` from any thread, at no cost; `choose` from any thread."""

    def __init__(
        self,
        products: Sequence[Product],
        cameras: Mapping[str, tuple[str, TileWish | None]],
        say: Callable[[str], None],
        kept: Path | None = None,
    ) -> None:
        """products: the line's own bundle first. cameras: per camera the product it starts with, and its tiles.

        kept: the file that remembers what is chosen. Opens the first product and those that the cameras start with.
        Raises EngineError, ConfigError.
        """
        self._products = {product.name: product for product in products}
        self._wishes = {camera: wish for camera, (_, wish) in cameras.items()}
        self._tilings = {
            (camera, product.name): None if wish is None else wish.tiling(product.manifest)
            for camera, (_, wish) in cameras.items()
            for product in products
        }
        self._say = say
        self._kept = kept
        self.main = products[0].open()
        self._inspectors = {products[0].name: self.main}
        self._choosing = threading.Lock()
        self._opening: dict[str, threading.Thread] = {}
        self._wanted: dict[str, str] = {}
        start = {camera: product for camera, (product, _) in cameras.items()} | self._remembered()
        self._recipes = {camera: self._recipe(camera, product) for camera, product in start.items()}

    def of(self, camera: str) -> Recipe:
        """What judges the next part of a camera."""
        return self._recipes[camera]

    def inspectors(self) -> tuple[Inspector, ...]:
        """Those that are open."""
        return tuple(self._inspectors.values())

    def choose(self, product: str, camera: str | None = None) -> Progress:
        """Judge a camera's parts (None: all cameras') as that product, from the next trigger on.

        "active": they are; "opening": they will be as soon as its engine is warm; ask again to know. Until then, and
        where its engine cannot be opened, the recipe is as before. Raises RecipeError.
        """
        if product not in self._products:
            raise RecipeError(f"this line has no product {product!r}; it has: {', '.join(self._products)}")
        if camera is not None and camera not in self._recipes:
            raise RecipeError(f"this line has no camera {camera!r}; it has: {', '.join(self._recipes)}")
        cameras = tuple(self._recipes) if camera is None else (camera,)
        with self._choosing:
            self._wanted |= dict.fromkeys(cameras, product)
            if product in self._inspectors:
                self._switch(product)
                return "active"
            if product not in self._opening:
                thread = threading.Thread(target=self._open, args=(product,), name=f"recipe {product}", daemon=True)
                self._opening[product] = thread
                thread.start()
        return "opening"

    def close(self) -> None:
        """Wait for what is being opened."""
        for thread in list(self._opening.values()):
            thread.join()

    def _open(self, product: str) -> None:
        try:
            inspector = self._products[product].open()
        except EdgevlError as error:
            with self._choosing:
                self._wanted = {camera: name for camera, name in self._wanted.items() if name != product}
                del self._opening[product]
            self._say(f"product {product} cannot be inspected, the line goes on as before: {error}")
            return
        with self._choosing:
            self._inspectors[product] = inspector
            del self._opening[product]
            self._switch(product)

    def _switch(self, product: str) -> None:
        """To a product that is open, wherever it is what was asked for last."""
        due = [camera for camera, name in self._wanted.items() if name == product]
        for camera in due:
            del self._wanted[camera]
        changed = [camera for camera in due if self._recipes[camera].product != product]
        self._recipes = {**self._recipes, **{camera: self._recipe(camera, product) for camera in changed}}
        if changed:
            self._remember()
            self._say(f"{', '.join(changed)}: judged as product {product} from now on")

    def _recipe(self, camera: str, product: str) -> Recipe:
        if product not in self._inspectors:
            self._inspectors[product] = self._products[product].open()
        return Recipe(product, self._inspectors[product], self._tilings[camera, product])

    def _remembered(self) -> dict[str, str]:
        """What was chosen before the restart, as far as the line file still knows it."""
        if self._kept is None:
            return {}
        try:
            chosen = msgspec.json.decode(self._kept.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._say(f"{self._kept} cannot be read ({error}), so every camera starts with the line file's product")
            return {}
        gone = sorted({p for c, p in chosen.items() if c in self._wishes and p not in self._products})
        if gone:
            self._say(f"the line file no longer has the product {', '.join(gone)}, which was chosen before")
        return {c: p for c, p in chosen.items() if c in self._wishes and p in self._products}

    def _remember(self) -> None:
        """Best effort: a full disk must not keep a line from its next product."""
        if self._kept is None:
            return
        chosen = {camera: recipe.product for camera, recipe in self._recipes.items()}
        partial = self._kept.with_suffix(".partial")
        try:
            partial.write_bytes(msgspec.json.encode(chosen))
            partial.replace(self._kept)
        except OSError as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            self._say(f"the choice of product is not remembered over a restart: {self._kept}: {error.strerror}")


def one_recipe(inspector: Inspector, cameras: Iterable[str]) -> Recipes:
    """The same inspector for every camera, whole pictures, and nothing to choose from."""
    product = Product(MAIN, inspector.manifest, lambda: inspector)
    return Recipes([product], dict.fromkeys(cameras, (MAIN, None)), lambda _sentence: None)
