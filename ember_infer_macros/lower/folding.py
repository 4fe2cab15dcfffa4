"""What is the same in every run is computed when a model is lowered: shapes, and what is made of them.

This happens operator by operator, in the file's order, and not in a pass of its own, because some operators' parameters
are such results: where SLICE begins, the axes of a MEAN.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.common import element_count
from ember_infer_core.program import Tensor
from ember_infer_core.slots import AnyArray, Role, Slot, bind, slots
from ember_infer_macros.lower.budget import Budget
from ember_infer_macros.lower.common import Lowered
from ember_infer_macros.lower.exact import exact

__all__ = ["Folding"]


class Folding:
    """Computes, one call after the other, those whose operands are constants.

    Args:
        tensors: of the program. A result becomes a constant there.
        budget: how much may be computed.
        variables: tensors whose content is another one in each run.

    Attributes:
        tensors: the same list.
    """

    def __init__(self, tensors: list[Tensor], budget: Budget, variables: Collection[int] = ()) -> None:
        self.tensors: list[Tensor] = tensors
        self._budget = budget
        self._known: set[int] = set()
        self._variables = frozenset(variables)

    def known(self, index: int) -> AnyArray | None:
        """What a tensor holds that was computed here; None for any other."""
        return self.tensors[index].data if index in self._known else None

    def fold(self, call: Lowered) -> bool:
        """Computes the call if that can be done now; says whether it was, so that the program does not need it.

        Only operators that :func:`exact` has, and whose results are there and not too large.
        """
        run = exact(call)
        if run is None or not self._variables.isdisjoint(call.operands.values()):
            return False
        arrays = self._operands(call, [slot for slot in slots(call.params) if slot.role is not Role.OUTPUT])
        results = [slot for slot in slots(call.params) if slot.role is Role.OUTPUT]
        size = sum(element_count(slot.shape) * slot.dtype.itemsize for slot in results)
        if arrays is None or size > self._budget.folded_bytes:
            return False
        outputs = {slot.name: np.empty(slot.shape, slot.dtype) for slot in results}
        params = copy.copy(call.params)
        bind(params, arrays | outputs)
        self._budget.folded_bytes -= size  # whether it succeeds or not: trying takes as long
        try:
            run(params)
        except KernelError:  # the run ends with it, if it comes to that
            return False
        for name, array in outputs.items():
            array.flags.writeable = False
            index = call.operands[name]
            self.tensors[index] = replace(self.tensors[index], data=array)
            self._known.add(index)
        return True

    def _operands(self, call: Lowered, wanted: Sequence[Slot]) -> dict[str, AnyArray] | None:
        """The content of each slot; None if there is one that only a run has."""
        arrays: dict[str, AnyArray] = {}
        for slot in wanted:
            array = call.constants.get(slot.name)
            if array is None:
                array = self.tensors[call.operands[slot.name]].data
            if array is None:
                return None
            arrays[slot.name] = array
        return arrays
