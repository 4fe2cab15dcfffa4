"""One call of a backend's method in guarded memory, and everything that can be seen of it from outside."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_infer_core.conformance.buffers import Guarded, guarded
from ember_infer_core.conformance.expected import Expected, Outputs, written_slots
from ember_infer_core.slots import OperatorParams, bind, content, no_scratch, slots

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

__all__ = ["BoundCall", "Outcome", "bind_call", "error_in_words"]

Offsets = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call did.

    Attributes:
        outputs: copies of what it left in the outputs and states, by the names of their slots.
        unwritten: what they held before; of an output, what is right nowhere.
        damage: what it touched that it may not, in words.
        error: what it raised.
    """

    outputs: Outputs
    unwritten: Outputs
    damage: tuple[str, ...] = ()
    error: Exception | None = None

    def right(self, expected: Expected) -> bool:
        """Whether there is nothing to report."""
        return self.error is None and not self.damage and expected.met_by(self.outputs)

    @property
    def untouched(self) -> bool:
        """Whether all outputs hold what they held before, and nothing else was damaged."""
        return not self.damage and Expected(self.unwritten).met_by(self.outputs)


@dataclass(slots=True)
class BoundCall:
    """Parameters whose buffers are all guarded, so that a call can be made and looked at, again and again."""

    method: str
    params: Any
    buffers: dict[str, Guarded]
    written: frozenset[str]

    def run(self, backend: KernelBackend, expected: Expected) -> Outcome:
        """One call; ``expected`` says what states hold before it, and what outputs may not hold."""
        unwritten = expected.before()
        for name, array in unwritten.items():
            self.buffers[name].array[...] = array
        for buffer in self.buffers.values():
            buffer.before[...] = buffer.memory
        error: Exception | None = None
        try:
            getattr(backend, self.method)(self.params)
        except Exception as raised:
            error = raised
        outputs = {name: self.buffers[name].array.copy() for name in unwritten}
        return Outcome(outputs, unwritten, tuple(self._damage()), error)

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
            fill = held if slot.role.is_read else None
            buffers[slot.name] = guarded(slot.shape, slot.dtype, fill, offsets.get(slot.name, 0))
    bind(call, {name: buffer.array for name, buffer in buffers.items()})
    size = type(backend).scratch_size(params)
    call.scratch = no_scratch()
    if size:
        buffers["scratch"] = guarded((size,), np.uint8, None, offsets.get("scratch", 0))
        call.scratch = buffers["scratch"].array
    written = frozenset({"scratch", *(slot.name for slot in written_slots(params))})
    return BoundCall(method, call, buffers, written)


def error_in_words(error: BaseException) -> str:
    """An exception, and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" (at {frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
