"""Writes FlatBuffers part by part, so that parts can be shared as no converter shares them, and quickly.

The file grows from its end to its beginning: a part is known by its distance from the end, and may refer to what was
written before it. It shares nothing with the project's reader.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["FlatFile", "Int", "Ref"]


@dataclass(frozen=True, slots=True)
class Int:
    """A number that is stored in its table."""

    value: int


@dataclass(frozen=True, slots=True)
class Ref:
    """A part of the file, by its distance from the end."""

    distance: int


@dataclass
class FlatFile:
    """The parts so far, the last one first in the file."""

    parts: list[bytes] = field(default_factory=list)
    length: int = 0
    vtables: dict[bytes, Ref] = field(default_factory=dict)

    def part(self, content: bytes) -> Ref:
        """Any bytes, filled up to a multiple of 4."""
        content += bytes(-len(content) % 4)
        self.parts.append(content)
        self.length += len(content)
        return Ref(self.length)

    def string(self, text: str) -> Ref:
        content = text.encode()
        return self.part(struct.pack("<I", len(content)) + content + b"\0")

    def content(self, content: bytes) -> Ref:
        return self.part(struct.pack("<I", len(content)) + content)

    def numbers(self, values: Sequence[float] | npt.NDArray[np.generic], kind: str = "<i4") -> Ref:
        array = np.asarray(values, kind)
        return self.part(struct.pack("<I", array.size) + array.tobytes())

    def references(self, targets: Sequence[Ref] | npt.NDArray[np.int64]) -> Ref:
        """A vector of offsets; each may lead anywhere that was written before."""
        array = targets if isinstance(targets, np.ndarray) else np.array([one.distance for one in targets], np.int64)
        places = self.length + 4 * np.arange(len(array), 0, -1)
        return self.part(struct.pack("<I", len(array)) + (places - array).astype("<u4").tobytes())

    def table(self, fields: Mapping[int, Int | Ref]) -> Ref:
        """A table with these fields, by their slots in the schema."""
        offsets = [0] * (max(fields, default=-1) + 1)
        size = 4
        for slot in fields:
            offsets[slot] = size
            size += 4
        layout = struct.pack(f"<HH{len(offsets)}H", 4 + 2 * len(offsets), size, *offsets)
        if layout not in self.vtables:
            self.vtables[layout] = self.part(layout)
        distance = self.length + size
        words = [struct.pack("<i", self.vtables[layout].distance - distance)]
        for slot, value in fields.items():
            if isinstance(value, Int):
                words.append(struct.pack("<I", value.value % 2**32))
            else:
                words.append(struct.pack("<I", distance - offsets[slot] - value.distance))
        return self.part(b"".join(words))

    def finish(self, root: Ref, identifier: bytes = b"TFL3") -> bytes:
        """The whole file."""
        self.part(struct.pack("<I", self.length + 8 - root.distance) + identifier)
        return b"".join(reversed(self.parts))
