"""What each layer of a side met in memory, told from what the layers before it have written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ember_infer_core.program import Call
from ember_infer_core.slots import AnyArray, Role
from ember_infer_ref import RefBackend
from ember_infer_tools.compare.model import Model, Tensors
from ember_infer_tools.one_layer import OneLayer

__all__ = ["Contents"]

_NO_END = np.zeros(1, np.int32)


class Contents:
    """Goes through a sequence with one side, and knows what variables hold before each call: their initial content in
    the first step, later what was written to them last. What the side does not have is not known.
    """

    def __init__(self, model: Model) -> None:
        self._program = program = model.program
        self._state: dict[int, AnyArray] = {variable.tensor: variable.initial for variable in program.variables}
        self._hidden = {
            call: [index for index in call.tensors(Role.STATE) if index >= model.tensors] for call in program.calls
        }
        self._layers = {call: OneLayer(RefBackend(), program, call) for call, hidden in self._hidden.items() if hidden}

    def step(self, written: Tensors) -> Iterator[tuple[Call, Tensors]]:
        """One run: each call in order, up to one that ends the run, with what memory holds before it. Valid until the
        next call.

        Args:
            written: what calls wrote in this run, and the model's inputs, each by its own index.
        """
        program, storage = self._program, self._program.storage
        held = self._state | {storage(index): written[index] for index in program.inputs if index in written}
        for call in program.calls:
            yield call, held
            untold = self._untold(call, held)
            copied = held.get(storage(call.operands["input"])) if call.method == "reshape" else None
            for index in call.tensors(Role.OUTPUT, Role.STATE):
                found = written.get(index, untold.get(index, copied))
                if found is None:
                    held.pop(storage(index), None)
                else:
                    held[storage(index)] = found
            ending = call.params.ending
            if ending is not None and untold.get(call.operands[ending], _NO_END).any():
                break
        self._state = {v.tensor: held[v.tensor] for v in program.variables if v.tensor in held}

    def _untold(self, call: Call, held: Tensors) -> dict[int, AnyArray]:
        """State that no model file shows, as CIRCULAR_BUFFER's counter of rows: as RefBackend leaves it."""
        read = (self._program.storage(index) for index in call.tensors(Role.INPUT, Role.STATE))
        if not self._hidden[call] or not all(index in held for index in read):
            return {}
        left = self._layers[call].run(held)
        return {index: left[index].copy() for index in self._hidden[call]}
