"""Memory with guards: buffers at a chosen address modulo 16, and proof of whether anything round them was touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.dispatch import aligned_bytes
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import ByteArray, Shape

__all__ = ["GUARD", "Guarded", "guarded"]

GUARD = 256  # bytes on either side: a vector loop's overshoot, and a row's
_NOISE = np.random.default_rng(20261122).integers(0, 256, 1 << 16, np.uint8)


@dataclass(frozen=True, slots=True)
class Guarded:
    """An array between two guards.

    Attributes:
        array: what the kernel gets.
        memory: the array's bytes and both guards.
        before: what the memory held at first.
        start: where the array begins in it.
        length: bytes of the array.
    """

    array: npt.NDArray[Any]
    memory: ByteArray
    before: ByteArray
    start: int
    length: int

    def overrun(self) -> str | None:
        """What was written outside the array, in words; None if nothing was."""
        changed = np.flatnonzero(self.memory != self.before)
        early = changed[changed < self.start]
        late = changed[changed >= self.start + self.length] - (self.start + self.length)
        words = []
        if early.size:
            words.append(f"{early.size} of the {self.start} bytes before it, from {self.start - int(early[0])} back")
        if late.size:
            words.append(f"{late.size} bytes past its end, up to the byte {int(late[-1]) + 1} beyond it")
        return " and ".join(words) or None

    def changed(self) -> bool:
        """Whether the array's own bytes are other than at first."""
        own = slice(self.start, self.start + self.length)
        return not np.array_equal(self.memory[own], self.before[own])


def guarded(shape: Shape, dtype: npt.DTypeLike, content: npt.NDArray[Any] | None, offset: int = 0) -> Guarded:
    """An array of this shape whose address is ``offset`` beyond a multiple of 16.

    Args:
        shape: of the array.
        dtype: of the array.
        content: what it holds at first; noise if None.
        offset: from 0 to 15.
    """
    length = element_count(shape) * np.dtype(dtype).itemsize
    start = GUARD + offset
    memory = aligned_bytes(start + length + GUARD)
    memory[...] = np.resize(_NOISE, memory.size)
    array = memory[start : start + length].view(dtype).reshape(shape)
    if content is not None:
        array[...] = content
    return Guarded(array, memory, memory.copy(), start, length)
