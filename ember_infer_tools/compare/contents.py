"""What each layer of a side met in memory, told from what the layers before it have written."""

from __future__ import annotations

from collections.abc import Iterator

from ember_infer_core.program import Call, Program
from ember_infer_core.slots import AnyArray, Role
from ember_infer_tools.compare.model import Tensors

__all__ = ["Contents"]


class Contents:
    """Goes through a sequence with one side, and knows what variables hold before each call: their initial content in
    the first step, later what was written to them last. What the side does not have is not known.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._state: dict[int, AnyArray] = {variable.tensor: variable.initial for variable in program.variables}

    def step(self, written: Tensors) -> Iterator[tuple[Call, Tensors]]:
        """One run: each call in order, with what memory holds before it. Valid until the next call.

        Args:
            written: what calls wrote in this run, and the model's inputs, each by its own index.
        """
        program, storage = self._program, self._program.storage
        held = self._state | {storage(index): written[index] for index in program.inputs if index in written}
        for call in program.calls:
            yield call, held
            copied = held.get(storage(call.operands["input"])) if call.method == "reshape" else None
            for index in call.tensors(Role.OUTPUT, Role.STATE):
                found = written.get(index, copied)  # a copy to a variable is none of the file's layers
                if found is None:
                    held.pop(storage(index), None)
                else:
                    held[storage(index)] = found
        self._state = {v.tensor: held[v.tensor] for v in program.variables if v.tensor in held}
