"""Switch a running line to another product, and wait until it is."""

from __future__ import annotations

import time

from edge.client.asking import RequestRefusedError, ask
from edge.feed.keys import ClientKeys
from edge.requests.messages import RecipeAnswer, RecipeRequest

# To verify and time the engines of a bundle takes seconds; an engine that TensorRT builds first, minutes.
_PATIENCE_S = 600.0
_AGAIN_S = 0.3


def choose_product(
    address: str,
    product: str,
    camera: str | None = None,
    keys: ClientKeys | None = None,
    timeout_s: float = _PATIENCE_S,
) -> None:
    """Ask the request socket at `address`; returns when parts are judged as `product`. camera: None for all of them.

    Raises RequestRefusedError where the line refuses, or is not ready in time: its log says why.
    """
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        answer, _ = ask(address, RecipeRequest(product, camera), keys=keys)
        assert isinstance(answer, RecipeAnswer)
        if answer.state == "active":
            return
        time.sleep(_AGAIN_S)
    raise RequestRefusedError(f"product {product} was not ready within {timeout_s:g} s; the line's log says why")
