"""One call of a backend's method in guarded memory, and everything that can be seen of it from outside."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_infer_core.conformance.buffers import Guarded, guarded
from ember_infer_core.slots import Int8Array, OperatorParams, Role, bind, content, no_scratch, slots

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

__all__ = ["BoundCall", "Outcome", "bind_call", "error_in_words"]

Offsets = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call did.

    Attributes:
        output: a copy of what it left in the output.
        unwritten: what the output held before, an element of which is right nowhere.
        damage: what it touched that it may not, in words.
        error: what it raised.
    """

    output: Int8Array
    unwritten: Int8Array
    damage: tuple[str, ...] = ()
    error: Exception | None = None

    def right(self, expected: Int8Array) -> bool:
        """Whether there is nothing to report."""
        return self.error is None and not self.damage and np.array_equal(self.output, expected)


@dataclass(slots=True)
class BoundCall:
    """Parameters whose buffers are all guarded, so that a call can be made and looked at, again and again."""

    method: str
    params: Any
    buffers: dict[str, Guarded]
    written: frozenset[str] = field(default=frozenset({"output", "scratch"}))

    def run(self, backend: KernelBackend, expected: Int8Array) -> Outcome:
        """One call; ``expected`` is used to fill the output with what is wrong everywhere."""
        output = self.buffers["output"].array
        unwritten = np.bitwise_xor(expected, np.int8(0x55))
        output[...] = unwritten
        for buffer in self.buffers.values():
            buffer.before[...] = buffer.memory
        error: Exception | None = None
        try:
            getattr(backend, self.method)(self.params)
        except Exception as raised:
            error = raised
        return Outcome(output.copy(), unwritten, tuple(self._damage()), error)

    def _damage(self) -> list[str]:
        found = []
        for name, buffer in self.buffers.items():
            overrun = buffer.overrun()
            if overrun:
                found.append(f"wrote outside its {name} ({buffer.length} bytes): {overrun}")
            if name not in self.written and buffer.changed():
                found.append(f"changed its {name}, which it may only read")
        return found


def bind_call(backend: KernelBackend, method: str, params: OperatorParams, offsets: Offsets | None = None) -> BoundCall:
    """A copy of the parameters with buffers of its own, and scratch of exactly the size that the backend asks for.

    Args:
        backend: whose class says how much scratch.
        method: the operator.
        params: with their buffers bound; they stay as they are.
        offsets: how far each buffer (``scratch`` is one) lies beyond a multiple of 16; 0 where not given.
    """
    offsets = offsets or {}
    call: Any = copy.copy(params)
    call.cache = None
    buffers: dict[str, Guarded] = {}
    for slot in slots(params):
        held = content(params, slot)
        if held is not None:
            fill = None if slot.role is Role.OUTPUT else held
            buffers[slot.name] = guarded(slot.shape, slot.dtype, fill, offsets.get(slot.name, 0))
    bind(call, {name: buffer.array for name, buffer in buffers.items()})
    size = type(backend).scratch_size(params)
    call.scratch = no_scratch()
    if size:
        buffers["scratch"] = guarded((size,), np.uint8, None, offsets.get("scratch", 0))
        call.scratch = buffers["scratch"].array
    return BoundCall(method, call, buffers)


def error_in_words(error: BaseException) -> str:
    """An exception, and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" (at {frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
