"""The state of a model: what its variables hold, as arrays and as bytes that can be kept, sent and put back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import Protocol, runtime_checkable

from ember_infer_core.errors import InvalidShape
from ember_infer_core.slots import AnyArray, ByteArray

if TYPE_CHECKING:
    from ember_infer_core.program import Program

__all__ = ["KeepsState", "arrays_of_state", "check_state", "copy_state", "state_of_arrays"]


@runtime_checkable
class KeepsState(Protocol):
    """An executable of a program with variables, which hold their initial content until the first run."""

    def start(self) -> None:
        """Gives all variables their initial content again."""
        ...

    def save_state(self) -> tuple[AnyArray, ...]:
        """Copies of all variables, in the program's order, types and shapes."""
        ...

    def load_state(self, arrays: Sequence[AnyArray]) -> None:
        """Sets all variables.

        Raises:
            InvalidShape: arrays of other types or shapes; nothing was changed.
        """
        ...


def check_state(program: Program, arrays: Sequence[AnyArray]) -> None:
    """Checks that there is an array for each variable, of its type and shape.

    Raises:
        InvalidShape: names the variable.
    """
    if len(arrays) != len(program.variables):
        raise InvalidShape(f"{program.name}: {len(program.variables)} variables, but {len(arrays)} arrays")
    for variable, array in zip(program.variables, arrays, strict=True):
        tensor = program.tensors[variable.tensor]
        if not isinstance(array, np.ndarray) or array.dtype != tensor.dtype or array.shape != tensor.shape:
            found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
            raise InvalidShape(
                f"{program.name}: state {tensor.name!r} is {tensor.dtype} {tensor.shape}, and not {found}"
            )


def copy_state(program: Program, arrays: Sequence[AnyArray], variables: Sequence[AnyArray]) -> None:
    """Copies an array for each variable to where an executable has it.

    Raises:
        InvalidShape: see :func:`check_state`; nothing was changed.
    """
    check_state(program, arrays)
    for variable, array in zip(variables, arrays, strict=True):
        np.copyto(variable, array)


def state_of_arrays(arrays: Sequence[AnyArray]) -> ByteArray:
    """The bytes of all variables, one after the other, little-endian as in a model file, in memory of their own."""
    parts = [np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False) for array in arrays]
    return np.frombuffer(b"".join(part.tobytes() for part in parts), np.uint8).copy()


def arrays_of_state(program: Program, state: ByteArray) -> tuple[AnyArray, ...]:
    """The variables from :func:`state_of_arrays`; as many bytes as :attr:`Program.state_len`."""
    arrays: list[AnyArray] = []
    start = 0
    for variable in program.variables:
        tensor = program.tensors[variable.tensor]
        part = state[start : start + tensor.size]
        arrays.append(part.view(tensor.dtype.newbyteorder("<")).astype(tensor.dtype).reshape(tensor.shape))
        start += tensor.size
    return tuple(arrays)
