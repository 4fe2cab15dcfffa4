"""What planning an operator has at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ember_infer_core.slots import AnyArray, ByteArray
from ember_infer_native.plan import Constants, Layout, Pointer, Status, Temporaries
from ember_infer_native.targets import Target

__all__ = ["SEARCHED", "Context", "Search"]


_STATUS_BYTES = 4

# How many channels a plan proves fast ways for, at 0.1 ms each; more than any model for small machines has. A file of a
# few megabytes may ask for millions.
SEARCHED = 1 << 15


@dataclass(slots=True)
class Search:
    """What a plan may still spend on finding ways that are faster than the obvious one: ``left`` channels."""

    left: int = SEARCHED

    def affords(self, channels: int) -> bool:
        """Whether it may look for ways that cost as much as those of so many channels, which then are spent."""
        if channels > self.left:
            return False
        self.left -= channels
        return True


@dataclass(frozen=True, slots=True)
class Context:
    """For one plan.

    Attributes:
        target: the instruction set.
        generic: whether the steps are for the operators' library, which has few variants of each kernel.
        constants, temporaries: where steps put what they need.
        known: what took long to find out, for other calls that need the same.
        status: what can go wrong at run time; see :meth:`error`.
        search: what may still be spent on looking for faster ways.
    """

    target: Target
    generic: bool
    temporaries: Temporaries
    constants: Constants = field(default_factory=Constants)
    known: dict[object, Any] = field(default_factory=dict)
    status: Status = field(default_factory=Status)
    search: Search = field(default_factory=Search)

    def error(self, message: str) -> tuple[Pointer, int]:
        """For a kernel that may find at run time that a call has no result: where it writes which number. The run then
        ends in a KernelError with this message, and the caller's outputs stay as they are.
        """
        if self.status.place is None:
            self.status.place = self.temporaries.allocate(Layout(1, 1, _STATUS_BYTES, 1)).first
        if message not in self.status.messages:
            self.status.messages.append(message)
        return self.status.place, self.status.messages.index(message) + 1

    def kept(self, array: AnyArray) -> ByteArray:
        """The bytes of a tensor's elements as memory holds them: int8 plus the target's bias, all else as it is."""
        content: ByteArray = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        return content ^ np.uint8(self.target.bias_of(array.dtype))
