"""A program that pushes pictures to a `zmq:` camera at a steady rate, good ones and whatever a test puts between."""

from __future__ import annotations

import threading
from collections import deque

import msgspec
import numpy as np
import zmq
from numpy.typing import NDArray

from tests.bundles import flat


def picture_message(image_HWC: NDArray[np.uint8]) -> list[bytes]:
    """As docs/frames.md describes it."""
    header = {"format": "BGR8", "width": image_HWC.shape[1], "height": image_HWC.shape[0]}
    return [msgspec.msgpack.encode(header), image_HWC.tobytes()]


def damaged_messages() -> list[list[bytes]]:
    """No picture in any of them: cut short, garbled, empty, of the wrong size."""
    header, pixels = picture_message(flat(255, 64))
    jpeg = msgspec.msgpack.encode({"format": "jpeg"})
    return [
        [header, pixels[:-100]],
        [header[:-3], pixels],
        [header],
        [b"", b""],
        [b"\xff" * 40, pixels],
        [header, pixels, pixels],
        [jpeg, b"\xff\xd8\xff\xe0" + bytes(500)],
    ]


class Pusher:
    """Pushes `fps` good pictures a second from a thread while open; a context manager."""

    def __init__(self, address: str, fps: float) -> None:
        self._address = address
        self._period_s = 1 / fps
        self._extra: deque[list[bytes]] = deque()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pusher")

    def push(self, message: list[bytes]) -> None:
        """Send this as soon as possible, between two good pictures."""
        self._extra.append(message)

    def __enter__(self) -> Pusher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        good = [picture_message(_grain(seed)) for seed in range(8)]
        count = 0
        with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.SNDHWM, 2)
            socket.connect(self._address)
            while not self._over.wait(self._period_s):
                message = self._extra[0] if self._extra else good[count % len(good)]
                try:
                    socket.send_multipart(message, flags=zmq.NOBLOCK)
                except zmq.Again:
                    continue  # the line is away; a sensor does not wait for it
                if self._extra:
                    self._extra.popleft()
                else:
                    count += 1


def _grain(seed: int) -> NDArray[np.uint8]:
    """Sharp and well lit, so that nobody finds fault with the picture itself."""
    return np.random.default_rng(seed).integers(30, 220, (128, 128, 3), dtype=np.uint8)
