"""A whole line for tests: real store, real feed, real engine, pictures from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from edge.bundle.load import load_bundle
from edge.config.sections import MAIN
from edge.engines.choose import OpenedEngine
from edge.engines.engine import Engine
from edge.engines.ort import OrtEngine
from edge.feed.publisher import Numbers, Publisher, new_epoch
from edge.feed.subscribe import Received, Subscription, subscribe
from edge.inspection.inspector import Inspector
from edge.line.heartbeat import line_facts
from edge.line.inspecting import Pacing
from edge.line.pictures import PicturePlan
from edge.line.plan import CameraPlan
from edge.line.recipes import Product, Recipes
from edge.messages import Message
from edge.reports.plan import NO_REPORTS, ReportPlan
from edge.runtime import Line, Outlets
from edge.store.database import PICTURES
from edge.store.opening import open_store
from edge.store.store import StoreLimits


@dataclass(slots=True)
class Bench:
    """A line that is built but not started, with a reader that hears everything it publishes."""

    line: Line
    engine: OrtEngine
    reader: Subscription
    data_dir: Path
    publisher: Publisher
    recipes: Recipes
    said: list[str] = field(default_factory=list)

    def heard(self) -> list[Received]:
        """All that was published and not yet read."""
        received = []
        while (one := self.reader.receive(0.5)) is not None:
            received.append(one)
        return received

    def messages(self) -> list[Message]:
        return [message for message, _ in self.heard()]


@contextmanager
def built_line(
    bundle_path: Path,
    data_dir: Path,
    cameras: Sequence[CameraPlan],
    around: Callable[[Engine], Engine] = lambda engine: engine,
    hang_s: float = 60.0,
    reports: ReportPlan = NO_REPORTS,
    products: Sequence[Product] = (),
    batch: int = 1,
) -> Iterator[Bench]:
    """The bundle's default variant on one thread; live pictures at 100 Hz, NG pictures kept.

    around: what the line uses in place of the engine, such as one that answers late. products: what it may be switched
    to. batch: how many pictures its engine gets at once.
    """
    bundle = load_bundle(bundle_path)
    engine = OrtEngine(bundle, bundle.manifest.default_variant, threads=1)
    said: list[str] = []
    with (
        open_store(data_dir, StoreLimits(), said.append) as store,
        Publisher("tcp://127.0.0.1:*") as publisher,
        joined(publisher) as reader,
    ):
        pictures = PicturePlan(data_dir / PICTURES, keep=True, live_hz=100, jpeg_quality=80)
        outlets = Outlets(store, publisher, pictures, reports)
        facts = line_facts("steel", [bundle], OpenedEngine(engine, bundle.manifest.default_variant, "for a test"))
        main = Product(MAIN, bundle.manifest, partial(Inspector, bundle, around(engine), lambda: batch))
        recipes = Recipes([main, *products], {c.source.name: (MAIN, None) for c in cameras}, said.append)
        line = Line(facts, cameras, recipes, outlets, Numbers(new_epoch()), said.append, Pacing(hang_s))
        yield Bench(line, engine, reader, data_dir, publisher, recipes, said)
    engine.close()


def joined(publisher: Publisher) -> Subscription:
    """A reader that is known to be connected: it has heard a marker, which it does not understand."""
    subscription = subscribe(publisher.address)
    while subscription.statistics().malformed == 0:
        publisher.publish("marker", b"")
        subscription.receive(0.02)
    while subscription.receive(0.1) is not None:
        pass
    return subscription
