"""Pictures through shared memory: a fixed number of slots, written by a camera's process, read by the line's.

The memory is a memfd: it has no name, so nothing of it is left once both processes are gone, however they ended. It
is sealed against shrinking, or a process gone wrong could make the other one fault. The reading side hands out
slots; a picture's slot is free again when the last array that shows it is gone.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import weakref
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL

# Enough for the queues of a line. Of large pictures fewer: memory that is never written to costs nothing.
_MOST_SLOTS = 24
_MOST_BYTES = 512 * 2**20
_LEAST_SLOTS = 3

# Never lent for long: where all the others are in use, the picture is copied out of this one at once.
SPARE = 0


class RingError(Exception):
    """What was received is no ring, or no picture in it: the other side is not what it should be."""


@dataclass(frozen=True, slots=True)
class RingShape:
    """How a ring is divided."""

    slots: int
    slot_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.slots * self.slot_bytes


def shape_for(picture_bytes: int) -> RingShape:
    """A ring for pictures of that size: slots begin on pages."""
    slot_bytes = -(-max(1, picture_bytes) // mmap.PAGESIZE) * mmap.PAGESIZE
    return RingShape(max(_LEAST_SLOTS, min(_MOST_SLOTS, _MOST_BYTES // slot_bytes)), slot_bytes)


class RingWriter:
    """The camera's side. Makes the memory; `fd` is sent to the reader and closed."""

    def __init__(self, shape: RingShape) -> None:
        self.shape = shape
        self.fd = os.memfd_create("edgevl-camera", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.fd, shape.total_bytes)
        fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
        self._memory = mmap.mmap(self.fd, shape.total_bytes)

    def write(self, slot: int, image_HWC: NDArray[np.uint8]) -> None:
        """Copy a picture into a slot that the reader has named."""
        place = _picture(self._memory, self.shape, slot, image_HWC.shape)
        np.copyto(place, image_HWC)

    def close_fd(self) -> None:
        """The mapping stays."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class RingReader:
    """The line's side: lends slots to the writer and pictures to the line. One thread; arrays may go anywhere."""

    def __init__(self, fd: int, shape: RingShape) -> None:
        """Takes `fd` and closes it. Raises RingError where it is not a sealed memory of that shape."""
        try:
            self._memory = _mapped(fd, shape)
        finally:
            os.close(fd)
        self.shape = shape
        # Last in, first out: the slot just given back is still in the processor's cache.
        self._free = deque(range(SPARE + 1, shape.slots))

    def free_slot(self) -> int:
        """A slot to write the next picture to."""
        return self._free.pop() if self._free else SPARE

    def give_back(self, slot: int) -> None:
        """A slot that was not written to after all."""
        if slot != SPARE:
            self._free.append(slot)

    def picture(self, slot: int, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
        """The picture in a slot, read-only; the slot is free again when nothing shows it any more.

        Raises RingError where there is no such slot, or it is too small.
        """
        if slot == SPARE:
            lent_HWC = _picture(self._memory, self.shape, slot, shape)
            return np.array(lent_HWC)
        image_HWC = _picture(self._memory, self.shape, slot, shape)
        # Slices keep this very array alive, for its base is not an array.
        weakref.finalize(image_HWC, self._free.append, slot).atexit = False
        return image_HWC


def _mapped(fd: int, shape: RingShape) -> mmap.mmap:
    try:
        sealed = fcntl.fcntl(fd, fcntl.F_GET_SEALS) & _SEALS == _SEALS
        if sealed and os.fstat(fd).st_size == shape.total_bytes:
            return mmap.mmap(fd, shape.total_bytes, prot=mmap.PROT_READ)
    except (OSError, ValueError) as error:
        raise RingError(f"the shared memory cannot be used: {error}") from error
    raise RingError("the shared memory is not sealed, or not of the size that was announced")


def _picture(memory: mmap.mmap, ring: RingShape, slot: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    height, width, channels = shape
    if not 0 <= slot < ring.slots or channels != 3 or min(shape) < 1 or height * width * channels > ring.slot_bytes:
        raise RingError(f"there is no room for a picture of {width}x{height} in slot {slot} of {ring.slots}")
    picture_HWC: NDArray[np.uint8] = np.ndarray(shape, np.uint8, buffer=memory, offset=slot * ring.slot_bytes)
    return picture_HWC
