"""Very many steps, as numbers for a loop in C to take; see ``kernels/step_table.h``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ember_infer_native.plan import Fields, Kernel, Pointer, Step

__all__ = ["StepTable"]

_BASES = {"constants": 0, "arena": 1, "input": 2, "output": 3}


class StepTable:
    """Collects steps, and the constants that they become.

    Args:
        constants: of the plan; those of the table come after them.
        field_names: gives those of a kernel's struct, in its order.
    """

    def __init__(self, constants: bytes, field_names: Callable[[Kernel], Sequence[str]]) -> None:
        self._constants = bytearray(constants)
        self._field_names = field_names
        self._numbers: dict[tuple[Kernel, tuple[int, ...]], int] = {}
        self._known: dict[tuple[Kernel, tuple[int, ...]], int] = {}
        self._records: list[list[int]] = []

    @property
    def functions(self) -> Sequence[tuple[Kernel, tuple[int, ...]]]:
        """The kernels with their templates, by their numbers."""
        return tuple(self._numbers)

    @property
    def pointers(self) -> int:
        """The most that any kernel takes."""
        return max((kernel.pointers for kernel, _ in self._numbers), default=1)

    def add(self, steps: Iterable[Step]) -> tuple[int, int]:
        """Number of the first record, and how many there are."""
        first = len(self._records)
        self._records.extend(self._record(step) for step in steps)
        return first, len(self._records) - first

    def finish(self, layers: Sequence[tuple[int, ...]]) -> tuple[bytes, int, int]:
        """All constants, and where among them the records begin, and what there is of the layers."""
        self._align()
        words = 3 + 3 * self.pointers
        records = np.array([[*record, *[0] * (words - len(record))] for record in self._records], "<i8").tobytes()
        first = len(self._constants)
        return bytes(self._constants) + records + np.array(layers, "<i8").tobytes(), first, first + len(records)

    def _record(self, step: Step) -> list[int]:
        number = self._numbers.setdefault((step.kernel, step.template), len(self._numbers))
        record = [number, self._struct(step.kernel, step.fields), step.times]
        for pointer, stride in zip(step.pointers, step.strides or [0] * len(step.pointers), strict=True):
            record += [_base(pointer), pointer.offset, stride]
        return record

    def _struct(self, kernel: Kernel, fields: Fields) -> int:
        """Where the content of a struct is; equal ones are kept once."""
        values: list[int] = []
        for name in self._field_names(kernel):
            value = fields[name]
            values.extend(value if isinstance(value, tuple) else (value,))
        key = kernel, tuple(values)
        if key not in self._known:
            self._align()
            self._known[key] = len(self._constants)
            self._constants += np.array(values, "<i4").tobytes()
        return self._known[key]

    def _align(self) -> None:
        self._constants.extend(bytes(-len(self._constants) % 8))


def _base(pointer: Pointer) -> int:
    return _BASES[pointer.base] + 2 * pointer.position
