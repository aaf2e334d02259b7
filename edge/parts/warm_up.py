"""The first frames of a stream, held until the empty belt is known: the parts in them are then found all the same."""

from __future__ import annotations

from dataclasses import replace

from edge.parts.scene import Scene

# Whole pictures that may be held. Beyond, every second one is let go: a part is then judged by a neighbouring frame.
_MOST_BYTES = 64_000_000
_LEAST_PICTURES = 4
# Small pictures that may be held, of about 100 kB each; beyond, the oldest go.
_MOST_SCENES = 256


class WarmUp:
    """Holds what has been fed so far, in bounded memory."""

    def __init__(self) -> None:
        self._scenes: list[tuple[Scene, int]] = []
        self._every = 1
        self._taken = 0

    def add(self, scene: Scene, elapsed: int) -> None:
        """Hold a scene that came `elapsed` frames after the last; a copy, for the memory of cameras is only lent."""
        image_HWC = scene.image_HWC.copy() if scene.image_HWC is not None and self._taken % self._every == 0 else None
        self._taken += 1
        self._scenes.append((replace(scene, image_HWC=image_HWC), elapsed))
        del self._scenes[:-_MOST_SCENES]
        if image_HWC is not None:
            self._make_room(image_HWC.nbytes)

    def take_all(self) -> list[tuple[Scene, int]]:
        """All that is held, oldest first; nothing is held any more."""
        scenes, self._scenes, self._every, self._taken = self._scenes, [], 1, 0
        return scenes

    def _make_room(self, picture_bytes: int) -> None:
        held = [i for i, (scene, _) in enumerate(self._scenes) if scene.image_HWC is not None]
        if len(held) <= max(_LEAST_PICTURES, _MOST_BYTES // picture_bytes):
            return
        self._every *= 2
        for i in held[1::2]:
            scene, elapsed = self._scenes[i]
            self._scenes[i] = (replace(scene, image_HWC=None), elapsed)
