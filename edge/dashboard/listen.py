"""The one thread that reads the feed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edge.dashboard.live import LiveLine
from edge.feed.keys import ClientKeys
from edge.feed.subscribe import Subscription, subscribe
from edge.messages import topic_for

# How long the thread may take to notice that it should end.
POLL_S = 0.25


@contextmanager
def listening(address: str, line: str, live: LiveLine, keys: ClientKeys | None = None) -> Iterator[None]:
    """Fill `live` from the feed while the context is open. Raises ConfigError on a bad address."""
    topics = [topic_for("line", line), *(topic_for(kind, line) + "/" for kind in ("verdict", "picture", "camera"))]
    subscription = subscribe(address, topics, keys)
    stop = threading.Event()
    thread = threading.Thread(target=_listen, args=(subscription, live, stop), name="feed")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _listen(subscription: Subscription, live: LiveLine, stop: threading.Event) -> None:
    with subscription:
        while not stop.is_set():
            received = subscription.receive(POLL_S)
            if received is not None:
                live.take(*received)
