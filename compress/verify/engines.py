"""The engines to verify on, opened as the device opens them: held against the golden frames first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from edge.bundle.load import Bundle
from edge.engines.choose import OpenedEngine, open_engine


@contextmanager
def opened(bundle: Bundle, variant: str, places: Sequence[str]) -> Iterator[list[OpenedEngine]]:
    """One engine for each place. Raises EngineError where one of them cannot run here."""
    with ExitStack() as stack:
        engines = []
        for place in dict.fromkeys(places):
            engine = open_engine(bundle, variant, place=place)
            stack.callback(engine.engine.close)
            engines.append(engine)
        yield engines
